import { AppError, problem } from '../../errors.ts';
import type { RebuildCounts, RebuildLedger, RebuiltDeployment, RebuiltRelease } from '../../ledger-upkeep.ts';
import { AWAITS_ARTIFACT, ENTERED_FROM } from '../../model/deployment.ts';
import type { ReleaseKey } from '../../model/names.ts';
import type { Database, Queryable } from '../postgres.ts';
import { putInOrder } from './list-order.ts';
import { chunks, insertEvent, keyValues, selectInstallation } from './statements.ts';

/** Any constant: two who rebuild take turns. */
const REBUILD_LOCK = 7_202_613;
const CREATOR = 'not known: the database was rebuilt from storage';

export function makeRebuildLedger(db: Database): RebuildLedger {
  return {
    rebuild: ({ installation, releases, deployments }) =>
      db.transaction(async (tx) => {
        await tx.query('select pg_advisory_xact_lock($1)', [REBUILD_LOCK]);
        await adoptInstallation(tx, installation);
        for (const some of chunks(releases)) await insertReleases(tx, some);
        for (const some of chunks(deployments)) await makeRoom(tx, some);
        const numbered: RebuiltDeployment[] = [];
        for (const one of deployments) numbered.push(one.sequence === undefined ? await withSequence(tx, one) : one);
        const counts = { deploymentsAdded: 0, deploymentsEnded: 0, artifactsAdded: 0, releasesChanged: 0 };
        for (const some of chunks(numbered)) {
          counts.deploymentsAdded += await insertDeployments(tx, some);
          await recordBuiltFacts(tx, some);
          counts.deploymentsEnded += await endDeployments(tx, some);
          counts.artifactsAdded += await insertArtifacts(tx, some);
        }
        for (const some of chunks(releases)) counts.releasesChanged += await updateReleases(tx, some);
        return counts satisfies RebuildCounts;
      }),

    putInOrder: () => putInOrder(db),
  };
}

/** Only by a ledger that has wanted nothing yet: what one has published names it. */
async function adoptInstallation(tx: Queryable, installation: string): Promise<void> {
  const present = await selectInstallation(tx);
  if (present === installation) return;
  const rows = await tx.query(
    `update pull_deploy.installation set id = $1
      where not exists (select 1 from pull_deploy.releases where wanted_sequence > 0) returning 1`,
    [installation],
  );
  if (rows.length === 0)
    throw new AppError(
      'LEDGER_FOREIGN',
      `the database is installation ${present}, and has published releases of its own; storage is ${installation}`,
    );
}

/** And locks them, in one order, until the transaction ends. */
async function insertReleases(tx: Queryable, releases: readonly RebuiltRelease[]): Promise<void> {
  const keys = JSON.stringify(releases.map(({ org, app, environment }) => ({ org, app, environment })));
  const from = 'from jsonb_to_recordset($1::jsonb) as k (org text, app text, environment text)';
  await tx.query(
    `insert into pull_deploy.apps (org, app) select distinct org, app ${from} order by org, app on conflict do nothing`,
    [keys],
  );
  await tx.query(
    `insert into pull_deploy.releases (org, app, environment) select org, app, environment ${from}
      order by org, app, environment on conflict do nothing`,
    [keys],
  );
  await tx.query(
    `select 1 from pull_deploy.releases r where (r.org, r.app, r.environment) in (select org, app, environment ${from})
      order by org, app, environment for update`,
    [keys],
  );
}

/**
 * Sequences that an older ledger has given again since: those it gave them to have failed, since nothing could be
 * published, and get others.
 */
