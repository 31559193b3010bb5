import { AppError } from '../../errors.ts';
import type { IdempotentRequest, NewDeployment, NewEvent, RequestLedger } from '../../ledger.ts';
import { unusableArtifact } from '../../model/artifact-use.ts';
import type { Deployment } from '../../model/deployment.ts';
import type { Database, Queryable } from '../postgres.ts';
import { type DeploymentRow, deploymentColumns, toDeployment } from './rows.ts';
import { insertRelease, keyValues, requireDeployment, selectDeployment } from './statements.ts';

/** Longer than a function may take to answer (230 s): a holder whose lease is over is dead. */
export const LEASE = "interval '240 seconds'";

export function makeRequestLedger(db: Database): RequestLedger {
  return {
    async findRequest(request) {
      const id = await selectRequest(db, request);
      return id === undefined ? undefined : selectDeployment(db, id);
    },

    async acceptRequest(request, key) {
      const accept = async (on: Queryable) => {
        const known = key && (await claimKey(on, key, request.id));
        if (known) return { deployment: await requireDeployment(on, known), isNew: false };
        const what = request.kind === 'undeploy' ? 'the undeploy' : request.tagName;
        const event = { message: `${request.creator} asked for ${what}.`, origin: 'api' } as const;
        const entered = { origin: 'api', state: 'accepted', built: undefined, warnings: [] } as const;
        const deployment = await insertDeployment(on, request, entered, event);
        if (request.from) await assertUsable(on, request.from);
        return { deployment, isNew: true };
      };
      // Alone it is one statement, and needs no transaction.
      return key || request.from ? db.transaction(accept) : accept(db);
    },

    registerDrop: (drop) =>
      db.transaction(async (tx) => {
        // Serialises with itself: the same blob may be taken twice at once.
        await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [drop.id]);
        const known = await selectDeployment(tx, drop.id);
        if (known) return known;
        const message = 'Found in incoming; nobody asked for it over HTTP.';
        return insertDeployment(
          tx,
          drop,
          { origin: 'drop', state: 'uploaded', built: drop.built, warnings: drop.warnings },
          { message, origin: 'accept' },
        );
      }),
  };
}

const MAX_CLAIMS = 5;

/** The deployment that the key has made; undefined when it is this request's. A key may become too old between two looks. */
async function claimKey(tx: Queryable, key: IdempotentRequest, id: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < MAX_CLAIMS; attempt++) {
    if (await insertRequest(tx, key, id)) return undefined;
    const known = await selectRequest(tx, key);
    if (known !== undefined) return known;
  }
  throw new AppError('DATABASE_UNAVAILABLE', `Idempotency-Key '${key.key}' is neither there nor to be taken`, {
    retryAfterSeconds: 1,
  });
}

/**
 * Holds the row of the deployment that the artifact is taken from, which a removal and a block take first: one that comes
 * later sees this request. After the release's row, as everywhere.
 */
async function assertUsable(tx: Queryable, from: string): Promise<void> {
  await tx.query('select 1 from pull_deploy.deployments where id = $1 for share', [from]);
  const deployment = await requireDeployment(tx, from);
  const unusable = unusableArtifact(deployment, 'fromDeploymentId');
  if (unusable) throw new AppError([unusable]);
}

/** @throws AppError IDEMPOTENCY_KEY_REUSED */
async function selectRequest(
  db: Queryable,
  { caller, org, app, key, requestDigest }: IdempotentRequest,
): Promise<string | undefined> {
  const [row] = await db.query<{ request_digest: string; deployment_id: string }>(
    'select request_digest, deployment_id from pull_deploy.idempotency_keys where (caller, org, app, key) = ($1, $2, $3, $4)',
    [caller, org, app, key],
  );
  if (row && row.request_digest !== requestDigest)
    throw new AppError('IDEMPOTENCY_KEY_REUSED', `Idempotency-Key '${key}' was used for another request before`, {
      path: 'Idempotency-Key',
    });
  return row?.deployment_id;
}

/** Waits for a transaction that holds the same key; false when that one has made it. */
async function insertRequest(
  tx: Queryable,
  { caller, org, app, key, requestDigest }: IdempotentRequest,
  id: string,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into pull_deploy.idempotency_keys (caller, org, app, key, request_digest, deployment_id)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning 1`,
    [caller, org, app, key, requestDigest, id],
  );
  return rows.length > 0;
}

/** Sequences are without gaps or ties: the release's row is held until the deployment's is there. A retired app is one again. */
async function insertDeployment(
  db: Queryable,
  request: NewDeployment,
  { origin, state, built, warnings }: Pick<Deployment, 'origin' | 'state' | 'built' | 'warnings'>,
  event: NewEvent,
): Promise<Deployment> {
  const insert = () =>
    db.prepared<DeploymentRow>(INSERT_DEPLOYMENT, [
      ...[request.id, ...keyValues(request), request.kind, origin, state],
      ...[request.tagName ?? null, request.commit ?? null, request.creator, JSON.stringify(request.resolved)],
      ...[request.from ?? null, request.reason ?? null],
      ...[built?.sha256 ?? null, built?.bytes ?? null, built?.inputsDigest ?? null, built?.deployDigest ?? null],
      ...[event.message, event.origin, JSON.stringify(warnings)],
    ]);
  const [row] = await insert();
  if (row) return toDeployment(row);
  // The first of its release.
  await insertRelease(db, request);
  const [first] = await insert();
  return toDeployment(first as DeploymentRow);
}

const INSERT_DEPLOYMENT = `
  with counted as (
         update pull_deploy.releases set last_sequence = last_sequence + 1, retired_at = null
          where (org, app, environment) = ($2, $3, $4) returning last_sequence),
       inserted as (
         insert into pull_deploy.deployments
           (id, org, app, environment, sequence, kind, origin, state, tag_name, commit_id, creator, resolved,
            from_deployment, reason, artifact_sha256, artifact_bytes, inputs_digest, deploy_digest, warnings, lease_until)
         select $1, $2, $3, $4, last_sequence, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $20, clock_timestamp() + ${LEASE}
           from counted
         returning ${deploymentColumns()}),
       told as (
         insert into pull_deploy.deployment_events (deployment_id, org, type, message, origin)
         select id, org, state, $18, $19 from inserted)
  select * from inserted`;
