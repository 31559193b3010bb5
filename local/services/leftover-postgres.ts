import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processInfo, waitUntilGone } from './process-info.ts';

const timeoutSeconds = 12;

/**
 * Ends a server that an earlier run left on this data. One whose keeper lives is ending already (its run was killed just
 * now) or belongs to another run, which keeps it: then this throws.
 */
export async function endLeftoverPostgres(dataFolder: string): Promise<void> {
  const pidFile = join(dataFolder, 'postmaster.pid');
  const pid = readPid(pidFile);
  if (pid === undefined || !isTaken(pid)) return; // the server itself clears a dead server's file away
  const server = processInfo(pid);
  if (!server?.command.includes('postgres')) {
    rmSync(pidFile, { force: true }); // a zombie, or some other program by now: the server would take it for its own
    return;
  }
  const kept = processInfo(server.parent)?.command.includes('keep-postgres.cjs');
  if (server.command.includes(dataFolder) && !kept) process.kill(pid, 'SIGINT');
  if (await waitUntilGone(pid, timeoutSeconds)) return;
  throw new Error(`${dataFolder}: in use by another PostgreSQL, process ${pid}; stop it or choose another folder`);
}

function readPid(pidFile: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(pidFile, 'utf8'), 10) || undefined;
  } catch {
    return undefined; // no file: the last server ended in order
  }
}

function isTaken(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
