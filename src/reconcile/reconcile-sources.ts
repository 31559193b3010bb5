import { toAppError } from '../errors.ts';
import type { Studio } from '../model/environments.ts';
import type { ReleaseKey } from '../model/names.ts';
import type { LedgerRelease, Ports } from '../ports.ts';
import { publishRelease, releasePlace } from '../publish/publish-release.ts';
import { ensureKustomization, publishSources } from '../publish/publish-sources.ts';
import { planReleases } from './plan-releases.ts';

export interface ReconcileSummary {
  readonly apps: number;
  readonly releasesPublished: number;
  readonly releasesInspected: number;
  readonly sourcesPublished: number;
  readonly unknownSources: readonly string[];
  readonly failures: number;
}

const CONCURRENCY = 8;
const PASS_MS = 60_000;

/**
 * Storage is made to match the ledger, whoever or whatever changed it.
 *
 * - releases that are new or behind are published; a share of the others is looked at in storage
 * - each cluster's sources name every app whose release is there
 *
 * What fails is logged and left for the next pass: one app or cluster never keeps another waiting.
 */
export async function reconcileSources(ports: Ports, studio: Studio, now: Date): Promise<ReconcileSummary> {
  const [apps, releases] = await Promise.all([ports.ledger.apps(), ports.ledger.releases()]);
  const plan = planReleases(studio, apps, releases, Math.floor(now.getTime() / PASS_MS));
  let releasesPublished = 0;
  let sourcesPublished = 0;
  let failures = 0;
  const unknownSources: string[] = [];
  const attempt = async (about: object, work: () => Promise<void>) => {
    try {
      await work();
    } catch (thrown) {
      failures++;
      const error = toAppError(thrown);
      ports.log.error('reconcile failed', { ...about, code: error.code, error });
    }
  };
  const publish = (key: ReleaseKey) =>
    attempt({ org: key.org, app: key.app, environment: key.environment }, async () => {
      if ((await publishRelease(ports, studio, key)).changed) releasesPublished++;
    });

  await forEach(plan.publish, publish);
  await forEach(plan.inspect, async (release) => {
    if (!(await isIntact(ports, release))) await publish(release);
  });
  await forEach(plan.clusters, ({ org, environment }) =>
    attempt({ org, environment }, async () => {
      const outcome = await publishSources(ports, studio, org, environment);
      if (outcome.changed) sourcesPublished++;
      unknownSources.push(...outcome.unknown.map((name) => `${environment}/${name}`));
      await ensureKustomization(ports, studio, org, environment);
    }),
  );

  const summary = {
    apps: apps.length,
    releasesPublished,
    releasesInspected: plan.inspect.length,
    sourcesPublished,
    unknownSources,
    failures,
  };
  if (unknownSources.length > 0)
    ports.log.warn('sources hold entries that the ledger does not know', { unknownSources });
  ports.log.info('reconcile pass', summary);
  return summary;
}

/** Unreachable storage is not a reason to write: it is found again by the next pass. */
async function isIntact(ports: Ports, release: LedgerRelease): Promise<boolean> {
  try {
    return (await ports.documents.etag(releasePlace(release))) === release.publishedEtag;
  } catch {
    return true;
  }
}

async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
