import type { NewEvent, ProgressLedger, WantOutcome } from '../../ledger.ts';
import { AWAITS_ARTIFACT, type Deployment, type DeploymentState, ENTERED_FROM } from '../../model/deployment.ts';
import type { ReleaseKey } from '../../model/names.ts';
import type { Database, Queryable } from '../postgres.ts';
import { type DeploymentRow, deploymentColumns, toDeployment } from './rows.ts';
import { insertEvent, keyValues, withEvent } from './statements.ts';

/** Where a deployment's state changes for all that we do. Locks go from the release to the deployment, never back. */
export function makeProgressLedger(db: Database): ProgressLedger {
  return {
    async recordBuilt({ id, fence }, built, warnings) {
      const rows = await db.prepared(
        `update pull_deploy.deployments
            set artifact_sha256 = $2, artifact_bytes = $3, inputs_digest = $4, deploy_digest = $5, warnings = $6,
                updated_at = clock_timestamp()
          where id = $1 and fence = $7 and state in ('accepted', 'building')
          returning 1`,
        [id, built.sha256, built.bytes, built.inputsDigest, built.deployDigest, JSON.stringify(warnings), fence],
      );
      return rows.length > 0;
    },

    async move(id, to, { message, origin }, problems, fence) {
      const change = async (on: Queryable) => {
        const [row] = await on.prepared<DeploymentRow>(
          withEvent(
            `update pull_deploy.deployments
                set state = $2, problems = coalesce($4::jsonb, problems), updated_at = clock_timestamp()
              where id = $1 and state = any($3) and ($5::int is null or fence = $5)
              returning ${deploymentColumns()}`,
            '$2, $6, $7',
          ),
          [id, to, enteredByUs(to), problems ? JSON.stringify(problems) : null, fence ?? null, message, origin],
        );
        return row && toDeployment(row);
      };
      if (!ENDS_BY_US.includes(to)) return change(db);
      // A wanted release is published, come what may: its deployment can't be ended by us any more.
      return db.transaction(async (tx) => ((await isWanted(tx, id)) ? undefined : change(tx)));
    },

    block: (id, { by, reason }) =>
      db.transaction(async (tx) => {
        await tx.query(
          `update pull_deploy.deployments set blocked_at = coalesce(blocked_at, clock_timestamp()), blocked_by = $2,
                  blocked_reason = $3 where id = $1`,
          [id, by, reason],
        );
        await insertEvent(tx, id, 'blocked', { message: `${by} blocked it: ${reason}`, origin: 'api' });
      }),

    unblock: (id, by) =>
      db.transaction(async (tx) => {
        const rows = await tx.query(
          `update pull_deploy.deployments set blocked_at = null, blocked_by = null, blocked_reason = null
            where id = $1 and blocked_at is not null returning 1`,
          [id],
        );
        if (rows.length > 0) await insertEvent(tx, id, 'unblocked', { message: `${by} unblocked it.`, origin: 'api' });
      }),

    note: (id, type, event) => insertEvent(db, id, type, event),

    indexArtifact: (deployment, manifest, built) =>
      want(db, deployment, INDEX_ARTIFACT, [
        ...[built.sha256, built.bytes, built.inputsDigest, built.deployDigest],
        ...[manifest.tagName, manifest.source.commit],
      ]),

    wantUndeploy: (deployment) => want(db, deployment, '', []),
  };
}

const ENDS_BY_US: readonly DeploymentState[] = ['failed', 'rejected'];

/** What was published can be ended by the cluster's word only. */
const enteredByUs = (to: DeploymentState): readonly DeploymentState[] =>
  ENTERED_FROM[to].filter((from) => !ENDS_BY_US.includes(to) || AWAITS_ARTIFACT.includes(from));

/** Holds the release's row until the transaction ends, so that the answer stays true. */
async function isWanted(tx: Queryable, id: string): Promise<boolean> {
  const [row] = await tx.query<{ is_wanted: boolean }>(
    `select r.wanted_deployment = d.id and d.state = any($2) as is_wanted
       from pull_deploy.releases r
       join pull_deploy.deployments d on (d.org, d.app, d.environment) = (r.org, r.app, r.environment)
      where d.id = $1 for update of r`,
    [id, AWAITS_ARTIFACT],
  );
  return row?.is_wanted ?? false;
}

