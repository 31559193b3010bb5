import type { Hold, LedgerRelease } from '../ledger.ts';
import type { Studio } from '../model/environments.ts';
import type { Ports } from '../ports.ts';

/** How an app's source and release in a cluster agree with what the ledger wants there. */
type SourceState = 'in-step' | 'behind' | 'held' | 'retired';

interface SourceCount {
  readonly org: string;
  readonly environment: string;
  readonly state: SourceState;
  readonly count: number;
}

/**
 * What can be seen only by looking: what waits, for how long, and how many apps are out of step. Looks into the ledger and
 * `incoming`, and not at all while nobody listens. What can't be read is left out: there is a log for that.
 */
export async function measureState(ports: Ports, studio: Studio, now: Date): Promise<void> {
  if (!ports.telemetry.isOn) return;
  await Promise.allSettled([measureIncoming(ports, now), measureBacklog(ports, studio), measureSources(ports, studio)]);
}

async function measureIncoming({ artifacts, telemetry }: Ports, now: Date): Promise<void> {
  const ages = (await artifacts.listIncoming()).map(({ lastModified }) => now.getTime() - lastModified.getTime());
  telemetry.record('incomingBlobs', ages.length);
  telemetry.record('incomingAge', Math.max(0, ...ages) / 1000);
}

async function measureBacklog({ ledger, telemetry }: Ports, studio: Studio): Promise<void> {
  const { inFlight, silent, lagSeconds } = await ledger.backlog(studio.clusterSilenceMinutes);
  for (const { count, ...facts } of inFlight) telemetry.record('inFlight', count, facts);
  for (const { count, seconds, ...facts } of silent) {
    telemetry.record('silentDeployments', count, facts);
    telemetry.record('silence', seconds, facts);
  }
  telemetry.record('reconcileLag', lagSeconds);
}

async function measureSources({ ledger, telemetry }: Ports, studio: Studio): Promise<void> {
  const [releases, holds] = await Promise.all([ledger.releases(), ledger.holds()]);
  for (const { count, ...facts } of countSources(releases, holds, studio)) telemetry.record('sources', count, facts);
}

/** By cluster and state. Pure. A hold on a cluster's sources holds all apps there that are not in step by themselves. */
export function countSources(
  releases: readonly LedgerRelease[],
  holds: readonly Hold[],
  studio: Studio,
): SourceCount[] {
  const held = new Set(holds.map(({ org, environment, app }) => `${environment}/${org}/${app}`));
  const counts = new Map<string, SourceCount>();
  for (const release of releases) {
    const { org, environment } = release;
    const isConfigured = studio.environments.some(({ name, orgs }) => name === environment && orgs.includes(org));
    const state = isConfigured ? stateOf(release, held) : 'held';
    const key = `${environment}/${org}/${state}`;
    counts.set(key, { org, environment, state, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

function stateOf({ org, app, environment, ...release }: LedgerRelease, held: ReadonlySet<string>): SourceState {
  if (held.has(`${environment}/${org}/${app}`)) return 'held';
  if (release.retiredAt !== undefined) return 'retired';
  const isPublished = release.publishedSequence === release.wantedSequence;
  if (isPublished && release.sourceSince !== undefined) return 'in-step';
  return held.has(`${environment}/${org}/`) ? 'held' : 'behind';
}
