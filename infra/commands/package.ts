import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import JSZip from 'jszip';
import { readEnvironments } from '../../src/environments-file.ts';
import { bundleFunctions } from '../bundle-functions.ts';
import { showUsage } from './show-usage.ts';

const USAGE = `npm run package -- [--environments FILE] [--out FILE]

Makes the zip that is deployed to the function app, by default package/altinn-pull-deploy.zip. With --environments it holds that file
as environments.yaml, where the function app looks for it. The same sources and packages give the same zip.`;

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFile(new URL(path, ROOT));
/** The earliest that a zip can hold. */
const DATE = new Date(Date.UTC(1980, 0, 1));

/**
 * - looks into the environments file, if one is given
 * - bundles the entry and everything it imports
 * - adds what the Functions host reads
 * - packs it
 */
async function main(): Promise<void> {
  const { values } = readArguments();
  const environments = values.environments === undefined ? undefined : await readChecked(values.environments);
  const { files, packages } = await bundleFunctions();
  const content = new Map<string, string | Uint8Array>([
    ...files,
    ['host.json', await read('host.json')],
    ['LICENSE', await read('LICENSE')],
    ['package.json', manifest(JSON.parse(String(await read('package.json'))))],
  ]);
  if (environments !== undefined) content.set('environments.yaml', environments);
  const out = values.out ?? fileURLToPath(new URL('package/altinn-pull-deploy.zip', ROOT));
  await mkdir(dirname(out), { recursive: true });
  const zip = await pack(content);
  await writeFile(out, zip);
  console.log(
    `${out}: ${content.size} files, ${(zip.length / 2 ** 20).toFixed(1)} MiB, ${packages.length} packages bundled.`,
  );
}

function readArguments() {
  try {
    return parseArgs({ options: { environments: { type: 'string' }, out: { type: 'string' } } });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`);
  }
}

/** No scripts and no dependencies: whoever deploys it has nothing to install or to build. */
function manifest({ name, version, license, type, main, engines }: Record<string, unknown>): string {
  return `${JSON.stringify({ name, version, license, private: true, type, main, engines }, null, 2)}\n`;
}

async function readChecked(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`--environments '${path}' can't be read: ${error.code ?? error.message}`);
  });
  const { problems } = readEnvironments(text, {
    development: false,
    signIn: { as: 'managed-identity', clientId: undefined },
  });
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
  return text;
}

function pack(content: ReadonlyMap<string, string | Uint8Array>): Promise<Buffer> {
  const zip = new JSZip();
  const options = { date: DATE, createFolders: false, unixPermissions: 0o644 };
  for (const path of [...content.keys()].sort()) zip.file(path, content.get(path) as string, options);
  return zip.generateAsync({
    type: 'nodebuffer',
    platform: 'UNIX',
    compression: 'DEFLATE',
    compressionOptions: { level: 9 },
  });
}

showUsage(USAGE);
try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