async function makeRoom(tx: Queryable, deployments: readonly RebuiltDeployment[]): Promise<void> {
  const given = JSON.stringify(deployments.filter(({ sequence }) => sequence !== undefined).map(toRecord));
  await tx.query(
    `update pull_deploy.releases r set last_sequence = greatest(r.last_sequence, g.last)
       from (select org, app, environment, max(sequence) as last from ${RECORDS} group by 1, 2, 3) g
      where (r.org, r.app, r.environment) = (g.org, g.app, g.environment)`,
    [given],
  );
  const rows = await tx.query<
    ReleaseKey & { id: string; can_move: boolean; wanted_by: string } & Record<string, unknown>
  >(
    `select d.id, d.org, d.app, d.environment, x.id as wanted_by,
            not (d.state = any($2)) and not exists (select 1 from pull_deploy.artifacts a where a.deployment_id = d.id)
              as can_move
       from ${RECORDS} join pull_deploy.deployments d
         on (d.org, d.app, d.environment, d.sequence) = (x.org, x.app, x.environment, x.sequence) and d.id <> x.id
      order by d.org, d.app, d.environment, d.sequence`,
    [given, AWAITS_ARTIFACT],
  );
  for (const { id, can_move: canMove, wanted_by: other, ...key } of rows) {
    if (!canMove)
      throw new AppError(
        'LEDGER_STALE',
        `deployment ${id} has the sequence that ${other} in the archive was given: wait until it has ended, and try again`,
      );
    await tx.query('update pull_deploy.deployments set sequence = $2 where id = $1', [id, await nextSequence(tx, key)]);
  }
}

async function withSequence(tx: Queryable, one: RebuiltDeployment): Promise<RebuiltDeployment> {
  const [known] = await tx.query<{ sequence: string }>('select sequence from pull_deploy.deployments where id = $1', [
    one.id,
  ]);
  return { ...one, sequence: known ? Number(known.sequence) : await nextSequence(tx, one) };
}

async function nextSequence(tx: Queryable, key: ReleaseKey): Promise<number> {
  const [row] = await tx.query<{ last_sequence: string }>(
    `update pull_deploy.releases set last_sequence = last_sequence + 1
      where (org, app, environment) = ($1, $2, $3) returning last_sequence`,
    keyValues(key),
  );
  return Number(row?.last_sequence);
}

/** In their order, which becomes that of the lists. */
async function insertDeployments(tx: Queryable, deployments: readonly RebuiltDeployment[]): Promise<number> {
  const rows = await tx.query<{ id: string }>(
    `insert into pull_deploy.deployments
       (id, org, app, environment, sequence, kind, origin, state, tag_name, commit_id, creator, resolved, problems,
        artifact_sha256, artifact_bytes, inputs_digest, deploy_digest, created_at, updated_at, published_at)
     select id, org, app, environment, sequence, kind, 'storage', state, tag_name, commit_id, $2, resolved, problems,
            sha256, bytes, inputs_digest, deploy_digest, archived_at, archived_at,
            case when state = 'published' then archived_at end
       from ${RECORDS} order by n
     on conflict (id) do nothing returning id`,
    [JSON.stringify(deployments.map(toRecord)), CREATOR],
  );
  const added = new Set(rows.map(({ id }) => id));
  for (const { id, message } of deployments)
    if (added.has(id)) await insertEvent(tx, id, 'rebuilt', { message, origin: 'operator' });
  return added.size;
}

/** What a ledger restored from a backup does not know yet of artifacts that were built since. */
async function recordBuiltFacts(tx: Queryable, deployments: readonly RebuiltDeployment[]): Promise<void> {
  await tx.query(
    `update pull_deploy.deployments d
        set artifact_sha256 = x.sha256, artifact_bytes = x.bytes, inputs_digest = x.inputs_digest, deploy_digest = x.deploy_digest
       from ${RECORDS} where d.id = x.id and d.artifact_sha256 is null and x.sha256 is not null`,
    [JSON.stringify(deployments.map(toRecord))],
  );
}

/**
 * Those that a ledger restored from a backup has in a state that they have left since, or has ended as too late because it
 * did not know that they were published.
 */
