import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { bundleFunctions } from '../infra/bundle-functions.ts';
import { AZURE_SETTINGS } from '../test/support/azure-settings.ts';
import { type Row, type Settings, timeBeside, toRows, withAim } from './measure.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EMPTY = 'an empty function app';
const PACKAGED = 'ours as packaged';
const OURS = 'ours as tsc leaves it';
const AIM_MS = 250;

/** What the worker gives to an app that it loads; here it only counts what is registered. */
const WORKER = `
  const Module = require('node:module');
  const load = Module._load;
  let functions = 0;
  const core = {
    setProgrammingModel() {}, registerHook() { return { dispose() {} }; }, log() {},
    registerFunction() { functions++; return { dispose() {} }; },
  };
  Module._load = function (request, ...rest) { return request === '@azure/functions-core' ? core : load.call(this, request, ...rest); };
  import(process.env.ENTRY).then(() => { console.log(functions); process.exit(); });
`;

const SETTINGS = { ENVIRONMENTS_FILE: join(ROOT, 'environments.sample.yaml'), ...AZURE_SETTINGS };

/** A process from its start until everything is registered, ours beside an app of one function that does nothing. */
export async function measureColdStart({ rounds }: Settings): Promise<Row[]> {
  // Below the project, so that packages are found.
  const folder = await mkdtemp(join(ROOT, 'node_modules', '.cold-start-'));
  try {
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    const empty = join(folder, 'empty.js');
    await writeFile(
      empty,
      "import { app } from '@azure/functions';\napp.http('empty', { handler: () => ({ status: 200 }) });\n",
    );
    const main = join(folder, 'dist', 'main.js');
    await run('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')], { cwd: ROOT });
    const packaged = await writePackage(join(folder, 'package'));
    const taken = await timeBeside(rounds, {
      [EMPTY]: () => start(empty, 1),
      [OURS]: () => start(main, 10),
      [PACKAGED]: () => start(packaged, 10),
    });
    const base = taken.get(EMPTY) ?? [];
    return [...toRows('cold start', taken, EMPTY), moreThanEmpty(taken.get(PACKAGED) ?? [], base)];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function start(entry: string, atLeast: number): Promise<void> {
  const env = { PATH: process.env.PATH ?? '', ENTRY: pathToFileURL(entry).href, ...SETTINGS };
  const { stdout } = await run(process.execPath, ['--eval', WORKER], { env });
  if (!(Number(stdout) >= atLeast)) throw new Error(`${entry} registered ${stdout} functions`);
}

/** As `npm run package` makes it, from the sources. */
async function writePackage(folder: string): Promise<string> {
  const { files } = await bundleFunctions();
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return join(folder, 'dist', 'main.js');
}

function moreThanEmpty(taken: readonly number[], base: readonly number[]): Row {
  const differences = taken.map((time, round) => time - (base[round] ?? Number.NaN)).toSorted((a, b) => a - b);
  const value = differences[Math.floor(differences.length / 2)] ?? Number.NaN;
  return withAim({ what: `cold start: ${PACKAGED}, more than empty`, unit: 'ms', value }, { value: AIM_MS });
}
