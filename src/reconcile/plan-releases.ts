import type { Studio } from '../model/environments.ts';
import type { AppName, ReleaseKey } from '../model/names.ts';
import type { LedgerRelease } from '../ports.ts';

/** What a pass is to do; the reasons are for the log. */
export interface ReleasePlan {
  /** Not there, or not what is wanted, by the ledger alone. */
  readonly publish: readonly (ReleaseKey & { reason: 'new' | 'behind' })[];
  /** To be looked at in storage: this pass's share. */
  readonly inspect: readonly LedgerRelease[];
  /** Every cluster there is. */
  readonly clusters: readonly { org: string; environment: string }[];
}

/** A pass looks at 1 of 60 releases, so that each is seen once an hour; a small installation's are all seen. */
const SHARES = 60;
const MIN_INSPECTED = 20;

/** Pure. Every known app is to have a release document in each environment where its org has a cluster. */
export function planReleases(
  studio: Studio,
  apps: readonly AppName[],
  releases: readonly LedgerRelease[],
  pass: number,
): ReleasePlan {
  const keyOf = ({ org, app, environment }: ReleaseKey) => `${org}/${app}/${environment}`;
  const known = new Map(releases.map((release) => [keyOf(release), release]));
  const publish: (ReleaseKey & { reason: 'new' | 'behind' })[] = [];
  const settled: LedgerRelease[] = [];
  for (const { org, app } of apps)
    for (const environment of studio.environments) {
      if (!environment.orgs.includes(org)) continue;
      const key = { org, app, environment: environment.name };
      const release = known.get(keyOf(key));
      if (release?.publishedSequence === undefined) publish.push({ ...key, reason: 'new' });
      else if (release.publishedSequence !== release.wantedSequence) publish.push({ ...key, reason: 'behind' });
      else settled.push(release);
    }
  const share = Math.max(MIN_INSPECTED, Math.ceil(settled.length / SHARES));
  const start = settled.length <= share ? 0 : (pass * share) % settled.length;
  const inspect = [...settled, ...settled].slice(start, start + Math.min(share, settled.length));
  const clusters = studio.environments.flatMap(({ name, orgs }) => orgs.map((org) => ({ org, environment: name })));
  return { publish, inspect, clusters };
}
