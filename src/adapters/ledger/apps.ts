import type { AppLedger, AppOverview } from '../../ledger.ts';
import type { Database } from '../postgres.ts';
import { type AppRow, type DeploymentRow, type ReleaseRow, toApp, toDeployment, toRelease } from './rows.ts';

type OverviewRow = ReleaseRow & {
  published_at: Date | null;
  wanted: DeploymentRow | null;
  published: DeploymentRow | null;
  applied: DeploymentRow | null;
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
        `select r.*, to_jsonb(w) as wanted, to_jsonb(p) as published, to_jsonb(a) as applied
           from pull_deploy.releases r
           left join pull_deploy.deployments w on w.id = r.wanted_deployment
           left join pull_deploy.deployments p on p.id = r.published_deployment
           left join pull_deploy.deployments a on a.id = r.applied_deployment
          where r.org = $1 and r.app = any($2) order by r.environment`,
        [org, apps.map((row) => row.app)],
      );
      return apps.map((row) => ({
        ...toApp(row),
        releases: releases.filter((release) => release.app === row.app).map(toOverview),
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

function toOverview(row: OverviewRow): AppOverview['releases'][number] {
  return {
    ...toRelease(row),
    publishedAt: row.published_at ?? undefined,
    wanted: row.wanted ? toDeployment(withDates(row.wanted)) : undefined,
    published: row.published ? toDeployment(withDates(row.published)) : undefined,
    applied: row.applied ? toDeployment(withDates(row.applied)) : undefined,
    appliedAt: row.applied_at ?? undefined,
    helmRevision: row.helm_revision ?? undefined,
  };
}

/** Inside JSON, times are text. */
const withDates = (row: DeploymentRow): DeploymentRow => ({
  ...row,
  created_at: new Date(row.created_at),
  updated_at: new Date(row.updated_at),
  published_at: row.published_at && new Date(row.published_at),
  blocked_at: row.blocked_at && new Date(row.blocked_at),
  cluster_event_at: row.cluster_event_at && new Date(row.cluster_event_at),
  applied_at: row.applied_at && new Date(row.applied_at),
  rolled_back_at: row.rolled_back_at && new Date(row.rolled_back_at),
  artifact_removed_at: row.artifact_removed_at && new Date(row.artifact_removed_at),
});
