import { execFile } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type AppRepository, findAppRepositories } from '../local/gitea/app-folders.ts';
import { buildArtifact } from '../src/build/build-artifact.ts';
import { gatherSource } from '../src/deploy/gather-source.ts';
import { packArtifact } from '../src/deploy/pack-artifact.ts';
import type { Repositories } from '../src/ports.ts';
import { STUDIO, TT02 } from '../test/support/make-artifact.ts';
import { type AppSize, generateApp } from './generate-app.ts';

const run = promisify(execFile);
const SAMPLES = fileURLToPath(new URL('../local/apps/ttd', import.meta.url));

/** The samples come beside them. */
const GENERATED: Readonly<Record<string, AppSize>> = {
  'gen-300': { files: 300, bytes: 4e6, noiseEvery: 10 },
  'gen-600': { files: 600, bytes: 8e6, noiseEvery: 10 },
  'gen-3000': { files: 3_000, bytes: 60e6, noiseEvery: 10 },
};

export interface BenchRepository {
  readonly app: string;
  /** Its files, as they are checked out. */
  readonly folder: string;
  readonly git: readonly string[];
  readonly commit: string;
  readonly archive: Buffer;
}

/** The three samples and the generated apps as git repositories, each with its archive as Gitea gives it. */
export async function makeRepositories(temporary: string): Promise<BenchRepository[]> {
  const apps = join(temporary, 'apps');
  await cp(SAMPLES, join(apps, 'ttd'), { recursive: true });
  for (const [app, size] of Object.entries(GENERATED)) await generateApp(join(apps, 'ttd', app), app, size);
  const { repositories } = await findAppRepositories(apps, join(temporary, 'git'));
  const made: BenchRepository[] = [];
  for (const repository of repositories) {
    const { app, headCommit: commit } = repository;
    const archive = await archiveOf(repository, temporary);
    made.push({ app, folder: join(apps, 'ttd', app), git: gitArchive(repository), commit, archive });
  }
  return made.sort((a, b) => a.archive.length - b.archive.length);
}

/** As Gitea asks git for it. */
const gitArchive = ({ app, gitDirectory }: AppRepository): string[] => [
  '--git-dir',
  gitDirectory,
  'archive',
  `--prefix=${app}/`,
  '--format=zip',
];

export async function archiveOf(repository: AppRepository, temporary: string): Promise<Buffer> {
  const file = join(temporary, `${repository.app}.zip`);
  await run('git', [...gitArchive(repository), '-o', file, repository.headCommit]);
  return readFile(file);
}

/** All that a deployment does between Gitea's answer and the upload. */
export async function build({
  app,
  archive,
  commit,
}: Pick<BenchRepository, 'app' | 'archive' | 'commit'>): Promise<Buffer> {
  const repositories = { archive: async () => archive } as unknown as Repositories;
  const subject = { org: 'ttd', app, tagName: '1', deploymentId: DEPLOYMENT_ID, commit };
  const { files, valuesText, carried } = await gatherSource(repositories, STUDIO.policy, subject, commit);
  const platform = { environment: TT02, studio: STUDIO, scopes: [], releaseScopes: undefined, trace: {} };
  const artifact = buildArtifact({ ...subject, ...platform, source: files, valuesText });
  return packArtifact({ ...artifact, carried }, STUDIO.policy);
}

const DEPLOYMENT_ID = '00000000-0000-4000-8000-000000000001';
export const artifactPath = (app: string) => ({ org: 'ttd', app, environment: 'tt02', deploymentId: DEPLOYMENT_ID });
/** What an artifact that `build` makes is held against. */
export const EXPECTED = { chartVersion: STUDIO.chart.version, scopes: [] };
