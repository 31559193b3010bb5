import type { NewEvent, ProgressLedger, WantOutcome } from '../../ledger.ts';
import { AWAITS_ARTIFACT, type Deployment, type DeploymentState, ENTERED_FROM } from '../../model/deployment.ts';
import type { ReleaseKey } from '../../model/names.ts';
import type { Database, Queryable } from '../postgres.ts';
import { type DeploymentRow, toDeployment } from './rows.ts';
import { insertEvent, keyValues, withEvent } from './statements.ts';

/** Where a deployment's state changes for all that we do. Locks go from the release to the deployment, never back. */
export function makeProgressLedger(db: Database): ProgressLedger {
  return {
    async recordBuilt({ id, fence }, built, warnings) {
      const rows = await db.query(
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
        const rows = await on.query(
          withEvent(
            `update pull_deploy.deployments
                set state = $2, problems = coalesce($4::jsonb, problems), updated_at = clock_timestamp()
              where id = $1 and state = any($3) and ($5::int is null or fence = $5)
              returning *`,
            '$2, $6, $7',
          ),
          [id, to, enteredByUs(to), problems ? JSON.stringify(problems) : null, fence ?? null, message, origin],
        );
        return rows.length > 0;
      };
      if (!ENDS_BY_US.includes(to)) return change(db);
      // A wanted release is published, come what may: its deployment can't be ended by us any more.
      return db.transaction(async (tx) => !(await isWanted(tx, id)) && change(tx));
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
      db.transaction(async (tx) => {
        const wantedSequence = await hold(tx, deployment);
        if (wantedSequence === undefined) return 'ended';
        await tx.query(
          `insert into pull_deploy.artifacts
             (deployment_id, org, app, environment, sha256, bytes, inputs_digest, deploy_digest, tag_name, commit_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           on conflict (deployment_id) do nothing`,
          [
            ...[deployment.id, ...keyValues(deployment), built.sha256, built.bytes],
            ...[built.inputsDigest, built.deployDigest, manifest.tagName, manifest.source.commit],
          ],
        );
        return want(tx, deployment, wantedSequence);
      }),

    wantUndeploy: (deployment) =>
      db.transaction(async (tx) => {
        const wantedSequence = await hold(tx, deployment);
        return wantedSequence === undefined ? 'ended' : want(tx, deployment, wantedSequence);
      }),
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
 * Holds the release's row, then the deployment's (rows are locked in the order of the tables), until the transaction ends.
 * @returns the sequence that is wanted so far; undefined when the deployment has ended
 */
async function hold(tx: Queryable, { id, ...key }: Deployment): Promise<number | undefined> {
  const [row] = await tx.query<{ state: DeploymentState; wanted_sequence: string }>(
    `select d.state, r.wanted_sequence
       from pull_deploy.releases r
       join pull_deploy.deployments d on (d.org, d.app, d.environment) = (r.org, r.app, r.environment)
      where (r.org, r.app, r.environment) = ($1, $2, $3) and d.id = $4
        for update of r for update of d`,
    [...keyValues(key), id],
  );
  return row && AWAITS_ARTIFACT.includes(row.state) ? Number(row.wanted_sequence) : undefined;
}

/** The wanted release only ever moves up; a deployment that comes too late is superseded. */
async function want(tx: Queryable, deployment: Deployment, wantedSequence: number): Promise<WantOutcome> {
  const { id, sequence } = deployment;
  if (wantedSequence > sequence) {
    await supersede(tx, deployment, [sequence, sequence], PUBLISHED_FIRST);
    return 'superseded';
  }
  await tx.query(
    `update pull_deploy.releases set wanted_sequence = $4, wanted_deployment = $5
      where (org, app, environment) = ($1, $2, $3) and wanted_sequence < $4`,
    [...keyValues(deployment), sequence, id],
  );
  return 'wanted';
}

/** Once Flux can pull a release, its deployment is published, and those that it overtook have ended. */
export async function finishPublished(tx: Queryable, key: ReleaseKey): Promise<Deployment[]> {
  const published = await tx.query<DeploymentRow>(
    withEvent(
      `update pull_deploy.deployments d set state = 'published', updated_at = clock_timestamp(),
              published_at = coalesce(d.published_at, clock_timestamp())
         from pull_deploy.releases r
        where (r.org, r.app, r.environment) = ($1, $2, $3) and r.source_since is not null
          and d.id = r.published_deployment and d.state = any($4)
        returning d.*`,
      "'published', case kind when 'undeploy' then $5 else $6 end, 'publish'",
    ),
    [
      ...[...keyValues(key), ENTERED_FROM.published],
      ...['Published for Flux to take the app down.', 'Published for Flux to pull.'],
    ],
  );
  const overtaken: Deployment[] = [];
  for (const { sequence } of published)
    overtaken.push(...(await supersede(tx, key, [0, Number(sequence) - 1], PUBLISHED_FIRST)));
  return [...published.map(toDeployment), ...overtaken];
}

const PUBLISHED_FIRST: NewEvent = { message: 'A newer one was published first.', origin: 'publish' };

/**
 * Only those whose artifact has been accepted: one that is still being built is told when its artifact comes. One that
 * was published ends here too, as long as the cluster has not told of it.
 */
export async function supersede(
  tx: Queryable,
  key: ReleaseKey,
  [first, last]: readonly [number, number],
  { message, origin }: NewEvent,
): Promise<Deployment[]> {
  const rows = await tx.query<DeploymentRow>(
    withEvent(
      `update pull_deploy.deployments d set state = 'superseded', updated_at = clock_timestamp()
        where (org, app, environment) = ($1, $2, $3) and sequence between $4 and $5 and state = any($6)
          and (kind = 'undeploy' or artifact_removed_at is not null
               or exists (select 1 from pull_deploy.artifacts a where a.deployment_id = d.id))
        returning *`,
      "'superseded', $7, $8",
    ),
    [...keyValues(key), first, last, ENTERED_FROM.superseded, message, origin],
  );
  return rows.map(toDeployment);
}
