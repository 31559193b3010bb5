import { execFile, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { limitCalls } from '../../src/limit-calls.ts';

const execFileAsync = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

/** Every git process of the stand-in takes one of these places. */
const places = limitCalls({ atOnce: 8 });

/**
 * Beats the user's configuration and the repository's own, so that bytes come out as they went in.
 * Gitea serves LFS pointers as they are: without the filter a clone made with LFS does the same.
 */
const CONFIG = {
  'safe.directory': '*',
  'init.defaultBranch': 'master',
  'core.autocrlf': 'false',
  'core.attributesFile': '/dev/null',
  'core.excludesFile': '/dev/null',
  'core.fsmonitor': 'false',
  'filter.lfs.process': '',
  'filter.lfs.required': 'false',
};

export class GitError extends Error {
  override readonly name = 'GitError';
  readonly exitCode: number | undefined;

  constructor(args: readonly string[], exitCode: number | undefined, stderr: string) {
    super(`git ${args[0]}: ${stderr.trim().split('\n')[0] || `ended with ${exitCode ?? 'a signal'}`}`);
    this.exitCode = exitCode;
  }
}

export interface GitOptions {
  /** Where git is started; the git directory when absent, which is never inside a work tree's files. */
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs git and answers what it wrote. Throws GitError when it fails. */
export async function runGit(gitDirectory: string, args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
  return places(async () => {
    const running = execFileAsync('git', ['--git-dir', gitDirectory, ...args], {
      cwd: options.cwd ?? gitDirectory,
      env: { ...gitEnvironment(), ...options.environment },
      encoding: 'buffer',
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    // A git that ends before it read its input must not bring the process down: its exit code tells.
    running.child.stdin?.on('error', () => {}).end(options.input ?? '');
    try {
      return (await running).stdout;
    } catch (error) {
      throw toGitError(args, error);
    }
  });
}

/** The first line that git wrote; undefined when it says "no" by exit code 1, as `--quiet` questions do. */
export async function askGit(gitDirectory: string, args: readonly string[], options?: GitOptions) {
  try {
    const output = await runGit(gitDirectory, args, options);
    return output.toString().split('\n')[0] || undefined;
  } catch (error) {
    if (error instanceof GitError && error.exitCode === 1) return undefined;
    throw error;
  }
}

/** Sends git's output on as it comes and leaves the destination open. Ends git when the destination goes away. */
export function streamGit(gitDirectory: string, args: readonly string[], destination: Writable): Promise<void> {
  return places(async () => {
    if (destination.destroyed) return;
    const child = spawn('git', ['--git-dir', gitDirectory, ...args], {
      cwd: gitDirectory,
      env: gitEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stop = (): void => void child.kill();
    destination.once('close', stop);
    const stderr: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdout.pipe(destination, { end: false });
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    destination.off('close', stop);
    if (exitCode !== 0) throw new GitError(args, exitCode ?? undefined, Buffer.concat(stderr).toString());
  });
}

/** The environment without any GIT_ variable (we may be started by a git hook), and without anyone's configuration. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.toUpperCase().startsWith('GIT_'));
  const config = Object.entries(CONFIG).flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    ...Object.fromEntries([...inherited, ...config]),
    GIT_CONFIG_COUNT: String(Object.keys(CONFIG).length),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    TZ: 'UTC', // a zip's times are local ones
  };
}

function toGitError(args: readonly string[], error: unknown): unknown {
  const { code, stderr } = error as { code?: unknown; stderr?: Buffer };
  if (typeof code === 'string') return error; // not started (ENOENT), or too much output
  return new GitError(args, typeof code === 'number' ? code : undefined, stderr?.toString() ?? '');
}
