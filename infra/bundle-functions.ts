import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';

export interface Bundle {
  /** By path in the package. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Names of the packages that went in. */
  readonly packages: readonly string[];
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = 'dist/main.js';

/** Given by the worker to what it loads; and what `pg` asks for and goes on without. */
const NOT_OURS = ['@azure/functions-core', 'pg-native'];

/** Packages of the older kind ask for these, which modules don't have. */
const PRELUDE = `import { createRequire as __createRequire } from 'node:module';
import { fileURLToPath as __fileURLToPath } from 'node:url';
const require = __createRequire(import.meta.url);
const __bundledFile = __fileURLToPath(import.meta.url);
const __bundledFolder = __fileURLToPath(new URL('.', import.meta.url));`;

/**
 * Our code and that of all packages in a few files: a start then reads these instead of some thousand. What is imported when it
 * is needed only (the storage SDK, secretlint, telemetry) stays in files of its own. Nothing is made shorter: it would save a
 * tenth of the time, and Node prints the whole line that an error is in.
 */
export const BUNDLING = {
  absWorkingDir: ROOT,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: NOT_OURS,
  banner: { js: PRELUDE },
  define: { __filename: '__bundledFile', __dirname: '__bundledFolder' },
  legalComments: 'none',
  logLevel: 'error',
} satisfies BuildOptions;

/** The function app, as it is packaged. */
export async function bundleFunctions(): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...BUNDLING,
    entryPoints: ['src/main.ts'],
    outdir: 'dist',
    write: false,
    metafile: true,
  });
  const packages = packagesOf(metafile);
  const notices: [string, Uint8Array] = ['THIRD-PARTY-NOTICES.txt', Buffer.from(noticesOf(packages))];
  const names = Object.keys(metafile.outputs);
  if (!names.includes(MAIN)) throw new Error(`the bundle has no ${MAIN}, but ${names.join(', ')}`);
  return {
    files: new Map([
      ...outputFiles.map(({ contents }, index): [string, Uint8Array] => [names[index] as string, contents]),
      notices,
    ]),
    packages: packages.map(({ name }) => name),
  };
}

interface BundledPackage {
  readonly name: string;
  readonly folder: string;
}

function packagesOf(metafile: Metafile): BundledPackage[] {
  const folders = new Set<string>();
  for (const path of Object.keys(metafile.inputs)) {
    const [folder] = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path) ?? [];
    if (folder !== undefined) folders.add(folder);
  }
  const nameOf = (folder: string) => folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return [...folders].sort().map((folder) => ({ name: nameOf(folder), folder }));
}

/** The licenses ask to be passed on with the code. */
function noticesOf(packages: readonly BundledPackage[]): string {
  const notice = ({ name, folder }: BundledPackage) => {
    const path = join(ROOT, folder);
    const { version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    const file = readdirSync(path).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file && existsSync(join(path, file)) ? readFileSync(join(path, file), 'utf8') : `License: ${license}`;
    return `${name} ${version}\n\n${text.trim()}\n`;
  };
  return `This package contains the following ones.\n\n${packages.map(notice).join(`\n${'-'.repeat(80)}\n\n`)}`;
}
