import { createHash } from 'node:crypto';
import { chmodSync, chownSync, cpSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerUser } from './postgres-user.ts';

/**
 * A folder that `initialise` has filled once, below the system's temporary folder, for this version of the binaries and this
 * user: tests start some forty servers, and initdb takes ten times as long as a copy. Whoever comes first makes it.
 */
export async function postgresTemplate(
  initdb: string,
  user: ServerUser,
  initialise: (folder: string) => Promise<void>,
): Promise<string> {
  const key = JSON.stringify([initdb, statSync(initdb).mtimeMs, user]);
  const owner = process.getuid?.();
  const name = `pull-deploy-initdb-${owner ?? 'any'}-${createHash('sha256').update(key).digest('hex').slice(0, 12)}`;
  const template = join(tmpdir(), name);
  const isThere = () => {
    const found = statSync(template, { throwIfNoEntry: false });
    // Whatever another user has put there is not started by us.
    if (found && owner !== undefined && found.uid !== owner) throw new Error(`${template} belongs to another user`);
    return found !== undefined;
  };
  if (isThere()) return template;
  const unfinished = mkdtempSync(`${template}-`);
  try {
    chmodSync(unfinished, 0o711);
    await initialise(unfinished);
    renameSync(unfinished, template);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    // Another process was first.
    if (!isThere()) throw error;
  }
  return template;
}

/** Copies a data folder, for the server's user alone. */
export function copyData(from: string, to: string, user: ServerUser): void {
  cpSync(from, to, { recursive: true });
  if (user.uid === undefined) return;
  chownSync(to, user.uid, user.gid);
  for (const path of readdirSync(to, { recursive: true, encoding: 'utf8' }))
    chownSync(join(to, path), user.uid, user.gid);
}
