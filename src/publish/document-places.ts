import { appContainer, clusterContainer, RELEASE_BLOB, type ReleaseKey, SOURCES_BLOB } from '../model/names.ts';
import type { DocumentPlace } from '../ports.ts';

/** Where Flux reads what is to run of an app. */
export const releasePlace = (key: ReleaseKey): DocumentPlace => ({
  environment: key.environment,
  container: appContainer(key),
  blob: RELEASE_BLOB,
});

/** Where Flux reads which apps an org's cluster is to pull. */
export const sourcesPlace = (environment: string, org: string): DocumentPlace => ({
  environment,
  container: clusterContainer(org),
  blob: SOURCES_BLOB,
});
