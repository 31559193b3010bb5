import { METADATA_FILE } from '../build/check-app.ts';
import { toAppError } from '../errors.ts';
import type { LedgerApp } from '../ledger.ts';
import type { Studio } from '../model/environments.ts';
import { appNameProblems } from '../model/names.ts';
import type { Ports, Repository } from '../ports.ts';

const SETTLED_MS = 60_000;

export interface DiscoverySummary {
  readonly orgs: number;
  readonly repositories: number;
  readonly lookedInto: number;
  readonly newApps: readonly string[];
  readonly missingApps: readonly string[];
  readonly failures: number;
}

/**
 * Finds new apps in Gitea, in each org that has a cluster. Only repositories that changed since they were last looked
 * into are asked for their content, the last changed first. An app that Gitea has no more is shown as such, and stays.
 */
export async function discoverApps(ports: Ports, studio: Studio, now: Date): Promise<DiscoverySummary> {
  const orgs = [...new Set(studio.environments.flatMap(({ orgs }) => orgs))].sort();
  const apps = await ports.ledger.apps();
  const summary = {
    orgs: orgs.length,
    repositories: 0,
    lookedInto: 0,
    newApps: [] as string[],
    missingApps: [] as string[],
    failures: 0,
  };
  for (const org of orgs) {
    try {
      const found = await discoverInOrg(
        ports,
        now,
        org,
        apps.filter((app) => app.org === org),
      );
      summary.repositories += found.repositories;
      summary.lookedInto += found.lookedInto;
      summary.failures += found.failures;
      summary.newApps.push(...found.newApps.map((app) => `${org}/${app}`));
      summary.missingApps.push(...found.missing.map((app) => `${org}/${app}`));
    } catch (thrown) {
      // Gitea being down for one org, or for all, stops nothing else: the next pass looks again.
      summary.failures++;
      const error = toAppError(thrown);
      ports.log.error('discovery failed', { org, code: error.code, error });
    }
  }
  ports.log.info('discovery pass', summary);
  return summary;
}

async function discoverInOrg(ports: Ports, now: Date, org: string, known: readonly LedgerApp[]) {
  const { repositories, isComplete } = await ports.repositories.list(org);
  const knownApps = new Map(known.map((app) => [app.app, app]));
  const others = await ports.ledger.otherRepositories(org);
  const changed = repositories
    .filter(({ name, isEmpty }) => !isEmpty && appNameProblems({ org, app: name }).length === 0)
    .filter((repository) => isChanged(repository, knownApps.get(repository.name), others.get(repository.name)))
    .sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime());
  const newApps: string[] = [];
  let failures = 0;
  for (const repository of changed) {
    try {
      if (await lookInto(ports, org, repository, knownApps.has(repository.name), now)) newApps.push(repository.name);
    } catch (thrown) {
      // One that can't be shown keeps no other waiting; it is looked into again, since nothing is kept of it.
      failures++;
      const error = toAppError(thrown);
      ports.log.error('repository could not be looked into', {
        org,
        repository: repository.name,
        code: error.code,
        error,
      });
    }
  }
  // A list that doesn't add up proves nothing missing.
  const missing = isComplete ? await findMissing(ports, org, known, repositories) : [];
  if (isComplete) await ports.ledger.recordMissing(org, missing);
  return { repositories: repositories.length, lookedInto: changed.length, newApps, missing, failures };
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

/** Pages shift while repositories come and go: each that is newly missing is asked for by its name. */
async function findMissing(
  ports: Ports,
  org: string,
  known: readonly LedgerApp[],
  repositories: readonly Repository[],
): Promise<string[]> {
  const listed = new Set(repositories.map(({ name }) => name));
  const missing: string[] = [];
  for (const { app, missingSince } of known) {
    if (listed.has(app)) continue;
    if (missingSince !== undefined || !(await ports.repositories.exists({ org, app }))) missing.push(app);
  }
  return missing;
}

function isChanged(repository: Repository, app: LedgerApp | undefined, other: Date | undefined): boolean {
  const seen = app === undefined ? other : app.repositoryUpdatedAt;
  return seen === undefined || repository.updatedAt.getTime() > seen.getTime();
}
