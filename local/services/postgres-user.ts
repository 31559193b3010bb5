import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

/** Who the server runs as. Empty: as this process. */
export type ServerUser = { readonly uid: number; readonly gid: number } | Record<string, never>;

/**
 * PostgreSQL refuses to run as root. For root the server runs as the owner of the data that is there, else as the
 * system's `postgres`, else as `nobody`, which every system has: a local run adds no users to the machine.
 */
export function serverUser(dataFolder: string): ServerUser {
  if (process.getuid?.() !== 0) return {};
  const owner = statSync(dataFolder, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return lookUp('postgres') ?? lookUp('nobody') ?? fail();
}

/** Whether the user gets to the path and may do this there: enter or execute (`x`), or write (`w`). */
export function userMay(user: ServerUser, access: 'x' | 'w', path: string): boolean {
  if (process.platform === 'win32') return true;
  return spawnSync('/bin/sh', ['-c', `test -${access} "$1"`, 'sh', path], { ...user, cwd: '/' }).status === 0;
}

function lookUp(name: string): ServerUser | undefined {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined; // no such user
  }
}

function fail(): never {
  throw new Error('PostgreSQL refuses to run as root, and there is no user postgres or nobody: set DATABASE_URL');
}
