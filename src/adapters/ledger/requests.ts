import { AppError } from '../../errors.ts';
import type { IdempotentRequest, NewDeployment, NewEvent, RequestLedger } from '../../ledger.ts';
import type { Deployment } from '../../model/deployment.ts';
import type { ReleaseKey } from '../../model/names.ts';
import { removedArtifact } from '../../model/removed-artifact.ts';
import type { Database, Queryable } from '../postgres.ts';
import { type DeploymentRow, toDeployment } from './rows.ts';
import { insertRelease, keyValues, requireDeployment, selectDeployment, withEvent } from './statements.ts';

/** Longer than a function may take to answer (230 s): a holder whose lease is over is dead. */
export const LEASE = "interval '240 seconds'";

export function makeRequestLedger(db: Database): RequestLedger {
  return {
    async findRequest(request) {
      const id = await selectRequest(db, request);
      return id === undefined ? undefined : selectDeployment(db, id);
    },

    acceptRequest: (request, key) =>
      db.transaction(async (tx) => {
        const known = key && (await claimKey(tx, key, request.id));
        if (known) return { deployment: await requireDeployment(tx, known), isNew: false };
        const what = request.kind === 'undeploy' ? 'the undeploy' : request.tagName;
        const event = { message: `${request.creator} asked for ${what}.`, origin: 'api' } as const;
        const deployment = await insertDeployment(
          tx,
          request,
          { origin: 'api', state: 'accepted', built: undefined },
          event,
        );
        if (request.from) await assertArtifactKept(tx, request.from);
        return { deployment, isNew: true };
      }),

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
          { origin: 'drop', state: 'uploaded', built: drop.built },
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
 * Holds the row of the deployment that the artifact is taken from, which a removal takes first: one that comes later
 * sees this request. After the release's row, as everywhere.
 */
async function assertArtifactKept(tx: Queryable, from: string): Promise<void> {
  await tx.query('select 1 from pull_deploy.deployments where id = $1 for share', [from]);
  const deployment = await requireDeployment(tx, from);
  const removed = removedArtifact(deployment, 'fromDeploymentId');
  if (removed) throw new AppError([removed]);
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

/** Holds the release's row until the transaction ends: sequences are without gaps or ties. A retired app is one again. */
async function nextSequence(tx: Queryable, key: ReleaseKey): Promise<number> {
  const [row] = await countUp(tx, key);
  if (row) return Number(row.last_sequence);
  await insertRelease(tx, key);
  const [first] = await countUp(tx, key);
  return Number(first?.last_sequence);
}

const countUp = (tx: Queryable, key: ReleaseKey) =>
  tx.query<{ last_sequence: string }>(
    `update pull_deploy.releases set last_sequence = last_sequence + 1, retired_at = null
      where (org, app, environment) = ($1, $2, $3) returning last_sequence`,
    keyValues(key),
  );

async function insertDeployment(
  tx: Queryable,
  request: NewDeployment,
  { origin, state, built }: Pick<Deployment, 'origin' | 'state' | 'built'>,
  event: NewEvent,
): Promise<Deployment> {
  const sequence = await nextSequence(tx, request);
  const [row] = await tx.query<DeploymentRow>(
    withEvent(
      `insert into pull_deploy.deployments
         (id, org, app, environment, sequence, kind, origin, state, tag_name, commit_id, creator, resolved,
          from_deployment, reason, artifact_sha256, artifact_bytes, inputs_digest, deploy_digest, lease_until)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, clock_timestamp() + ${LEASE})
       returning *`,
      '$8, $19, $20',
    ),
    [
      ...[request.id, ...keyValues(request), sequence, request.kind, origin, state],
      ...[request.tagName ?? null, request.commit ?? null, request.creator, JSON.stringify(request.resolved)],
      ...[request.from ?? null, request.reason ?? null],
      ...[built?.sha256 ?? null, built?.bytes ?? null, built?.inputsDigest ?? null, built?.deployDigest ?? null],
      ...[event.message, event.origin],
    ],
  );
  return toDeployment(row as DeploymentRow);
}
