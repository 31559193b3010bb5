import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CACHE = join(ROOT, 'node_modules', '.cache');

const COMMANDS = 'infra/commands';
/** What tests start as a process of its own. */
const SCRIPTS = [
  'test/properties/reader-child.ts',
  ...readdirSync(join(ROOT, COMMANDS)).map((name) => join(COMMANDS, name)),
];

/**
 * Translates all tests at once, a second's work, and runs them by Node's runner: each of more than a hundred processes would
 * else translate and look up what it imports, 200 s of processor time in all.
 *
 * Arguments: folders or files (all of `test` if absent), and flags for the runner.
 */
async function main(given: readonly string[]): Promise<number> {
  const flags = given.filter((argument) => argument.startsWith('--'));
  const places = given.filter((argument) => !argument.startsWith('--'));
  const files = findTests(places.length > 0 ? places : ['test']);
  // Below node_modules, so that packages are found.
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'tests-'));
  try {
    await translate([...files, ...SCRIPTS], folder);
    return await run(
      files.map((file) => join(folder, file.replace(/\.ts$/, '.js'))),
      flags,
      { TRANSLATED_SCRIPTS: folder },
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** By path from the root, in order. */
function findTests(places: readonly string[]): string[] {
  const found = places.flatMap((place) => {
    if (place.endsWith('.ts')) return [resolve(place)];
    const names = readdirSync(place, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => name.endsWith('.test.ts')).map((name) => resolve(place, name));
  });
  if (found.length === 0) throw new Error(`no *.test.ts in ${places.join(', ')}`);
  return found.map((file) => relative(ROOT, file)).sort();
}

async function translate(files: readonly string[], outdir: string): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: [...files],
    outdir,
    outbase: '.',
    bundle: true,
    // What several tests import is one module, and read once.
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [keepUrls],
    logLevel: 'error',
  });
}

/** A file finds what lies beside it where it was written, not where it was put. */
const keepUrls: Plugin = {
  name: 'keep-urls',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      loader: 'ts',
    })),
};

function run(
  files: readonly string[],
  flags: readonly string[],
  more: Readonly<Record<string, string>>,
): Promise<number> {
  const options = ['--enable-source-maps', '--test', '--test-concurrency=2', '--test-reporter=spec', ...flags];
  const child = spawn(process.execPath, [...options, ...files], {
    cwd: ROOT,
    env: { ...process.env, ...more },
    stdio: 'inherit',
  });
  return new Promise((end, fail) => {
    child.once('error', fail).once('exit', (code) => end(code ?? 1));
    // The runner ends its tests, and we what we have made.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  });
}

process.exitCode = await main(process.argv.slice(2));