/**
 * The wanted release only ever moves up; a deployment that comes too late is superseded. One statement holds the release's row,
 * then the deployment's, so that all of it is done or nothing. Each is looked up by its own key: joined, a plan that is made for any
 * values reads all deployments of the release.
 * @param also ends in a comma: what else is done for a deployment that has not ended, with `values` from $7 on
 */
async function want(
  db: Queryable,
  deployment: Deployment,
  also: string,
  values: readonly unknown[],
): Promise<WantOutcome> {
  const { id, sequence } = deployment;
  const [held] = await db.prepared<{ wanted_sequence: string }>(
    `with held as (
            select r.wanted_sequence from pull_deploy.releases r, pull_deploy.deployments d
             where (r.org, r.app, r.environment) = ($1, $2, $3) and d.id = $4 and d.state = any($6)
               for update of r for update of d),
          ${also}
          wanted as (
            update pull_deploy.releases r set wanted_sequence = $5, wanted_deployment = $4 from held
             where (r.org, r.app, r.environment) = ($1, $2, $3) and r.wanted_sequence < $5)
     select wanted_sequence from held`,
    [...keyValues(deployment), id, sequence, AWAITS_ARTIFACT, ...values],
  );
  if (held === undefined) return 'ended';
  if (Number(held.wanted_sequence) <= sequence) return 'wanted';
  await supersede(db, deployment, [sequence, sequence], PUBLISHED_FIRST);
  return 'superseded';
}

const INDEX_ARTIFACT = `
          indexed as (
            insert into pull_deploy.artifacts
              (deployment_id, org, app, environment, sha256, bytes, inputs_digest, deploy_digest, tag_name, commit_id)
            select $4, $1, $2, $3, $7, $8, $9, $10, $11, $12 from held
                on conflict (deployment_id) do nothing),`;

/**
 * Once Flux can pull a release, its deployment is published, and those that it overtook have ended: in one statement with what
 * changes the releases.
 * @param change returns `source_since` and `published_deployment` of releases
 */
export async function finishPublished(
  db: Queryable,
  change: string,
  values: readonly unknown[],
): Promise<Deployment[]> {
  const rows = await db.prepared<DeploymentRow>(
    `with released as (${change}),
          published as (
            update pull_deploy.deployments d set state = 'published', updated_at = clock_timestamp(),
                   published_at = coalesce(d.published_at, clock_timestamp())
              from released r
             where r.source_since is not null and d.id = r.published_deployment and d.state = any('{${ENTERED_FROM.published}}')
            returning ${deploymentColumns('d')}),
          overtaken as (
            update pull_deploy.deployments d set state = 'superseded', updated_at = clock_timestamp()
              from published p
             where (d.org, d.app, d.environment) = (p.org, p.app, p.environment) and d.sequence < p.sequence
               and ${CAN_BE_SUPERSEDED}
            returning ${deploymentColumns('d')}),
          moved as (select * from published union all select * from overtaken),
          told as (
            insert into pull_deploy.deployment_events (deployment_id, org, type, message, origin)
            select id, org, state, case when state = 'superseded' then '${PUBLISHED_FIRST.message}'
                                        when kind = 'undeploy' then 'Published for Flux to take the app down.'
                                        else 'Published for Flux to pull.' end, '${PUBLISHED_FIRST.origin}'
              from moved)
     select * from moved`,
    values,
  );
  return rows.map(toDeployment);
}

const PUBLISHED_FIRST: NewEvent = { message: 'A newer one was published first.', origin: 'publish' };

/**
 * Only one whose artifact has been accepted: one that is still being built is told when its artifact comes. One that was published
 * ends too, as long as the cluster has not told of it.
 */
const CAN_BE_SUPERSEDED = `d.state = any('{${ENTERED_FROM.superseded}}')
  and (d.kind = 'undeploy' or d.artifact_removed_at is not null
       or exists (select 1 from pull_deploy.artifacts a where a.deployment_id = d.id))`;

/** @param sequences the first and the last of them */
export async function supersede(
  tx: Queryable,
  key: ReleaseKey,
  [first, last]: readonly [number, number],
  { message, origin }: NewEvent,
): Promise<Deployment[]> {
  const rows = await tx.query<DeploymentRow>(
    withEvent(
      `update pull_deploy.deployments d set state = 'superseded', updated_at = clock_timestamp()
        where (org, app, environment) = ($1, $2, $3) and sequence between $4 and $5 and ${CAN_BE_SUPERSEDED}
        returning *`,
      "'superseded', $6, $7",
    ),
    [...keyValues(key), first, last, message, origin],
  );
  return rows.map(toDeployment);
}
