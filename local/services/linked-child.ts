import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';

const startTimeoutSeconds = 30;
const stopTimeoutSeconds = 15;
const keptErrorLines = 10;

export interface LinkedChild {
  /** The match of the line that told the server is ready. */
  readonly ready: RegExpExecArray;
  stop(): Promise<void>;
}

export interface LinkedChildOptions {
  /** For messages. */
  readonly name: string;
  /** The script and its arguments. The script must end when its stdin does. */
  readonly nodeArguments: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Looked for in each line of stdout and stderr. */
  readonly ready: RegExp;
  readonly onOutput?: (line: string) => void;
}

/**
 * Runs a Node script for as long as this process lives: the script watches a pipe which the system closes however this
 * process ends, SIGKILL included. It gets a process group of its own, so that Ctrl-C reaches us alone and we stop
 * things in our order.
 */
export async function startLinkedChild(options: LinkedChildOptions): Promise<LinkedChild> {
  const child = spawn(process.execPath, options.nodeArguments, {
    // NODE_OPTIONS is meant for us (`--inspect`, loaders).
    env: { ...process.env, NODE_OPTIONS: undefined, ...options.env },
    cwd: tmpdir(),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    windowsHide: true,
  });
  child.stdin.on('error', () => {}); // EPIPE of a child that is gone already
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= stopChild(child);
    return stopping;
  };
  try {
    return { ready: await readyLine(child, options), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function readyLine(child: ChildProcess, options: LinkedChildOptions): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const errorLines: string[] = [];
    const fail = (what: string) => reject(new Error([`${options.name} ${what}`, ...errorLines].join('\n  ')));
    const timer = setTimeout(fail, startTimeoutSeconds * 1000, `was not ready within ${startTimeoutSeconds} s`);
    const look = (line: string) => {
      const match = options.ready.exec(line);
      if (match) resolve(match);
      if (match) clearTimeout(timer);
    };
    onLine(child.stdout, (line) => {
      look(line);
      options.onOutput?.(line);
    });
    onLine(child.stderr, (line) => {
      look(line);
      errorLines.push(line);
      if (errorLines.length > keptErrorLines) errorLines.shift();
    });
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    // 'close', not 'exit': only then has all output been read.
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      fail(`ended before it was ready (${signal ?? `exit code ${code}`})`);
    });
  });
}

function onLine(stream: NodeJS.ReadableStream | null, listener: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on('line', listener);
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutSeconds * 1000);
  child.stdin?.end();
  await exit;
  clearTimeout(timer);
}
