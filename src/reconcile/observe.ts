import { forEachBounded } from '../for-each-bounded.ts';
import type { Hold, LedgerCluster, LedgerRelease } from '../ledger.ts';
import type { Studio } from '../model/environments.ts';
import type { AppName } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { releasePlace, sourcesPlace } from '../publish/document-places.ts';
import { digestOfSources } from '../publish/publish-sources.ts';
import {
  type ClusterKey,
  type DesiredState,
  keyOfCluster,
  keyOfRelease,
  type ObservedCluster,
  type ObservedState,
} from './plan-changes.ts';

/** A pass looks at 1 of 60 releases in storage, so that each is seen once an hour; those of a small installation all are. */
const SHARES = 60;
const SMALL = 20;

export interface Ledgered {
  readonly apps: readonly AppName[];
  readonly releases: readonly LedgerRelease[];
  readonly clusters: readonly LedgerCluster[];
  readonly holds: readonly Hold[];
}

/** By the ledger and the environments file alone. */
export function desiredState(studio: Studio, { apps, releases }: Ledgered): DesiredState {
  const known = new Map(releases.map((release) => [keyOfRelease(release), release]));
  const byOrg = new Map<string, AppName[]>();
  for (const app of apps) {
    const others = byOrg.get(app.org);
    if (others) others.push(app);
    else byOrg.set(app.org, [app]);
  }
  const inClusters = studio.environments.flatMap((environment) =>
    environment.orgs.map((org) => ({
      org,
      environment,
      apps: (byOrg.get(org) ?? [])
        .map(({ app }) => ({ app, release: known.get(keyOfRelease({ org, app, environment: environment.name })) }))
        .filter(({ release }) => !release?.retiredAt),
    })),
  );
  return {
    releases: inClusters.flatMap(({ org, environment, apps: kept }) =>
      kept.map(({ app, release }) => ({
        ...{ org, app, environment: environment.name },
        sequence: release?.wantedSequence ?? 0,
      })),
    ),
    clusters: inClusters.map(({ org, environment, apps: kept }) => {
      // Apps by name, as the ledger gives them when the sources are written.
      const named = kept.filter(({ release }) => release !== undefined);
      return { org, environment: environment.name, digest: digestOfSources(studio, environment, named) };
    }),
  };
}

/**
 * One HEAD for each cluster's sources, and for this pass's share of the releases.
 * @param others clusters of which another document is looked at in this pass
 */
export async function observe(
  ports: Ports,
  ledgered: Ledgered,
  desired: DesiredState,
  pass: number,
  others: readonly ClusterKey[],
): Promise<ObservedState> {
  const wanted = new Set(desired.releases.map(keyOfRelease));
  const published = ledgered.releases.filter(
    (release) => release.publishedSequence !== undefined && wanted.has(keyOfRelease(release)),
  );
  // What is held is looked at each time: else a pass that does not look would take it for settled.
  const held = new Set(ledgered.holds.filter(({ app }) => app !== '').map(keyOfRelease));
  const inspected = new Set([...shareOf(published, pass), ...published.filter((one) => held.has(keyOfRelease(one)))]);
  const altered = new Set<LedgerRelease>();
  await forEachBounded([...inspected], async (release) => {
    if (!(await hasEtag(ports, releasePlace(release), release.publishedEtag))) altered.add(release);
  });
  return {
    releases: published.map((release) => ({
      ...{ org: release.org, app: release.app, environment: release.environment },
      sequence: release.publishedSequence ?? 0,
      isIntact: !altered.has(release),
      hasSource: release.sourceSince !== undefined,
    })),
    clusters: await observeClusters(ports, ledgered, desired, new Set(others.map(keyOfCluster))),
  };
}

async function observeClusters(
  ports: Ports,
  ledgered: Ledgered,
  desired: DesiredState,
  others: ReadonlySet<string>,
): Promise<ObservedCluster[]> {
  const known = new Map(ledgered.clusters.map((cluster) => [keyOfCluster(cluster), cluster]));
  const clusters: ObservedCluster[] = [];
  await forEachBounded(desired.clusters, async ({ org, environment }) => {
    const key = keyOfCluster({ org, environment });
    const cluster = known.get(key);
    if (cluster === undefined) return;
    const isIntact = others.has(key) || (await hasEtag(ports, sourcesPlace(environment, org), cluster.sourcesEtag));
    clusters.push({ org, environment, digest: cluster.desiredDigest, isIntact });
  });
  return clusters;
}

export const isSmall = (items: readonly unknown[]): boolean => items.length <= SMALL;

/**
 * This pass's part of a list; all of a short one. Each minute of the hour has its own, so that the passes of any hour see all
 * of it, and a clock that is set back or forward by hours changes nothing.
 */
export function shareOf<T>(items: readonly T[], pass: number): T[] {
  if (isSmall(items)) return [...items];
  const bound = (share: number) => Math.floor((share * items.length) / SHARES);
  return items.slice(bound(pass % SHARES), bound((pass % SHARES) + 1));
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
