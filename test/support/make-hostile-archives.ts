import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflated, type Hostile, type HostileFamily, REPOSITORY } from './hostile-alterations.ts';
import { HOSTILE_APPS } from './hostile-apps.ts';
import { HOSTILE_KUBERNETES } from './hostile-kubernetes.ts';
import { HOSTILE_MANIFESTS } from './hostile-manifests.ts';
import { HOSTILE_NAMES } from './hostile-names.ts';
import { HOSTILE_YAML } from './hostile-yaml.ts';
import { HOSTILE_ENTRIES } from './hostile-zip-entries.ts';
import { HOSTILE_RECORDS } from './hostile-zip-records.ts';
import { alterArtifact } from './make-artifact.ts';

/**
 * Writes `test/rejected/`: artifacts that are right but for one thing, each named for the code it is refused with.
 * `node --import tsx test/support/make-hostile-archives.ts`; the same bytes each time, by the same zlib.
 */
export const REJECTED_FOLDER = fileURLToPath(new URL('../rejected', import.meta.url));

const HOSTILE_ZIPS: HostileFamily = { ...HOSTILE_RECORDS, ...HOSTILE_ENTRIES };

const HOSTILE_CONTENTS: HostileFamily = {
  ...HOSTILE_NAMES,
  ...HOSTILE_MANIFESTS,
  ...HOSTILE_YAML,
  ...HOSTILE_KUBERNETES,
  ...HOSTILE_APPS,
};

/** By the name of the file. */
export async function makeHostileArchives(): Promise<Map<string, Buffer>> {
  const valid = await alterArtifact({ repository: REPOSITORY });
  const archives = new Map<string, Buffer>();
  const add = async (name: string, hostile: Hostile) =>
    archives.set(
      `${name}.zip`,
      typeof hostile === 'function' ? hostile(valid) : await alterArtifact({ repository: REPOSITORY, ...hostile }),
    );
  for (const [name, hostile] of Object.entries(HOSTILE_ZIPS)) await add(name, hostile);
  for (const [name, hostile] of Object.entries(HOSTILE_CONTENTS))
    await add(name, typeof hostile === 'function' || hostile.raw ? hostile : deflated(hostile));
  return archives;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const archives = await makeHostileArchives();
  await mkdir(REJECTED_FOLDER, { recursive: true });
  for (const name of await readdir(REJECTED_FOLDER)) if (!archives.has(name)) await rm(join(REJECTED_FOLDER, name));
  for (const [name, zip] of archives) await writeFile(join(REJECTED_FOLDER, name), zip);
}
