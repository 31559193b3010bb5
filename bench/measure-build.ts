import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync } from 'node:zlib';
import JSZip from 'jszip';
import { DEFAULT_POLICY } from '../src/model/policy.ts';
import { inflateEntry } from '../src/zip/inflate.ts';
import { mapEntries } from '../src/zip/map-entries.ts';
import { readZip } from '../src/zip/read-zip.ts';
import { zipLimits } from '../src/zip/zip-limits.ts';
import { type Row, type Settings, timeBeside, toRows } from './measure.ts';
import { measureMemory } from './measure-memory.ts';
import { type BenchRepository, build, makeRepositories } from './repositories.ts';

const run = promisify(execFile);
const deflate = promisify(deflateRaw) as (content: Buffer, options: object) => Promise<Buffer>;
const TWO_CORES = 'native zlib alone, two cores';
const OURS = 'ours: check, digest, build, pack';

/** Ours beside three other ways to make a zip of the same files, and beside the compressing alone. */
export async function measureBuild(settings: Settings): Promise<Row[]> {
  const rows: Row[] = [];
  for (const repository of await makeRepositories(settings.temporary))
    rows.push(...(await measureOne(repository, settings)));
  return rows;
}

async function measureOne(repository: BenchRepository, { rounds, temporary }: Settings): Promise<Row[]> {
  const { entries } = readZip(repository.archive, 'git', zipLimits(DEFAULT_POLICY.limits));
  const files = await Promise.all(
    entries.map(async (entry) => ({ path: entry.path, content: await inflateEntry(entry) })),
  );
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  const about = `${repository.app}, ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`;
  const taken = await timeBeside(rounds, {
    [TWO_CORES]: () => mapEntries(files, ({ content }) => deflate(content, { level: 6 })),
    // Before the programs: after a fork the first write to each page of memory costs a fault.
    [OURS]: () => build(repository),
    'native zlib alone, one core': () => files.map(({ content }) => deflateRawSync(content, { level: 6 })),
    'git archive --format=zip': () =>
      run('git', [...repository.git, '-o', join(temporary, 'again.zip'), repository.commit]),
    'Info-ZIP zip -6': () => infoZip(repository.folder, join(temporary, 'info.zip')),
    'plain JSZip': () => plainZip(files),
  });
  const rows = toRows(about, taken, TWO_CORES, { [OURS]: { ratio: 1.1 } });
  return [
    ...rows,
    await measureMemory(`${about}: ours, memory at its peak`, 'build', repository.app, repository.archive, temporary),
  ];
}

async function infoZip(folder: string, target: string): Promise<void> {
  await rm(target, { force: true });
  await run('zip', ['-6', '-q', '-r', target, '.'], { cwd: folder });
}

function plainZip(files: readonly { path: string; content: Buffer }[]): Promise<Buffer> {
  const zip = new JSZip();
  for (const { path, content } of files) zip.file(path, content);
  return zip.generateAsync({ type: 'nodebuffer', compression: 'DEFLATE', compressionOptions: { level: 6 } });
}
