import { toAppError } from '../errors.ts';
import { forEachBounded } from '../for-each-bounded.ts';
import { HANGS_MS, HangGuard } from '../hang-guard.ts';
import type { Hold, LedgerRelease } from '../ledger.ts';
import type { Studio } from '../model/environments.ts';
import type { Ports } from '../ports.ts';
import { publishRelease } from '../publish/publish-release.ts';
import { ensureKustomization, publishSources } from '../publish/publish-sources.ts';
import { desiredState, isSmall, makeLook, observe, shareOf } from './observe.ts';
import { type Change, type ClusterKey, keyOfCluster, planChanges } from './plan-changes.ts';

export interface ReconcileSummary {
  readonly apps: number;
  readonly planned: number;
  /** Of the planned ones: for the next pass, because the time of this one was over. */
  readonly left: number;
  readonly releasesPublished: number;
  readonly sourcesPublished: number;
  readonly unknownSources: readonly string[];
  readonly failures: number;
  readonly holds: number;
  readonly durationMs: number;
}

const PASS_MS = 60_000;
const PROGRESS_MS = 1_000;
/** From the start of a pass, of the 240 s that a function has (`host.json`). */
export const PASS_LIMITS = {
  /** Then nothing more is looked at. */
  lookMs: 60_000,
  /** Then no more releases are begun. The sources of what was published by then are written after it. */
  releasesMs: 150_000,
  /** Then no more sources are begun. */
  sourcesMs: 170_000,
  hangsMs: HANGS_MS,
};

/**
 * Storage is made to match the ledger, whoever or whatever changed it.
 *
 * - read all state: the ledger's, in three statements, and by HEAD what of it is in storage
 * - plan: what to write, releases before sources; never a removal
 * - apply, some at once; what fails is held: told by health, and tried again by the next pass
 *
 * A failure keeps nobody else waiting, nor does an environment whose storage hangs. A pass with nothing to do writes
 * nothing, and makes one request for each cluster. A pass with more to do than it has time for leaves the rest to the next
 * one: what is published then is planned no more.
 */
export async function reconcileSources(
  ports: Ports,
  studio: Studio,
  now: Date,
  limits = PASS_LIMITS,
): Promise<ReconcileSummary> {
  const started = performance.now();
  const pass = Math.floor(now.getTime() / PASS_MS);
  const [{ apps, releases }, clusters, holds] = await Promise.all([
    ports.ledger.appsAndReleases(),
    ports.ledger.clusters(),
    ports.ledger.holds(),
  ]);
  const ledgered = { apps, releases, clusters, holds };
  const desired = desiredState(studio, ledgered);
  // Of these the file beside the sources is looked at: instead of them, unless there are only a few.
  const guarded = shareOf(desired.clusters, pass);
  const isLate = (ms: number) => () => performance.now() - started > ms;
  const hangGuard = new HangGuard(limits.hangsMs);
  const look = makeLook(ports, hangGuard, isLate(limits.lookMs));
  // What is held is looked at each time, like the releases.
  const held = new Set(holds.filter(({ app }) => app === '').map(keyOfCluster));
  const others = isSmall(desired.clusters) ? [] : guarded.filter((one) => !held.has(keyOfCluster(one)));
  const observed = await observe(look, ledgered, desired, pass, others);
  const changes = planChanges(desired, observed.state);
  const progress = new Pass(ports, hangGuard, holds, changes.length);
  try {
    const of = (kind: Change['kind']) => changes.filter((change) => change.kind === kind);
    const apply = (change: Change) => progress.apply(studio, change);
    await forEachBounded(of('publishRelease'), apply, { isTooLate: isLate(limits.releasesMs) });
    const isTooLate = isLate(limits.sourcesMs);
    await forEachBounded(of('publishSources'), apply, { isTooLate });
    const alsoHeld = desired.clusters.filter((one) => held.has(keyOfCluster(one)) && !guarded.includes(one));
    for (const cluster of observed.unseen) progress.keep(cluster);
    await forEachBounded([...guarded, ...alsoHeld], async (cluster) =>
      isTooLate() ? progress.keep(cluster) : progress.guard(studio, cluster),
    );
    await progress.holdUnconfigured(studio, releases);
    await progress.clearSettled(changes);
  } finally {
    progress.stop();
  }
  const summary = {
    apps: apps.length,
    planned: changes.length,
    ...progress.counts(),
    durationMs: Math.round(performance.now() - started),
  };
  ports.telemetry.record('reconcileChanges', summary.releasesPublished, { change: 'release' });
  ports.telemetry.record('reconcileChanges', summary.sourcesPublished, { change: 'source' });
  if (summary.unknownSources.length > 0)
    ports.log.warn('sources hold entries that the ledger does not know', { unknownSources: summary.unknownSources });
  ports.log.info('reconcile pass', summary);
  return summary;
}

