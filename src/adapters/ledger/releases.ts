import { AppError } from '../../errors.ts';
import type { Hold, LedgerCluster, ReleaseLedger } from '../../ledger.ts';
import { AWAITS_ARTIFACT } from '../../model/deployment.ts';
import { isDeploymentId, type ReleaseKey } from '../../model/names.ts';
import type { Database, Queryable } from '../postgres.ts';
import { finishPublished } from './progress.ts';
import { type ReleaseRow, toRelease } from './rows.ts';
import { insertRelease, keyValues, notMigrated } from './statements.ts';

type StatusRow = {
  installation: string;
  wanted_sequence: string | null;
  wanted_deployment: string | null;
  published_sequence: string | null;
  source_since: Date | null;
  sources_etag: string | null;
  knows_stored: boolean;
};

const HOLD = 'environment, org, app, code, message, since';
const LONGEST_FIRST = 'since, environment, org, app';

export function makeReleaseLedger(db: Database): ReleaseLedger {
  return {
    async releaseStatus(key, stored) {
      const [row] = await db.prepared<StatusRow>(
        `select i.id as installation, r.wanted_sequence, r.wanted_deployment, r.published_sequence, r.source_since, c.sources_etag,
                coalesce((select d.sequence = $5 and (d.org, d.app, d.environment) = ($1, $2, $3)
                            from pull_deploy.deployments d where d.id = $4::uuid), false) as knows_stored
           from pull_deploy.installation i
           left join pull_deploy.releases r on (r.org, r.app, r.environment) = ($1, $2, $3)
           left join pull_deploy.clusters c on (c.org, c.environment) = ($1, $3)`,
        [
          ...keyValues(key),
          stored && isDeploymentId(stored.deploymentId) ? stored.deploymentId : null,
          stored?.sequence ?? null,
        ],
      );
      if (row === undefined) throw notMigrated();
      return {
        installation: row.installation,
        wanted:
          row.wanted_sequence === null
            ? undefined
            : { sequence: Number(row.wanted_sequence), deploymentId: row.wanted_deployment ?? undefined },
        publishedSequence: row.published_sequence === null ? undefined : Number(row.published_sequence),
        hasSource: row.source_since !== null,
        sourcesEtag: row.sources_etag ?? undefined,
        knowsStored: row.knows_stored,
      };
    },

    async recordPublished(key, { sequence, deploymentId, digest, etag }) {
      const record = () =>
        finishPublished(
          db,
          `update pull_deploy.releases
              set published_sequence = $4, published_deployment = $5, published_digest = $6, published_etag = $7,
                  published_at = clock_timestamp()
            where (org, app, environment) = ($1, $2, $3) and coalesce(published_sequence, 0) <= $4
              and (published_sequence is distinct from $4 or published_etag is distinct from $7)
           returning source_since, published_deployment`,
          [...keyValues(key), sequence, deploymentId ?? null, digest, etag],
        );
      const moved = await record();
      if (moved.length > 0 || deploymentId !== undefined) return moved;
      // Nothing was ever asked for it: there may be no row yet.
      await insertRelease(db, key);
      return record();
    },

    recordSources: (org, environment, apps) =>
      finishPublished(
        db,
        `update pull_deploy.releases set source_since = clock_timestamp()
          where org = $1 and environment = $2 and app = any($3) and source_since is null and retired_at is null
         returning source_since, published_deployment`,
        [org, environment, apps],
      ),

    async releases(filter) {
      const rows = await db.query<ReleaseRow>(
        `select * from pull_deploy.releases
          where ($1::text is null or org = $1) and ($2::text is null or environment = $2)
          order by org, app, environment`,
        [filter?.org ?? null, filter?.environment ?? null],
      );
      return rows.map(toRelease);
    },

    async appsAndReleases() {
      const rows = await db.query<{ org: string; app: string; environment: null } | ReleaseRow>(
        `select org, app, r.environment, r.wanted_sequence, r.published_sequence, r.published_etag, r.source_since, r.retired_at
           from pull_deploy.apps left join pull_deploy.releases r using (org, app) order by org, app, r.environment`,
      );
      const apps = rows.filter((row, i) => row.app !== rows[i - 1]?.app || row.org !== rows[i - 1]?.org);
      return {
        apps: apps.map(({ org, app }) => ({ org, app })),
        releases: rows.filter((row) => row.environment !== null).map(toRelease),
      };
    },

    assertNotInUse: (key) => assertNotInUse(db, key),

    retire: (key) =>
      db.transaction(async (tx) => {
        // A statement of its own, that whoever asks for a deployment waits for: what the next one sees begins once the lock is held.
        await tx.query('select 1 from pull_deploy.releases where (org, app, environment) = ($1, $2, $3) for update', [
          ...keyValues(key),
        ]);
        await assertNotInUse(tx, key);
        await tx.query(
          `update pull_deploy.releases set retired_at = clock_timestamp(), source_since = null
            where (org, app, environment) = ($1, $2, $3)`,
          keyValues(key),
        );
      }),

    clusters: () =>
      db.query<LedgerCluster & Record<string, unknown>>(
        'select org, environment, sources_etag as "sourcesEtag", desired_digest as "desiredDigest" from pull_deploy.clusters',
      ),

    async recordCluster({ org, environment, sourcesEtag, desiredDigest }) {
      await db.query(
        `insert into pull_deploy.clusters (org, environment, sources_etag, desired_digest) values ($1, $2, $3, $4)
         on conflict (org, environment) do update set sources_etag = excluded.sources_etag, desired_digest = excluded.desired_digest`,
        [org, environment, sourcesEtag, desiredDigest],
      );
    },

    holds: (org) =>
      db.query<Hold & Record<string, unknown>>(
        `select ${HOLD} from pull_deploy.holds where $1::text is null or org = $1 order by ${LONGEST_FIRST}`,
        [org ?? null],
      ),

    async longestHolds(limit) {
      const rows = await db.query<Hold & { count: string } & Record<string, unknown>>(
        `select ${HOLD}, count(*) over () as count from pull_deploy.holds order by ${LONGEST_FIRST} limit $1`,
        [limit],
      );
      return { holds: rows.map(({ count: _, ...hold }) => hold), count: Number(rows[0]?.count ?? 0) };
    },

    async recordHold({ environment, org, app, code, message }) {
      await db.query(
        `insert into pull_deploy.holds (environment, org, app, code, message) values ($1, $2, $3, $4, $5)
         on conflict (environment, org, app) do update
           set code = excluded.code, message = excluded.message,
               since = case when holds.code = excluded.code then holds.since else clock_timestamp() end`,
        [environment, org, app, code, message],
      );
    },

    async forgetPublished(environment) {
      await db.query(
        `update pull_deploy.releases
            set published_sequence = null, published_deployment = null, published_digest = null, published_etag = null,
                published_at = null, source_since = null
          where environment = $1`,
        [environment],
      );
    },

    async clearHold({ environment, org, app }) {
      await db.query('delete from pull_deploy.holds where (environment, org, app) = ($1, $2, $3)', [
        environment,
        org,
        app,
      ]);
    },
  };
}

/** Every deployment that awaits its artifact may still be wanted, not the latest one alone. */
async function assertNotInUse(db: Queryable, key: ReleaseKey): Promise<void> {
  const [inUse] = await db.query<{ id: string; state: string }>(
    `select d.id, d.state from pull_deploy.deployments d
      where (d.org, d.app, d.environment) = ($1, $2, $3) and d.kind <> 'undeploy'
        and (d.state = any($4) or d.id = (select wanted_deployment from pull_deploy.releases
                                           where (org, app, environment) = ($1, $2, $3)))
      order by d.sequence desc limit 1`,
    [...keyValues(key), AWAITS_ARTIFACT],
  );
  if (inUse === undefined) return;
  const { org, app, environment } = key;
  throw new AppError('SOURCE_IN_USE', `${org}/${app} in ${environment}: deployment ${inUse.id} is ${inUse.state}`);
}
