import { forEachBounded } from '../for-each-bounded.ts';
import type { HangGuard } from '../hang-guard.ts';
import type { Hold, LedgerCluster, LedgerRelease } from '../ledger.ts';
import type { Studio } from '../model/environments.ts';
import type { AppName } from '../model/names.ts';
import type { DocumentPlace, Ports } from '../ports.ts';
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

/** Tells a document from what was last written there. `unseen`: storage did not answer, or there was no time. */
export type Look = (place: DocumentPlace, etag: string | undefined) => Promise<'intact' | 'altered' | 'unseen'>;

export function makeLook(ports: Ports, hangGuard: HangGuard, isTooLate: () => boolean): Look {
  return async (place, etag) => {
    // Nothing is known of what was written last: to be looked into.
    if (etag === undefined) return 'altered';
    if (isTooLate() || hangGuard.hangs(place.environment)) return 'unseen';
    try {
      const present = await hangGuard.glance(place.environment, () => ports.documents.etag(place));
      return present === etag ? 'intact' : 'altered';
    } catch {
      return 'unseen';
    }
  };
}

/** What was not seen is not a reason to write: it is taken for intact, and the next pass looks again. */
export interface Observation {
  readonly state: ObservedState;
  /** Releases and clusters. */
  readonly unseen: readonly (ClusterKey & { readonly app?: string })[];
}

/**
 * One HEAD for each cluster's sources, and for this pass's share of the releases.
 * @param others clusters of which another document is looked at in this pass
 */
export async function observe(
  look: Look,
  ledgered: Ledgered,
  desired: DesiredState,
  pass: number,
  others: readonly ClusterKey[],
): Promise<Observation> {
  const wanted = new Set(desired.releases.map(keyOfRelease));
  const published = ledgered.releases.filter(
    (release) => release.publishedSequence !== undefined && wanted.has(keyOfRelease(release)),
  );
  // What is held is looked at each time: else a pass that does not look would take it for settled.
  const held = new Set(ledgered.holds.filter(({ app }) => app !== '').map(keyOfRelease));
  const inspected = new Set([...shareOf(published, pass), ...published.filter((one) => held.has(keyOfRelease(one)))]);
  const altered = new Set<LedgerRelease>();
  const unseen: LedgerRelease[] = [];
  await forEachBounded([...inspected], async (release) => {
    const seen = await look(releasePlace(release), release.publishedEtag);
    if (seen === 'altered') altered.add(release);
    if (seen === 'unseen') unseen.push(release);
  });
  const clusters = await observeClusters(look, ledgered, desired, new Set(others.map(keyOfCluster)));
  return {
    state: {
      releases: published.map((release) => ({
        ...{ org: release.org, app: release.app, environment: release.environment },
        sequence: release.publishedSequence ?? 0,
        isIntact: !altered.has(release),
        hasSource: release.sourceSince !== undefined,
      })),
      clusters: clusters.observed,
    },
    unseen: [...unseen, ...clusters.unseen],
  };
}

async function observeClusters(
  look: Look,
  ledgered: Ledgered,
  desired: DesiredState,
  others: ReadonlySet<string>,
): Promise<{ observed: ObservedCluster[]; unseen: ClusterKey[] }> {
  const known = new Map(ledgered.clusters.map((cluster) => [keyOfCluster(cluster), cluster]));
  const observed: ObservedCluster[] = [];
  const unseen: ClusterKey[] = [];
  await forEachBounded(desired.clusters, async ({ org, environment }) => {
    const key = keyOfCluster({ org, environment });
    const cluster = known.get(key);
    if (cluster === undefined) return;
    const seen = others.has(key) ? 'intact' : await look(sourcesPlace(environment, org), cluster.sourcesEtag);
    if (seen === 'unseen') unseen.push({ org, environment });
    observed.push({ org, environment, digest: cluster.desiredDigest, isIntact: seen !== 'altered' });
  });
  return { observed, unseen };
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