/** What has been done so far in one pass, and what is held. */
class Pass {
  private readonly ports: Ports;
  private readonly hangGuard: HangGuard;
  private readonly before: ReadonlyMap<string, Hold>;
  private readonly held = new Set<string>();
  private readonly unknownSources: string[] = [];
  private readonly timer: NodeJS.Timeout;
  private releasesPublished = 0;
  private sourcesPublished = 0;
  private failures = 0;
  private done = 0;
  private readonly planned: number;

  constructor(ports: Ports, hangGuard: HangGuard, holds: readonly Hold[], planned: number) {
    this.ports = ports;
    this.hangGuard = hangGuard;
    this.planned = planned;
    this.before = new Map(holds.map((hold) => [keyOf(hold), hold]));
    this.timer = setInterval(() => ports.log.info('reconcile progress', { done: this.done, planned }), PROGRESS_MS);
  }

  async apply(studio: Studio, change: Change): Promise<void> {
    const { org, environment } = change;
    const app = change.kind === 'publishRelease' ? change.app : '';
    const isTried = await this.attempt({ environment, org, app }, async () => {
      if (change.kind === 'publishRelease') {
        if ((await publishRelease(this.ports, studio, { org, app, environment })).changed) this.releasesPublished++;
        return;
      }
      const outcome = await publishSources(this.ports, studio, org, environment);
      if (outcome.changed) this.sourcesPublished++;
      this.unknownSources.push(...outcome.unknown.map((name) => `${environment}/${name}`));
    });
    if (isTried) this.done++;
  }

  /** It was not looked at: what was held before stays so. */
  keep({ environment, org, app = '' }: ClusterKey & { readonly app?: string }): void {
    const key = keyOf({ environment, org, app });
    if (this.before.has(key)) this.held.add(key);
  }

  /** Looks at the file beside the sources, where the sources themselves are not in doubt. */
  async guard(studio: Studio, { org, environment }: ClusterKey): Promise<void> {
    const about = { environment, org, app: '' };
    if (this.held.has(keyOf(about))) return;
    await this.attempt(about, async () => {
      if (await ensureKustomization(this.ports, studio, org, environment)) this.sourcesPublished++;
    });
  }

  /** An environment, or an org's cluster, that is gone from the file: nothing is changed there, and health says so. */
  async holdUnconfigured(studio: Studio, releases: readonly LedgerRelease[]): Promise<void> {
    const clusters = new Map(releases.map(({ org, environment }) => [`${org}/${environment}`, { org, environment }]));
    for (const { org, environment } of clusters.values()) {
      const configured = studio.environments.find(({ name }) => name === environment);
      if (configured?.orgs.includes(org)) continue;
      const code = configured === undefined ? 'ENVIRONMENT_UNKNOWN' : 'CLUSTER_UNKNOWN';
      const what = configured === undefined ? 'the environment is' : 'the org has a cluster there that is';
      await this.hold({
        environment,
        org,
        app: '',
        code,
        message: `${what} not in the environments file any more; nothing is changed there`,
      });
    }
  }

  /** What was held before and is neither planned nor held now has settled itself. */
  async clearSettled(changes: readonly Change[]): Promise<void> {
    const tried = new Set(
      changes.map((change) => keyOf({ ...change, app: change.kind === 'publishRelease' ? change.app : '' })),
    );
    for (const [key, hold] of this.before)
      if (!this.held.has(key) && !tried.has(key)) await this.ports.ledger.clearHold(hold);
  }

  counts() {
    const { releasesPublished, sourcesPublished, unknownSources, failures, left } = this;
    return { left, releasesPublished, sourcesPublished, unknownSources, failures, holds: this.held.size };
  }

  private get left(): number {
    return this.planned - this.done;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** False where storage hangs: left to the next pass. */
  private async attempt(about: Pick<Hold, 'environment' | 'org' | 'app'>, work: () => Promise<void>): Promise<boolean> {
    if (this.hangGuard.hangs(about.environment)) {
      this.keep(about);
      return false;
    }
    try {
      await this.hangGuard.watch(about.environment, work);
      if (this.before.has(keyOf(about)) && !this.held.has(keyOf(about))) await this.ports.ledger.clearHold(about);
    } catch (thrown) {
      this.failures++;
      const error = toAppError(thrown);
      this.ports.log.error('reconcile failed', { ...about, code: error.code, error });
      await this.hold({ ...about, code: error.code, message: error.message });
    }
    return true;
  }

  private async hold(hold: Omit<Hold, 'since'>): Promise<void> {
    this.held.add(keyOf(hold));
    const known = this.before.get(keyOf(hold));
    if (known?.code === hold.code && known.message === hold.message) return;
    const { message: reason, ...about } = hold;
    this.ports.log.error('held', { ...about, reason });
    // A database that is down can't keep it: the log has it.
    await this.ports.ledger.recordHold(hold).catch(() => {});
  }
}

const keyOf = ({ environment, org, app }: Pick<Hold, 'environment' | 'org' | 'app'>): string =>
  `${environment}/${org}/${app}`;
