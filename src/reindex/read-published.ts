import { readSources, type SourcesContent } from '../build/sources-document.ts';
import { forAllBounded } from '../for-each-bounded.ts';
import type { Studio } from '../model/environments.ts';
import { appNameProblems, clusterContainer, isOrg, type ReleaseKey } from '../model/names.ts';
import { type ReleaseMarker, readMarker } from '../model/release.ts';
import type { Ports, StoredDocument } from '../ports.ts';
import { releasePlace, sourcesPlace } from '../publish/document-places.ts';

/** An app's container in an environment's account, and the release document there. */
export interface PublishedDocument extends ReleaseKey {
  readonly stored: StoredDocument | undefined;
  /** Undefined when the document is not there, or damaged. */
  readonly marker: ReleaseMarker | undefined;
}

export interface PublishedSources {
  readonly org: string;
  readonly environment: string;
  /** Undefined when the document is damaged. */
  readonly content: SourcesContent | undefined;
}

export interface Published {
  readonly releases: readonly PublishedDocument[];
  readonly sources: readonly PublishedSources[];
}

/**
 * What Flux reads now in each environment's account: also of orgs that the environments file does not have any more.
 * @throws AppError STORAGE_UNAVAILABLE
 */
export async function readPublished(ports: Ports, studio: Studio): Promise<Published> {
  const releases: PublishedDocument[] = [];
  const sources: PublishedSources[] = [];
  for (const { name: environment } of studio.environments) {
    const names = await ports.documents.containers(environment);
    await forAllBounded(names.flatMap(parseAppContainer), async (name) => {
      const key = { ...name, environment };
      const stored = await ports.documents.read(releasePlace(key));
      releases.push({ ...key, stored, marker: stored && readMarker(stored.text, name, studio.name) });
    });
    await forAllBounded(names.flatMap(parseClusterContainer), async (org) => {
      const stored = await ports.documents.read(sourcesPlace(environment, org));
      if (stored) sources.push({ org, environment, content: readSources(stored.text, org, studio) });
    });
  }
  return { releases, sources };
}

/** `app-{org}-{app}`: an org has no hyphen. */
function parseAppContainer(container: string): { org: string; app: string }[] {
  const [, org = '', app = ''] = /^app-([a-z0-9]+)-(.+)$/.exec(container) ?? [];
  return appNameProblems({ org, app }).length === 0 ? [{ org, app }] : [];
}

function parseClusterContainer(container: string): string[] {
  const org = container.slice(clusterContainer('').length);
  return container === clusterContainer(org) && isOrg(org) ? [org] : [];
}
