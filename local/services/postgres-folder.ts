import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ServerUser, serverUser, userMay } from './postgres-user.ts';

export interface PostgresFolder {
  /** Holds `data` and the password file. */
  readonly path: string;
  readonly data: string;
  readonly user: ServerUser;
}

const noteName = 'moved-to.txt';

/**
 * The wanted folder; where the server's user can't get there (root's home is closed to the user the server runs as, and
 * data that root's run made is closed to others), one below the system's temporary folder with a name derived from the
 * wanted path. A note in the wanted folder tells where, for people and for the next start.
 */
export function choosePostgresFolder(wanted: string, log: (line: string) => void): PostgresFolder {
  const wantedPath = resolve(wanted);
  const folder = movedFolder(wantedPath) ?? openFolder(wantedPath) ?? moveFolder(wantedPath);
  if (folder.path !== wantedPath) log(`PostgreSQL's user can't use ${wantedPath}; its data is in ${folder.path}`);
  return folder;
}

/** Where an earlier run put its data, as long as that is there. */
function movedFolder(wantedPath: string): PostgresFolder | undefined {
  let path: string;
  try {
    path = readFileSync(join(wantedPath, noteName), 'utf8').trim();
  } catch {
    return undefined;
  }
  return existsSync(join(path, 'data')) ? openFolder(path) : undefined;
}

function moveFolder(wantedPath: string): PostgresFolder {
  const folder = openFolder(join(tmpdir(), `postgres-${shortHash(`${process.getuid?.()} ${wantedPath}`)}`));
  if (!folder) throw new Error(`${wantedPath}: PostgreSQL's user can't use this folder, nor one in ${tmpdir()}`);
  tryTo(() => writeFileSync(join(wantedPath, noteName), `${folder.path}\n`));
  return folder;
}

/** Makes the folder where it is missing; undefined when the server could not work there. */
function openFolder(path: string): PostgresFolder | undefined {
  const data = join(path, 'data');
  if (!tryTo(() => mkdirSync(path, { recursive: true, mode: 0o755 }))) return undefined;
  const user = serverUser(data);
  const usable = existsSync(data) ? userMay(user, 'w', data) : userMay(user, user.uid === undefined ? 'w' : 'x', path);
  return usable ? { path, data, user } : undefined;
}

/** Gives a file or folder to the server's user alone. */
export function giveTo(user: ServerUser, path: string, mode: number): void {
  if (user.uid !== undefined) chownSync(path, user.uid, user.gid);
  chmodSync(path, mode);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function tryTo(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
