import type { Backlog, BacklogLedger } from '../../ledger-upkeep.ts';
import type { DeploymentState } from '../../model/deployment.ts';
import type { Database } from '../postgres.ts';

/** What is under way, counted. Each statement has an index to go by. */
export function makeBacklogLedger(db: Database): BacklogLedger {
  return {
    async backlog(silenceMinutes) {
      const [inFlight, silent, lagSeconds] = await Promise.all([
        countInFlight(db),
        countSilent(db, silenceMinutes),
        selectLag(db),
      ]);
      return { inFlight, silent, lagSeconds };
    },
  };
}

async function countInFlight(db: Database): Promise<Backlog['inFlight']> {
  const rows = await db.query<{ org: string; environment: string; state: DeploymentState; count: string }>(
    `select org, environment, state, count(*) from pull_deploy.deployments
      where state in ('accepted', 'building', 'uploaded') group by org, environment, state`,
  );
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/** Only what is published now can be waited for: what was overtaken is not told of any more. */
async function countSilent(db: Database, silenceMinutes: number): Promise<Backlog['silent']> {
  const rows = await db.query<{ org: string; environment: string; count: string; seconds: string }>(
    `select r.org, r.environment, count(*),
            extract(epoch from clock_timestamp() - min(d.published_at)) as seconds
       from pull_deploy.releases r
       join pull_deploy.deployments d on d.id = r.published_deployment
      where d.state = 'published' and d.cluster_event_at is null
        and d.published_at < clock_timestamp() - make_interval(mins => $1::int)
      group by r.org, r.environment`,
    [silenceMinutes],
  );
  return rows.map((row) => ({ ...row, count: Number(row.count), seconds: Number(row.seconds) }));
}

async function selectLag(db: Database): Promise<number> {
  const [row] = await db.query<{ seconds: string | null }>(
    `select extract(epoch from clock_timestamp() - min(d.created_at)) as seconds
       from pull_deploy.releases r
       join pull_deploy.deployments d on d.id = r.wanted_deployment
      where r.published_sequence is distinct from r.wanted_sequence and r.retired_at is null`,
  );
  return Number(row?.seconds ?? 0);
}
