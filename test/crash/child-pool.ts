import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLING } from '../../infra/bundle-functions.ts';
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

/** As it is packaged; each crash costs a start. */
async function bundleChild(): Promise<string> {
  const outdir = join(BUNDLE_FOLDER, String(process.pid));
  await build({ ...BUNDLING, entryPoints: [join(ROOT, 'test/crash/functions-child.ts')], outdir });
  return join(outdir, 'functions-child.js');
}

/** Some are always started ahead, since their work is short and their start is not. */
export class ChildPool {
  private readonly starting: Promise<FunctionsChild>[] = [];
  private readonly survivors: FunctionsChild[] = [];
  private readonly script: string;
  private readonly env: Env;

  private constructor(script: string, env: Env) {
    this.script = script;
    this.env = env;
  }

  static async open(env: Env): Promise<ChildPool> {
    return new ChildPool(await bundleChild(), env);
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
    await rm(dirname(this.script), { recursive: true });
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
