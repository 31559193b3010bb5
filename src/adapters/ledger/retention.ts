import type { RetentionLedger } from '../../ledger-upkeep.ts';
import { AWAITS_ARTIFACT } from '../../model/deployment.ts';
import type { ArtifactPath } from '../../model/names.ts';
import type { Retention } from '../../model/policy.ts';
import type { Database, Queryable } from '../postgres.ts';
import { insertEvent } from './statements.ts';

/** Longer than a function may run (240 s): whoever began a removal and has not come back is dead. */
const REMOVAL_LEASE = "interval '10 minutes'";
/** An immutability policy or a legal hold is not over within the hour. */
const REFUSED_FOR = "interval '1 day'";

type ArtifactRow = { deployment_id: string; org: string; app: string; environment: string };

/**
 * The artifacts that may go: not among the last $1 of their app and environment, over $2 days old, and none of those that
 * stay whatever their age. $5 asks about one. What is held is left alone: the database may be an older one by then.
 * One walk along an index finds the few that are old enough; only they are looked at further.
 */
const REMOVABLE = `
  with ranked as (
    select n.*, row_number() over (partition by org, app, environment order by archived_at desc, deployment_id desc) as rank
      from pull_deploy.artifacts n
     where removing_at is null
       and ($5::uuid is null or (org, app, environment) =
              (select one.org, one.app, one.environment from pull_deploy.artifacts one where one.deployment_id = $5))),
  aged as materialized (
    select * from ranked
     where rank > $1 and archived_at < statement_timestamp() - $2::int * interval '1 day'
       and (retry_at is null or retry_at <= statement_timestamp())
       and ($5::uuid is null or deployment_id = $5)),
  concerned as materialized (
    select r.org, r.app, r.environment,
           array[r.wanted_deployment, r.published_deployment, r.applied_deployment] || array(
             select g.id from pull_deploy.artifacts ga join pull_deploy.deployments g on g.id = ga.deployment_id
              where (ga.org, ga.app, ga.environment) = (r.org, r.app, r.environment) and ga.removing_at is null
                and (g.applied_at is not null or (g.published_at is not null and g.state <> 'failed'))
              order by ga.archived_at desc, ga.deployment_id desc limit $3::int) as staying
      from (select distinct org, app, environment from aged) one
      join pull_deploy.releases r on (r.org, r.app, r.environment) = (one.org, one.app, one.environment)
     where not exists (select 1 from pull_deploy.holds h
                        where (h.environment, h.org) = (r.environment, r.org) and h.app in (r.app, '')))
  select a.deployment_id, a.org, a.app, a.environment, a.archived_at
    from aged a
    join concerned c on (c.org, c.app, c.environment) = (a.org, a.app, a.environment)
    join pull_deploy.deployments d on d.id = a.deployment_id
   where a.deployment_id <> all(array_remove(c.staying, null)) and d.blocked_at is null and d.state <> all($4)
     and not exists (select 1 from pull_deploy.deployments f where f.from_deployment = d.id and f.state = any($4))`;

const rules = ({ keepLast, keepDays, keepGood, immutableDays }: Retention, id?: string): unknown[] => [
  ...[keepLast, Math.max(keepDays, immutableDays), keepGood, AWAITS_ARTIFACT, id ?? null],
];

/**
 * What goes, by database time. A removal and a request that takes its artifact from the same deployment meet at that
 * deployment's row: either the removal sees the request, or the request hears that it came too late.
 */
