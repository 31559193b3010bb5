import { AppError } from '../errors.ts';
import type { Studio } from '../model/environments.ts';
import type { ReleaseKey } from '../model/names.ts';
import { readMarker } from '../model/release.ts';
import type { Ports } from '../ports.ts';
import { releasePlace } from '../publish/document-places.ts';
import { removeSource } from '../publish/publish-sources.ts';

export interface RetirePlan {
  /** What the release document says: only one that deploys nothing may be retired. */
  readonly state: string;
  readonly sequence: number;
}

/**
 * What an operator would retire.
 * @throws AppError SOURCE_IN_USE while something is deployed, or on its way
 */
export async function planRetire(ports: Ports, studio: Studio, key: ReleaseKey): Promise<RetirePlan> {
  const stored = await ports.documents.read(releasePlace(key));
  const marker = stored && readMarker(stored.text, key, studio.name);
  const about = `${key.org}/${key.app} in ${key.environment}`;
  if (stored && marker === undefined)
    throw new AppError('SOURCE_IN_USE', `${about}: its release document can't be read`);
  if (marker?.state === 'deployed')
    throw new AppError('SOURCE_IN_USE', `${about}: deployment ${marker.deploymentId} is published; undeploy it first`);
  await ports.ledger.assertNotInUse(key);
  return { state: marker?.state ?? 'no release', sequence: marker?.sequence ?? 0 };
}

/** The only thing that takes an entry out of a cluster's sources. A new deployment brings it back. */
export async function retireSource(ports: Ports, studio: Studio, key: ReleaseKey): Promise<void> {
  await planRetire(ports, studio, key);
  await ports.ledger.retire(key);
  await removeSource(ports, studio, key);
  ports.log.info('source retired', { ...key });
}
