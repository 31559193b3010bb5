import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { buildArtifact } from '../../src/build/build-artifact.ts';
import { gatherSource } from '../../src/deploy/gather-source.ts';
import { sha256 } from '../../src/model/digest.ts';
import type { Repositories } from '../../src/ports.ts';
import { packZip } from '../../src/zip/pack-zip.ts';
import { sampleInputs } from './sample-inputs.ts';

export const SAMPLE_SCOPES = ['altinn:serviceowner/instances.read'];

/** Puts a list into another order. */
export type Shuffle = <T>(list: readonly T[]) => T[];

/** From Gitea's archive to the artifact, the way that a deployment goes; `shuffle` acts on every list that is handed on. */
export async function packSample(archive: Buffer, shuffle: Shuffle = (list) => [...list]): Promise<Buffer> {
  const inputs = sampleInputs({ scopes: SAMPLE_SCOPES });
  const repositories = { archive: async () => archive } as Partial<Repositories> as Repositories;
  const { files, valuesText, carried } = await gatherSource(repositories, inputs.studio.policy, inputs, inputs.commit);
  const { manifestFile, deployFiles } = buildArtifact({ ...inputs, source: shuffle(files), valuesText });
  return packZip(manifestFile, shuffle(deployFiles), shuffle(carried));
}

// Run by itself, in a process of another time zone: the path of an archive in, the artifact's digest out.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const zip = await packSample(await readFile(process.argv[2] ?? ''));
  console.log(JSON.stringify({ offsetMinutes: new Date(0).getTimezoneOffset(), sha256: sha256(zip) }));
}
