import type { DeploymentFilter, EventFilter } from '../../ledger.ts';
import type { Deployment, DeploymentEvent } from '../../model/deployment.ts';
import type { Database } from '../postgres.ts';
import { type DeploymentRow, type EventRow, toDeployment, toEvent } from './rows.ts';

/** Any constant: those who number events take turns. */
const NUMBERING_LOCK = 7_202_612;
/** By one statement, whose time is limited: a reindex may leave as many as there are deployments. */
const NUMBERED_AT_ONCE = 10_000;

/** Only what is asked for stands in the statement, so that each has the plan of its own index. */
export async function selectDeployments(db: Database, filter: DeploymentFilter): Promise<Deployment[]> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const conditions = Object.entries({
    'org =': filter.org,
    'app =': filter.app,
    'environment =': filter.environment,
    'state =': filter.state,
    'kind =': filter.kind,
    'tag_name =': filter.tagName,
    'creator =': filter.creator,
    'created_at >=': filter.createdFrom,
    'created_at <': filter.createdTo,
    'ordinal <': filter.before,
  }).flatMap(([comparison, value]) => (value === undefined ? [] : [`${comparison} ${bind(value)}`]));
  if (filter.createdFrom) conditions.push(`ordinal > ${ordinalBefore(bind(filter.org), bind(filter.createdFrom))}`);
  if (filter.createdTo) conditions.push(`ordinal < ${ordinalAfter(bind(filter.org), bind(filter.createdTo))}`);
  // First which, then what they are: for that, indexes alone are read, also those entries that are not of the page.
  const rows = await db.query<DeploymentRow>(
    `select d.* from (select ordinal from pull_deploy.deployments
                       where ${conditions.join(' and ')} order by ordinal desc limit ${bind(filter.limit)}) page
       join pull_deploy.deployments d using (ordinal) order by ordinal desc`,
    values,
  );
  return rows.map(toDeployment);
}

/**
 * A span of time as a span of ordinals, so that a list begins where the span does: every index ends in the ordinal, and
 * none but one knows the time. A row takes both as it is inserted, and one that
 * was rebuilt later gets its place; an hour is left for clocks that were put right.
 */
const ordinalBefore = (org: string, time: string): string =>
  `coalesce((select ordinal from pull_deploy.deployments where org = ${org} and created_at < ${time}::timestamptz - ${LEEWAY}
              order by created_at desc limit 1), 0)`;

const ordinalAfter = (org: string, time: string): string =>
  `coalesce((select ordinal from pull_deploy.deployments where org = ${org} and created_at > ${time}::timestamptz + ${LEEWAY}
              order by created_at limit 1), ${Number.MAX_SAFE_INTEGER})`;

const LEEWAY = "interval '1 hour'";

export async function selectEvents(
  db: Database,
  { org, deploymentId, after, limit }: EventFilter,
): Promise<DeploymentEvent[]> {
  await numberEvents(db);
  const rows = await db.query<EventRow>(
    `select * from pull_deploy.deployment_events
      where ${deploymentId === undefined ? 'org = $1' : 'org = $1 and deployment_id = $4'} and position > $2
      order by position limit $3`,
    [org, after, limit, ...(deploymentId === undefined ? [] : [deploymentId])],
  );
  return rows.map(toEvent);
}

/**
 * Gives positions to the events that have been committed since. An identity column is no order to read by: it is taken
 * before the commit, and a reader that has seen 8 would never see the 7 that is committed after it. None is below the time
 * in milliseconds: a database that was restored gives none again that a reader has seen in the one that was lost.
 */
async function numberEvents(db: Database): Promise<void> {
  const isWaiting = async () =>
    (await db.query('select 1 from pull_deploy.deployment_events where position is null limit 1')).length > 0;
  while (await isWaiting())
    await db.transaction(async (tx) => {
      // A statement of its own: what the next one sees begins once the lock is held.
      await tx.query('select pg_advisory_xact_lock($1)', [NUMBERING_LOCK]);
      await tx.query(
        `update pull_deploy.deployment_events e set position = last.position + n.offset_
           from (select id, row_number() over (order by id) as offset_
                   from (select id from pull_deploy.deployment_events where position is null order by id limit $1) waiting) n,
                (select greatest(max(position), floor(extract(epoch from now()) * 1000)::bigint) as position
                   from pull_deploy.deployment_events) last
          where e.id = n.id and e.position is null`,
        [NUMBERED_AT_ONCE],
      );
    });
}
