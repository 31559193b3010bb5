import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const POLL_MS = 1_000;

/**
 * Calls `onNew` when app folders have come that were not there before, once they have stopped growing: a copy takes a
 * while. Looks at names only, so that thousands of apps cost little.
 */
export function watchApps(
  appsDirectory: string,
  atStart: readonly string[],
  onNew: (apps: readonly string[]) => Promise<void>,
): () => void {
  const known = new Set(atStart);
  const growing = new Map<string, string>();
  let busy = false;
  const look = async () => {
    const names = await listApps(appsDirectory);
    for (const name of names) if (!known.has(name) && !growing.has(name)) growing.set(name, '');
    const settled: string[] = [];
    for (const [name, before] of growing) {
      const now = await measure(join(appsDirectory, name));
      growing.set(name, now);
      if (now === before) settled.push(name);
    }
    if (settled.length === 0 || settled.length < growing.size) return;
    growing.clear();
    for (const name of settled) known.add(name);
    await onNew(settled);
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    // A folder that vanishes while it is looked at is looked at again.
    look()
      .catch(() => {})
      .finally(() => {
        busy = false;
      });
  }, POLL_MS);
  return () => clearInterval(timer);
}

async function listApps(appsDirectory: string): Promise<string[]> {
  const orgs = await folders(appsDirectory);
  const apps = await Promise.all(
    orgs.map(async (org) => (await folders(join(appsDirectory, org))).map((app) => `${org}/${app}`)),
  );
  return apps.flat();
}

async function folders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink()))
    .map(({ name }) => name);
}

/** Changes as long as files are still being written. */
async function measure(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(entries.map(async (entry) => (await stat(join(folder, entry))).size));
  return `${entries.length} ${sizes.reduce((sum, size) => sum + size, 0)}`;
}
