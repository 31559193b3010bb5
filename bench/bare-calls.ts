import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import type { ArtifactPath } from '../src/model/names.ts';
import { DEFAULT_POLICY } from '../src/model/policy.ts';
import { inflateEntry } from '../src/zip/inflate.ts';
import { mapEntries } from '../src/zip/map-entries.ts';
import { readZip } from '../src/zip/read-zip.ts';
import { zipLimits } from '../src/zip/zip-limits.ts';
import type { BenchSite } from './start-site.ts';

const deflate = promisify(deflateRaw) as (content: Buffer, options: object) => Promise<Buffer>;

/** What no deployment can do without, and nothing else: each call as the adapters make it, its milliseconds by its name. */
export type BareCalls = Readonly<Record<'fetch' | 'deflate' | 'upload' | 'download' | 'commit' | 'publish', number>>;

export interface BareSubject {
  readonly app: string;
  readonly commit: string;
  readonly contents: readonly Buffer[];
}

export async function bareSubject(site: BenchSite, app: string): Promise<BareSubject> {
  const commit = site.repositories.find((one) => one.app === app)?.headCommit ?? '';
  const archive = (await site.ports.repositories.archive({ org: 'ttd', app }, commit)) as Buffer;
  const { entries } = readZip(archive, 'git', zipLimits(DEFAULT_POLICY.limits));
  return { app, commit, contents: await Promise.all(entries.map(inflateEntry)) };
}

export async function makeBareCalls(site: BenchSite, { app, commit, contents }: BareSubject): Promise<BareCalls> {
  const { repositories, artifacts, documents } = site.ports;
  const path: ArtifactPath = { org: 'ttd', app, environment: 'bench', deploymentId: randomUUID() };
  const place = { environment: 'tt02', container: 'bench', blob: path.deploymentId };
  const timed = async <T>(call: () => Promise<T>): Promise<[T, number]> => {
    const started = performance.now();
    return [await call(), performance.now() - started];
  };
  const [archive, fetch] = await timed(() => repositories.archive({ org: 'ttd', app }, commit));
  const [, deflating] = await timed(() => mapEntries(contents, (content) => deflate(content, { level: 6 })));
  const [, upload] = await timed(() => artifacts.archive(path, archive as Buffer));
  const [, download] = await timed(() => artifacts.readArtifact(path));
  const [, commitMs] = await timed(() =>
    site.sql('insert into pull_deploy.incoming_attempts (blob) values ($1)', [path.deploymentId]),
  );
  const [, publish] = await timed(() => documents.write(place, 'x'.repeat(10_000), undefined));
  return { fetch, deflate: deflating, upload, download, commit: commitMs, publish };
}

export const sumOf = (calls: BareCalls): number => Object.values(calls).reduce((sum, one) => sum + one, 0);
