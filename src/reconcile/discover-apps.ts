import { METADATA_FILE } from '../build/check-app.ts';
import { toAppError } from '../errors.ts';
import { forEachBounded } from '../for-each-bounded.ts';
import type { LedgerApp } from '../ledger.ts';
import type { Studio } from '../model/environments.ts';
import { appNameProblems } from '../model/names.ts';
import type { Ports, Repository } from '../ports.ts';

const SETTLED_MS = 60_000;
const PASS_MS = 600_000;
const PROGRESS_MS = 1_000;
/** From the start of a pass, of the 240 s that a function has (`host.json`); then nothing more is begun. */
const LOOK_MS = 150_000;

export interface DiscoverySummary {
  readonly orgs: number;
  readonly repositories: number;
  readonly lookedInto: number;
  readonly newApps: readonly string[];
  readonly missingApps: readonly string[];
  readonly failures: number;
  /** Orgs that were not looked through to the end, because the time of the pass was over: the next one goes on. */
  readonly left: number;
}

/**
 * Finds new apps in Gitea, in each org that has a cluster. Only repositories that changed since they were last looked
 * into are asked for their content, the last changed first, some at once. An app that Gitea has no more is shown as such, and
 * stays. Each pass begins with another org, so that a slow one keeps no other waiting for ever.
 */
export async function discoverApps(
  ports: Ports,
  studio: Studio,
  now: Date,
  lookMs = LOOK_MS,
): Promise<DiscoverySummary> {
  const started = performance.now();
  const isTooLate = () => performance.now() - started > lookMs;
  const orgs = [...new Set(studio.environments.flatMap(({ orgs }) => orgs))].sort();
  const first = Math.floor(now.getTime() / PASS_MS) % orgs.length;
  const apps = await ports.ledger.apps();
  const summary = {
    ...{ orgs: orgs.length, repositories: 0, lookedInto: 0 },
    ...{ newApps: [] as string[], missingApps: [] as string[], failures: 0, left: 0 },
  };
  const timer = setInterval(() => {
    const { newApps, missingApps, ...counts } = summary;
    ports.log.info('discovery progress', { ...counts, newApps: newApps.length, missingApps: missingApps.length });
  }, PROGRESS_MS);
  try {
    for (const org of [...orgs.slice(first), ...orgs.slice(0, first)]) {
      const known = apps.filter((app) => app.org === org);
      if (isTooLate()) summary.left++;
      else
        await discoverInOrg(ports, now, org, known, summary, isTooLate).catch((thrown) => {
          // Gitea being down for one org, or for all, stops nothing else: the next pass looks again.
          summary.failures++;
          const error = toAppError(thrown);
          ports.log.error('discovery failed', { org, code: error.code, error });
        });
    }
  } finally {
    clearInterval(timer);
  }
  for (const names of [summary.newApps, summary.missingApps]) names.sort();
  ports.log.info('discovery pass', summary);
  return summary;
}

type Counts = { -readonly [K in keyof DiscoverySummary]: DiscoverySummary[K] } & {
  readonly newApps: string[];
  readonly missingApps: string[];
};

async function discoverInOrg(
  ports: Ports,
  now: Date,
  org: string,
  known: readonly LedgerApp[],
  counts: Counts,
  isTooLate: () => boolean,
): Promise<void> {
  const { repositories, isComplete } = await ports.repositories.list(org, isTooLate);
  counts.repositories += repositories.length;
  const knownApps = new Map(known.map((app) => [app.app, app]));
  const others = await ports.ledger.otherRepositories(org);
  const changed = repositories
    .filter(({ name, isEmpty }) => !isEmpty && appNameProblems({ org, app: name }).length === 0)
    .filter((repository) => isChanged(repository, knownApps.get(repository.name), others.get(repository.name)))
    .sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime());
  let begun = 0;
  await forEachBounded(
    changed,
    async (repository) => {
      begun++;
      counts.lookedInto++;
      try {
        const isNew = await lookInto(ports, org, repository, knownApps.has(repository.name), now);
        if (isNew) counts.newApps.push(`${org}/${repository.name}`);
      } catch (thrown) {
        // One that can't be shown keeps no other waiting; it is looked into again, since nothing is kept of it.
        counts.failures++;
        const error = toAppError(thrown);
        const about = { org, repository: repository.name, code: error.code };
        ports.log.error('repository could not be looked into', { ...about, error });
      }
    },
    { isTooLate },
  );
  // A list that doesn't add up proves nothing missing.
  const missing = isComplete ? await findMissing(ports, org, known, repositories, isTooLate) : undefined;
  if (begun < changed.length || (missing === undefined && isTooLate())) counts.left++;
  if (missing === undefined) return;
  counts.missingApps.push(...missing.map((app) => `${org}/${app}`));
  await ports.ledger.recordMissing(org, missing);
}

/** Whether it is a new app. */
async function lookInto(
  ports: Ports,
  org: string,
  { name, updatedAt }: Repository,
  isKnown: boolean,
  now: Date,
): Promise<boolean> {
  if (!isKnown && !(await ports.repositories.hasFile({ org, app: name }, METADATA_FILE))) {
    // Its time has seconds only: one that has just changed may change again without showing it.
    if (now.getTime() - updatedAt.getTime() > SETTLED_MS)
      await ports.ledger.recordOtherRepository(org, name, updatedAt);
    return false;
  }
  const isNew = await ports.ledger.registerApp({ org, app: name }, updatedAt);
  if (isNew) ports.log.info('app discovered', { org, app: name });
  return isNew;
}

/** Pages shift while repositories come and go: each that is newly missing is asked for by its name. Undefined: no time for it. */
async function findMissing(
  ports: Ports,
  org: string,
  known: readonly LedgerApp[],
  repositories: readonly Repository[],
  isTooLate: () => boolean,
): Promise<string[] | undefined> {
  const listed = new Set(repositories.map(({ name }) => name));
  const missing: string[] = [];
  for (const { app, missingSince } of known) {
    if (listed.has(app)) continue;
    if (isTooLate()) return undefined;
    if (missingSince !== undefined || !(await ports.repositories.exists({ org, app }))) missing.push(app);
  }
  return missing;
}

function isChanged(repository: Repository, app: LedgerApp | undefined, other: Date | undefined): boolean {
  const seen = app === undefined ? other : app.repositoryUpdatedAt;
  return seen === undefined || repository.updatedAt.getTime() > seen.getTime();
}
