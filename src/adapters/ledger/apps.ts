import type { AppLedger, AppOverview } from '../../ledger.ts';
import type { Deployment } from '../../model/deployment.ts';
import type { Database } from '../postgres.ts';
import { type AppRow, type DeploymentRow, type ReleaseRow, toApp, toDeployment, toRelease } from './rows.ts';

type OverviewRow = ReleaseRow & {
  wanted_deployment: string | null;
  published_deployment: string | null;
  published_at: Date | null;
  applied_deployment: string | null;
  applied_at: Date | null;
  helm_revision: number | null;
};

export function makeAppLedger(db: Database): AppLedger {
  return {
    async apps() {
      return (await db.query<AppRow>('select * from pull_deploy.apps order by org, app')).map(toApp);
    },

    async overview(org, { app, after, limit }) {
      const apps = await db.query<AppRow>(
        `select * from pull_deploy.apps
          where org = $1 and ($2::text is null or app = $2) and ($3::text is null or app > $3) order by app limit $4`,
        [org, app ?? null, after ?? null, limit],
      );
      const releases = await db.query<OverviewRow>(
        'select * from pull_deploy.releases where org = $1 and app = any($2) order by environment',
        [org, apps.map((row) => row.app)],
      );
      const deployments = await selectDeploymentsById(db, releases.flatMap(deploymentsOf));
      return apps.map((row) => ({
        ...toApp(row),
        releases: releases.filter(({ app }) => app === row.app).map((release) => toOverview(release, deployments)),
      }));
    },

    async registerApp({ org, app }, repositoryUpdatedAt) {
      const [row] = await db.query<{ is_new: boolean }>(
        `insert into pull_deploy.apps as a (org, app, repository_updated_at) values ($1, $2, $3)
         on conflict (org, app) do update
           set repository_updated_at = coalesce(excluded.repository_updated_at, a.repository_updated_at), missing_since = null
         returning xmax = 0 as is_new`,
        [org, app, repositoryUpdatedAt ?? null],
      );
      return row?.is_new ?? false;
    },

    async otherRepositories(org) {
      const rows = await db.query<{ name: string; repository_updated_at: Date }>(
        'select name, repository_updated_at from pull_deploy.other_repositories where org = $1',
        [org],
      );
      return new Map(rows.map((row) => [row.name, row.repository_updated_at]));
    },

    async recordOtherRepository(org, name, updatedAt) {
      await db.query(
        `insert into pull_deploy.other_repositories (org, name, repository_updated_at) values ($1, $2, $3)
         on conflict (org, name) do update set repository_updated_at = excluded.repository_updated_at`,
        [org, name, updatedAt],
      );
    },

    async recordMissing(org, apps) {
      await db.query(
        `update pull_deploy.apps
            set missing_since = case when app = any($2) then coalesce(missing_since, clock_timestamp()) end
          where org = $1 and (app = any($2)) is distinct from (missing_since is not null)`,
        [org, apps],
      );
    },
  };
}

/** Mostly one and the same. */
const deploymentsOf = (row: OverviewRow): string[] =>
  [row.wanted_deployment, row.published_deployment, row.applied_deployment].filter((id) => id !== null);

async function selectDeploymentsById(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, Deployment>> {
  const rows = await db.query<DeploymentRow>('select * from pull_deploy.deployments where id = any($1::uuid[])', [
    [...new Set(ids)],
  ]);
  return new Map(rows.map((row) => [row.id, toDeployment(row)]));
}

function toOverview(row: OverviewRow, deployments: ReadonlyMap<string, Deployment>): AppOverview['releases'][number] {
  return {
    ...toRelease(row),
    publishedAt: row.published_at ?? undefined,
    wanted: deployments.get(row.wanted_deployment ?? ''),
    published: deployments.get(row.published_deployment ?? ''),
    applied: deployments.get(row.applied_deployment ?? ''),
    appliedAt: row.applied_at ?? undefined,
    helmRevision: row.helm_revision ?? undefined,
  };
}
