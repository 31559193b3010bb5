import { forEachBounded } from '../for-each-bounded.ts';
import type { Hold, LedgerApp, LedgerCluster, LedgerRelease } from '../ledger.ts';
import type { Studio } from '../model/environments.ts';
import type { Ports } from '../ports.ts';
import { releasePlace } from '../publish/publish-release.ts';
import { digestOfSources, sourcesPlace } from '../publish/publish-sources.ts';
import {
  type DesiredState,
  keyOfCluster,
  keyOfRelease,
  type ObservedCluster,
  type ObservedRelease,
  type ObservedState,
} from './plan-changes.ts';

/** A pass looks at 1 of 60 releases in storage, so that each is seen once an hour; those of a small installation all are. */
const SHARES = 60;
const MIN_INSPECTED = 20;

export interface Ledgered {
  readonly apps: readonly LedgerApp[];
  readonly releases: readonly LedgerRelease[];
  readonly clusters: readonly LedgerCluster[];
  readonly holds: readonly Hold[];
}

/** By the ledger and the environments file alone. */
export function desiredState(studio: Studio, { apps, releases }: Ledgered): DesiredState {
  const known = new Map(releases.map((release) => [keyOfRelease(release), release]));
  const desired: DesiredState = {
    releases: studio.environments.flatMap(({ name: environment, orgs }) =>
      apps
        .filter(({ org, app }) => orgs.includes(org) && !known.get(`${org}/${app}/${environment}`)?.retiredAt)
        .map(({ org, app }) => ({
          org,
          app,
          environment,
          sequence: known.get(`${org}/${app}/${environment}`)?.wantedSequence ?? 0,
        })),
    ),
    clusters: studio.environments.flatMap((environment) =>
      environment.orgs.map((org) => {
        // Apps by name, as the ledger gives them when the sources are written.
        const named = apps.filter(({ org: of, app }) => {
          const release = known.get(`${org}/${app}/${environment.name}`);
          return of === org && release !== undefined && !release.retiredAt;
        });
        return { org, environment: environment.name, digest: digestOfSources(studio, environment, named) };
      }),
    ),
  };
  return desired;
}

/** One HEAD for each cluster's sources, and for this pass's share of the releases. */
export async function observe(
  ports: Ports,
  ledgered: Ledgered,
  desired: DesiredState,
  pass: number,
): Promise<ObservedState> {
  const wanted = new Set(desired.releases.map(keyOfRelease));
  const published = ledgered.releases.filter(
    (release) => release.publishedSequence !== undefined && wanted.has(keyOfRelease(release)),
  );
  // What is held is looked at each time: else a pass that does not look would take it for settled.
  const held = ledgered.holds.filter(({ app }) => app !== '').map(keyOfRelease);
  const inspected = new Set([...shareOf(published, pass).map(keyOfRelease), ...held]);
  const releases: ObservedRelease[] = [];
  await forEachBounded(published, async (release) => {
    const { org, app, environment, publishedSequence, sourceSince } = release;
    const isIntact =
      !inspected.has(keyOfRelease(release)) || (await hasEtag(ports, releasePlace(release), release.publishedEtag));
    releases.push({
      org,
      app,
      environment,
      sequence: publishedSequence ?? 0,
      isIntact,
      hasSource: sourceSince !== undefined,
    });
  });
  const known = new Map(ledgered.clusters.map((cluster) => [keyOfCluster(cluster), cluster]));
  const clusters: ObservedCluster[] = [];
  await forEachBounded(desired.clusters, async ({ org, environment }) => {
    const cluster = known.get(keyOfCluster({ org, environment }));
    if (cluster === undefined) return;
    const isIntact = await hasEtag(ports, sourcesPlace(environment, org), cluster.sourcesEtag);
    clusters.push({ org, environment, digest: cluster.desiredDigest, isIntact });
  });
  return { releases, clusters };
}

/** This pass's part of a list, so that SHARES passes see all of it. */
export function shareOf<T>(items: readonly T[], pass: number): T[] {
  const share = Math.max(MIN_INSPECTED, Math.ceil(items.length / SHARES));
  if (items.length <= share) return [...items];
  const start = (pass * share) % items.length;
  return [...items, ...items].slice(start, start + share);
}

/** Unreachable storage is not a reason to write: the next pass looks again. */
async function hasEtag(
  ports: Ports,
  place: { environment: string; container: string; blob: string },
  etag: string | undefined,
): Promise<boolean> {
  // Nothing is known of what was written last: to be looked into.
  if (etag === undefined) return false;
  try {
    return (await ports.documents.etag(place)) === etag;
  } catch {
    return true;
  }
}