async function endDeployments(tx: Queryable, deployments: readonly RebuiltDeployment[]): Promise<number> {
  const rows = await tx.query<{ id: string }>(
    `update pull_deploy.deployments d
        set state = x.state, problems = x.problems, updated_at = clock_timestamp(),
            published_at = case when x.state = 'published' then coalesce(d.published_at, x.archived_at) else d.published_at end
       from ${RECORDS}
      where d.id = x.id and d.state <> x.state
        and (x.entered_from ? d.state
             or (x.state <> 'failed' and d.state = 'failed' and d.published_at is null and d.problems -> 0 ->> 'code' = 'BUILD_ABANDONED'))
     returning d.id`,
    [JSON.stringify(deployments.map(toRecord))],
  );
  const ended = new Set(rows.map(({ id }) => id));
  for (const { id, state, message } of deployments)
    if (ended.has(id)) await insertEvent(tx, id, state, { message, origin: 'operator' });
  return ended.size;
}

/** Not of one that is still on its way here: accept adds that, when it wants it. */
async function insertArtifacts(tx: Queryable, deployments: readonly RebuiltDeployment[]): Promise<number> {
  const rows = await tx.query(
    `insert into pull_deploy.artifacts
       (deployment_id, org, app, environment, sha256, bytes, inputs_digest, deploy_digest, tag_name, commit_id, archived_at)
     select x.id, x.org, x.app, x.environment, x.sha256, x.bytes, x.inputs_digest, x.deploy_digest, x.tag_name,
            x.commit_id, x.archived_at
       from ${RECORDS} join pull_deploy.deployments d on d.id = x.id
      where x.sha256 is not null and d.artifact_removed_at is null and (x.state <> 'failed' or not (d.state = any($2)))
      order by x.n
     on conflict (deployment_id) do nothing returning 1`,
    [JSON.stringify(deployments.map(toRecord)), AWAITS_ARTIFACT],
  );
  return rows.length;
}

/** What is wanted only ever moves up, here too. */
async function updateReleases(tx: Queryable, releases: readonly RebuiltRelease[]): Promise<number> {
  const rows = await tx.query(
    `update pull_deploy.releases r
        set last_sequence = greatest(r.last_sequence, x.sequence),
            wanted_sequence = x.sequence, wanted_deployment = x.deployment,
            published_sequence = x.sequence, published_deployment = x.deployment,
            published_etag = x.etag, published_digest = x.digest, published_at = clock_timestamp(),
            source_since = case when x.has_source then coalesce(r.source_since, clock_timestamp()) end,
            retired_at = case when x.is_retired then coalesce(r.retired_at, clock_timestamp()) end
       from jsonb_to_recordset($1::jsonb) as x (org text, app text, environment text, sequence bigint, deployment uuid,
              etag text, digest text, has_source boolean, is_retired boolean)
      where (r.org, r.app, r.environment) = (x.org, x.app, x.environment)
        and (r.wanted_sequence < x.sequence or (r.published_sequence is null and r.wanted_sequence = x.sequence))
     returning 1`,
    [
      JSON.stringify(
        releases.map(({ org, app, environment, wanted, document, hasSource, isRetired }) => ({
          ...{ org, app, environment, sequence: wanted.sequence, deployment: wanted.deploymentId },
          ...{ etag: document?.etag, digest: document?.digest, has_source: hasSource, is_retired: isRetired },
        })),
      ),
    ],
  );
  return rows.length;
}

const RECORDS = `jsonb_to_recordset($1::jsonb) as x (n int, id uuid, org text, app text, environment text, sequence bigint,
  kind text, state text, tag_name text, commit_id text, resolved jsonb, problems jsonb, sha256 text, bytes bigint,
  inputs_digest text, deploy_digest text, archived_at timestamptz, entered_from jsonb)`;

function toRecord(one: RebuiltDeployment, n: number) {
  const { id, org, app, environment, sequence, kind, state, message, tagName, commit, resolved, built, at } = one;
  return {
    ...{ n, id, org, app, environment, sequence, kind, state, resolved },
    ...{ tag_name: tagName, commit_id: commit, archived_at: at },
    // What failed here may still be on its way in a ledger that knows it: the sweep ends it.
    entered_from: state === 'failed' ? [] : ENTERED_FROM[state],
    problems: state === 'failed' ? [problem('LEDGER_REBUILT', message)] : [],
    ...(built && { sha256: built.sha256, bytes: built.bytes }),
    ...(built && { inputs_digest: built.inputsDigest, deploy_digest: built.deployDigest }),
  };
}
