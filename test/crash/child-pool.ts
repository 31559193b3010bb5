import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Env } from '../../src/config.ts';
import type { Pass } from './crash-points.ts';
import type { Fault } from './faulty-ports.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Below `node_modules`, so that what is not bundled is found. */
const BUNDLE_FOLDER = join(ROOT, 'node_modules', '.cache', 'crash-tests');
const IDLE = 2;

/** A process that serves the functions, and can be told where to die. */
export interface FunctionsChild {
  readonly url: string;
  /** It is dead. */
  readonly ended: Promise<void>;
  dieAt(fault: Fault): Promise<void>;
  /** The points that it has come to since it was last asked. */
  passes(): Promise<Pass[]>;
  kill(): void;
}

/** In one file a process starts in a quarter of the time; each crash costs one. */
export async function bundleChild(): Promise<string> {
  await mkdir(BUNDLE_FOLDER, { recursive: true });
  const outfile = join(BUNDLE_FOLDER, `functions-child-${process.pid}.mjs`);
  await build({
    entryPoints: [join(ROOT, 'test/crash/functions-child.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['@azure/functions', '@secretlint/*', 'pg-native'],
    banner: { js: "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return outfile;
}

/** Some are always started ahead, since their work is short and their start is not. */
export class ChildPool {
  private readonly starting: Promise<FunctionsChild>[] = [];
  private readonly survivors: FunctionsChild[] = [];
  private readonly script: string;
  private readonly env: Env;

  constructor(script: string, env: Env) {
    this.script = script;
    this.env = env;
  }

  async take(): Promise<FunctionsChild> {
    const survivor = this.survivors.shift();
    if (survivor) return survivor;
    while (this.starting.length <= IDLE) this.starting.push(startChild(this.script, this.env));
    return this.starting.shift() as Promise<FunctionsChild>;
  }

  /** It lives, and is to die another time. */
  giveBack(child: FunctionsChild): void {
    this.survivors.push(child);
  }

  async close(): Promise<void> {
    for (const child of this.survivors.splice(0)) child.kill();
    for (const child of await Promise.all(this.starting.splice(0))) child.kill();
  }
}

async function startChild(script: string, env: Env): Promise<FunctionsChild> {
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {});
  const ended = once(child, 'exit').then(() => {});
  const answers = lines(child);
  const ask = async (message: object): Promise<Record<string, unknown>> => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    return answers();
  };
  const { url } = await answers();
  return {
    url: String(url),
    ended,
    dieAt: async (fault) => {
      await ask({ fault });
    },
    passes: async () => (await ask({ tell: 'passes' })).passes as Pass[],
    kill: () => child.kill('SIGKILL'),
  };
}

function lines(child: ChildProcess): () => Promise<Record<string, unknown>> {
  const iterator = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await iterator.next();
    if (done) throw new Error('the process ended before it answered');
    return JSON.parse(value as string) as Record<string, unknown>;
  };
}
