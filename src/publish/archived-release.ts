import { AppError } from '../errors.ts';
import type { Deployment } from '../model/deployment.ts';
import type { Studio } from '../model/environments.ts';
import { artifactPath, type ReleaseKey } from '../model/names.ts';
import { readMarker } from '../model/release.ts';
import type { Ports } from '../ports.ts';

/** A release by its key, and the deployment that it is of. */
type WantedRelease = ReleaseKey & Pick<Deployment, 'id' | 'sequence'>;

/**
 * Puts a release document into the archive, once and for all.
 * @returns what is there: the first one rendered stays
 * @throws AppError STORAGE_UNAVAILABLE where that is damaged, or another deployment's: nothing replaces it there
 */
export async function archiveRelease(
  ports: Ports,
  studio: Studio,
  deployment: WantedRelease,
  rendered: string,
): Promise<string> {
  const document = await ports.artifacts.archiveRelease(artifactPath(deployment), rendered);
  if (document !== rendered) assertIntact(document, studio, deployment);
  return document;
}

/** @throws AppError STORAGE_UNAVAILABLE, also where there is none */
export async function readArchivedRelease(ports: Ports, studio: Studio, wanted: WantedRelease): Promise<string> {
  const document = await ports.artifacts.readRelease(artifactPath(wanted));
  if (document === undefined)
    throw new AppError('STORAGE_UNAVAILABLE', `${describe(wanted)} is not in the archive: deploy again`);
  assertIntact(document, studio, wanted);
  return document;
}

function assertIntact(document: string, studio: Studio, wanted: WantedRelease): void {
  const marker = readMarker(document, wanted, studio.name);
  if (marker?.deploymentId !== wanted.id || marker.sequence !== wanted.sequence)
    throw new AppError('STORAGE_UNAVAILABLE', `${describe(wanted)} in the archive is damaged: deploy again`);
}

const describe = ({ org, app, environment, id }: WantedRelease): string =>
  `${org}/${app} in ${environment}: the release document of ${id}`;
