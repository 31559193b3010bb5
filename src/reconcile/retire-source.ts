import { readSources } from '../build/sources-document.ts';
import { AppError } from '../errors.ts';
import type { Studio } from '../model/environments.ts';
import { fluxName, type ReleaseKey } from '../model/names.ts';
import { readMarker } from '../model/release.ts';
import type { Ports } from '../ports.ts';
import { releasePlace, sourcesPlace } from '../publish/document-places.ts';
import { removeSource } from '../publish/publish-sources.ts';

export interface RetirePlan {
  /** What the release document says: only one that deploys nothing may be retired. */
  readonly state: string;
  readonly sequence: number;
  /** The cluster's sources don't name it, and no pass would have them do so. */
  readonly isRetired: boolean;
}

/**
 * What an operator would retire.
 * @throws AppError SOURCE_IN_USE while something is deployed, or on its way; APP_UNKNOWN where there is nothing of the app
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
  const [sources, releases] = await Promise.all([
    ports.documents.read(sourcesPlace(key.environment, key.org)),
    ports.ledger.releases({ org: key.org, environment: key.environment }),
  ]);
  const entries = sources && readSources(sources.text, key.org, studio)?.entries;
  const isNamed = entries?.some(({ name }) => name === fluxName(key, studio.name)) ?? false;
  const release = releases.find(({ app }) => app === key.app);
  if (!isNamed && !release && !stored) throw new AppError('APP_UNKNOWN', `${about}: there is nothing of it`);
  return {
    ...{ state: marker?.state ?? 'no release', sequence: marker?.sequence ?? 0 },
    isRetired: !isNamed && release?.retiredAt !== undefined,
  };
}

/** The only thing that takes an entry out of a cluster's sources. A new deployment brings it back. */
export async function retireSource(ports: Ports, studio: Studio, key: ReleaseKey): Promise<void> {
  await planRetire(ports, studio, key);
  await ports.ledger.retire(key);
  await removeSource(ports, studio, key);
  ports.log.info('source retired', { ...key });
}
