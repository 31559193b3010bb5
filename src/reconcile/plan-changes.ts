import type { ReleaseKey } from '../model/names.ts';

/** What storage is to hold: every known app's release in each environment where its org has a cluster, and its source. */
export interface DesiredState {
  readonly releases: readonly (ReleaseKey & { readonly sequence: number })[];
  readonly clusters: readonly (ClusterKey & { readonly digest: string })[];
}

/** What it was last seen to hold, as far as this pass looked. */
export interface ObservedState {
  readonly releases: readonly ObservedRelease[];
  readonly clusters: readonly ObservedCluster[];
}

export interface ClusterKey {
  readonly org: string;
  readonly environment: string;
}

export interface ObservedRelease extends ReleaseKey {
  readonly sequence: number;
  /** False: looked at, and not what was written. True also where this pass has not looked. */
  readonly isIntact: boolean;
  readonly hasSource: boolean;
}

export interface ObservedCluster extends ClusterKey {
  readonly digest: string;
  readonly isIntact: boolean;
}

export type Reason = 'new' | 'behind' | 'altered';

export type Change =
  | ({ readonly kind: 'publishRelease'; readonly reason: Reason } & ReleaseKey)
  | ({ readonly kind: 'publishSources'; readonly reason: Reason } & ClusterKey);

/**
 * Pure: the writes that make what was observed what is desired, releases before the sources that name them. Nothing is
 * ever taken away: what is observed and not desired is left as it is.
 */
export function planChanges(desired: DesiredState, observed: ObservedState): Change[] {
  const releases = new Map(observed.releases.map((release) => [keyOfRelease(release), release]));
  const clusters = new Map(observed.clusters.map((cluster) => [keyOfCluster(cluster), cluster]));
  const changes: Change[] = [];
  const unnamed = new Set<string>();
  for (const { org, app, environment, sequence } of desired.releases) {
    const seen = releases.get(keyOfRelease({ org, app, environment }));
    const reason =
      seen === undefined ? 'new' : seen.sequence !== sequence ? 'behind' : seen.isIntact ? undefined : 'altered';
    if (reason) changes.push({ kind: 'publishRelease', reason, org, app, environment });
    if (!seen?.hasSource) unnamed.add(keyOfCluster({ org, environment }));
  }
  for (const { org, environment, digest } of desired.clusters) {
    const key = keyOfCluster({ org, environment });
    const seen = clusters.get(key);
    const isBehind = seen?.digest !== digest || unnamed.has(key);
    const reason = seen === undefined ? 'new' : isBehind ? 'behind' : seen.isIntact ? undefined : 'altered';
    if (reason) changes.push({ kind: 'publishSources', reason, org, environment });
  }
  return changes;
}

export const keyOfRelease = ({ org, app, environment }: ReleaseKey): string => `${org}/${app}/${environment}`;
export const keyOfCluster = ({ org, environment }: ClusterKey): string => `${org}/${environment}`;