export function makeRetentionLedger(db: Database): RetentionLedger {
  return {
    async removable(retention, limit) {
      const begun = await selectBegun(db, limit);
      if (begun.length >= limit) return begun;
      const rows = await db.query<ArtifactRow>(`${REMOVABLE} order by a.archived_at, a.deployment_id limit $6`, [
        ...rules(retention),
        limit - begun.length,
      ]);
      return [...begun, ...rows.map(toPath)];
    },

    beginRemoval: (id, retention) =>
      db.transaction(async (tx) => {
        await lockForRemoval(tx, id);
        // Statements of their own, so that they see all that was committed before the locks were had.
        const [row] = await tx.query<{ is_new: boolean }>(
          `update pull_deploy.artifacts a
              set removing_at = coalesce(removing_at, statement_timestamp()), retry_at = statement_timestamp() + ${REMOVAL_LEASE}
             from (select removing_at is null as is_new from pull_deploy.artifacts where deployment_id = $5) before
            where deployment_id = $5 and (retry_at is null or retry_at <= statement_timestamp())
              and (removing_at is not null or exists (${REMOVABLE}))
            returning before.is_new`,
          rules(retention, id),
        );
        if (row?.is_new)
          await tx.query(
            'update pull_deploy.deployments set artifact_removed_at = statement_timestamp() where id = $1',
            [id],
          );
        return row !== undefined;
      }),

    finishRemoval: (id, event) =>
      db.transaction(async (tx) => {
        const rows = await tx.query(
          'delete from pull_deploy.artifacts where deployment_id = $1 and removing_at is not null returning 1',
          [id],
        );
        if (rows.length > 0) await insertEvent(tx, id, 'artifactRemoved', event);
        return rows.length > 0;
      }),

    putOffRemoval: (id, isWhole) =>
      db.transaction(async (tx) => {
        await lockForRemoval(tx, id);
        const rows = await tx.query(
          `update pull_deploy.artifacts
              set retry_at = statement_timestamp() + ${REFUSED_FOR}, removing_at = case when $2 then null else removing_at end
            where deployment_id = $1 and removing_at is not null returning 1`,
          [id, isWhole],
        );
        if (isWhole && rows.length > 0)
          await tx.query('update pull_deploy.deployments set artifact_removed_at = null where id = $1', [id]);
      }),

    async removeIdempotencyKeys(hours, limit) {
      const rows = await db.query(
        `delete from pull_deploy.idempotency_keys where (caller, org, app, key) in (
           select caller, org, app, key from pull_deploy.idempotency_keys
            where created_at < statement_timestamp() - $1::int * interval '1 hour'
            order by created_at limit $2 for update skip locked)
         returning 1`,
        [hours, limit],
      );
      return rows.length;
    },

    async walk(container) {
      const [row] = await db.query<{ marker: string | null; blobs: string; found: string; now: Date }>(
        `select w.marker, coalesce(w.blobs, 0) as blobs, coalesce(w.found, 0) as found, clock_timestamp() as now
           from (select 1) one left join pull_deploy.walks w on w.container = $1`,
        [container],
      );
      return {
        marker: row?.marker ?? undefined,
        blobs: Number(row?.blobs),
        found: Number(row?.found),
        now: row?.now as Date,
      };
    },

    async recordWalk(container, { marker, blobs, found }) {
      await db.query(
        `insert into pull_deploy.walks (container, marker, blobs, found) values ($1, $2, $3, $4)
         on conflict (container) do update set marker = excluded.marker, blobs = excluded.blobs, found = excluded.found`,
        [container, marker ?? null, blobs, found],
      );
    },

    async unknownArtifacts(ids) {
      const rows = await db.query<{ id: string }>(
        `select given.id from unnest($1::uuid[]) as given (id)
          where not exists (select 1 from pull_deploy.artifacts a where a.deployment_id = given.id)
            and not exists (select 1 from pull_deploy.deployments d where d.id = given.id and d.kind = 'undeploy')`,
        [ids],
      );
      return rows.map(({ id }) => id);
    },
  };
}

async function selectBegun(db: Queryable, limit: number): Promise<ArtifactPath[]> {
  const rows = await db.query<ArtifactRow>(
    `select deployment_id, org, app, environment from pull_deploy.artifacts
      where removing_at is not null and retry_at <= statement_timestamp() order by removing_at limit $1`,
    [limit],
  );
  return rows.map(toPath);
}

/** From the release to the deployment, as everywhere: what is wanted, and who takes from it, stays as it is seen now. */
async function lockForRemoval(tx: Queryable, id: string): Promise<void> {
  await tx.query(
    `select 1 from pull_deploy.releases r
       join pull_deploy.artifacts a on (a.org, a.app, a.environment) = (r.org, r.app, r.environment)
      where a.deployment_id = $1 for update of r`,
    [id],
  );
  await tx.query('select 1 from pull_deploy.deployments where id = $1 for no key update', [id]);
}

function toPath({ deployment_id: deploymentId, org, app, environment }: ArtifactRow): ArtifactPath {
  return { org, app, environment, deploymentId };
}
