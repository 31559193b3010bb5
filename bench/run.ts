import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureAttacks } from './attacks.ts';
import { type Part, print, type Settings } from './measure.ts';
import { measureAccept } from './measure-accept.ts';
import { measureBuild } from './measure-build.ts';
import { measureColdStart } from './measure-cold-start.ts';
import { measureLists } from './measure-lists.ts';
import { measureReconcile } from './measure-reconcile.ts';
import { measureRequest } from './measure-request.ts';
import { measureThroughput } from './measure-throughput.ts';

/**
 * `npm run bench [-- PART… --rounds N]`: what our work costs beside the same work of others, in one run on one machine. Read
 * the ratios, not the milliseconds. Parts that are not asked for keep their results from before.
 */
const PARTS: Readonly<Record<string, readonly [title: string, measure: Part]>> = {
  build: ['Build: from the archive of a commit to the artifact', measureBuild],
  accept: ['Accept: validate and index an artifact', measureAccept],
  request: ['Request to published', measureRequest],
  reconcile: ['Reconcile: one pass', measureReconcile],
  throughput: ['Throughput: 200 deployments of 20 apps by 16 clients', measureThroughput],
  lists: ['Lists at 1,000,000 deployments: time in the database', measureLists],
  'cold-start': ['Cold start: from node to all functions registered', measureColdStart],
};
const RESULTS = new URL('results.json', import.meta.url);

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string' } } });
const names = positionals.length > 0 ? positionals : [...Object.keys(PARTS), 'attacks'];
const rounds = Number(values.rounds ?? 5);
const temporary = await mkdtemp(join(tmpdir(), 'bench-'));
const settings: Settings = { rounds, temporary };
const parts: Record<string, unknown> = {};
try {
  for (const name of names) parts[name] = { ...(await measurePart(name)), ...circumstances() };
  const before = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '{}'));
  await writeFile(RESULTS, `${JSON.stringify({ parts: { ...before.parts, ...parts } }, null, 2)}\n`);
} finally {
  await rm(temporary, { recursive: true });
}
process.exit();

async function measurePart(name: string) {
  const started = performance.now();
  const rows = name === 'attacks' ? await measureAttacks(temporary) : await measureRows(name);
  return { seconds: Math.round((performance.now() - started) / 1_000), rows };
}

async function measureRows(name: string) {
  const part = PARTS[name];
  if (part === undefined)
    throw new Error(`part '${name}': must be one of ${[...Object.keys(PARTS), 'attacks'].join(', ')}`);
  const rows = await part[1](settings);
  print(part[0], rows);
  return rows;
}

function circumstances() {
  return { node: process.version, cores: availableParallelism(), rounds };
}
