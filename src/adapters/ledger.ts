import { AppError } from '../errors.ts';
import { AWAITS_ARTIFACT, type DeploymentState, ENTERED_FROM } from '../model/deployment.ts';
import type { ReleaseKey } from '../model/names.ts';
import type { IdempotentRequest, Ledger, NewDeployment, NewEvent } from '../ports.ts';
import { type DeploymentRow, type EventRow, type ReleaseRow, toDeployment, toEvent, toRelease } from './ledger-rows.ts';
import type { Database, Queryable } from './postgres.ts';

/** Our tables, schema `pull_deploy` (`infra/sql`). Order and time are always the database's. */
export function makeLedger(db: Database): Ledger {
  return {
    // Never kept: the database may be exchanged under a running process, and that must be noticed.
    installation: () => selectInstallation(db),

    async findRequest(request) {
      const id = await selectRequest(db, request);
      return id === undefined ? undefined : selectDeployment(db, id);
    },

    acceptRequest: (request, key) =>
      db.transaction(async (tx) => {
        if (key && !(await insertRequest(tx, key, request.id))) {
          const known = await selectRequest(tx, key);
          return { deployment: await requireDeployment(tx, known as string), isNew: false };
        }
        await insertDeployment(tx, request, {
          origin: 'api',
          state: 'accepted',
          sequence: await nextSequence(tx, request),
        });
        await insertEvent(tx, request.id, 'accepted', {
          message: `${request.creator} asked for ${request.tagName}.`,
          origin: 'api',
        });
        return { deployment: await requireDeployment(tx, request.id), isNew: true };
      }),

    async recordBuilt(id, built, warnings) {
      await db.query(
        `update pull_deploy.deployments
            set artifact_sha256 = $2, artifact_bytes = $3, inputs_digest = $4, deploy_digest = $5, warnings = $6,
                updated_at = clock_timestamp()
          where id = $1 and state in ('accepted', 'building')`,
        [id, built.sha256, built.bytes, built.inputsDigest, built.deployDigest, JSON.stringify(warnings)],
      );
    },

    move: (id, to, event, problems) =>
      db.transaction(async (tx) => {
        const rows = await tx.query(
          `update pull_deploy.deployments
              set state = $2, problems = coalesce($4::jsonb, problems), updated_at = clock_timestamp()
            where id = $1 and state = any($3)
            returning 1`,
          [id, to, ENTERED_FROM[to], problems ? JSON.stringify(problems) : null],
        );
        if (rows.length > 0) await insertEvent(tx, id, to, event);
        return rows.length > 0;
      }),

    registerDrop: (drop) =>
      db.transaction(async (tx) => {
        // Serialises with itself: the same blob may be taken twice at once.
        await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [drop.id]);
        const known = await selectDeployment(tx, drop.id);
        if (known) return known;
        await insertDeployment(tx, drop, { origin: 'drop', state: 'uploaded', sequence: await nextSequence(tx, drop) });
        const { sha256, bytes, inputsDigest, deployDigest } = drop.built;
        await tx.query(
          `update pull_deploy.deployments
              set artifact_sha256 = $2, artifact_bytes = $3, inputs_digest = $4, deploy_digest = $5 where id = $1`,
          [drop.id, sha256, bytes, inputsDigest, deployDigest],
        );
        await insertEvent(tx, drop.id, 'uploaded', {
          message: 'Found in incoming; nobody asked for it over HTTP.',
          origin: 'accept',
        });
        return requireDeployment(tx, drop.id);
      }),

    indexArtifact: (deployment, manifest, built) =>
      db.transaction(async (tx) => {
        // Locks the release before the deployment, as recordPublished does.
        await tx.query(
          'select 1 from pull_deploy.releases where (org, app, environment) = ($1, $2, $3) for update',
          keyValues(deployment),
        );
        const [row] = await tx.query<{ state: DeploymentState }>(
          'select state from pull_deploy.deployments where id = $1 for update',
          [deployment.id],
        );
        if (row === undefined || !AWAITS_ARTIFACT.includes(row.state)) return 'ended';
        await tx.query(
          `insert into pull_deploy.artifacts
             (deployment_id, org, app, environment, sha256, bytes, inputs_digest, deploy_digest, tag_name, commit_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           on conflict (deployment_id) do nothing`,
          [
            ...[deployment.id, deployment.org, deployment.app, deployment.environment, built.sha256, built.bytes],
            ...[built.inputsDigest, built.deployDigest, manifest.tagName, manifest.source.commit],
          ],
        );
        return want(tx, deployment, deployment.id, deployment.sequence);
      }),

    deployment: (id) => selectDeployment(db, id),

    async deployments({ org, app, environment, before, limit }) {
      const rows = await db.query<DeploymentRow>(
        `select * from pull_deploy.deployments
          where org = $1 and app = $2 and ($3::text is null or environment = $3) and ($4::bigint is null or ordinal < $4)
          order by ordinal desc limit $5`,
        [org, app, environment ?? null, before ?? null, limit],
      );
      return rows.map(toDeployment);
    },

    async events(deploymentId) {
      const rows = await db.query<EventRow>(
        'select * from pull_deploy.deployment_events where deployment_id = $1 order by id',
        [deploymentId],
      );
      return rows.map(toEvent);
    },

    async releaseStatus(key, stored) {
      const [row] = await db.query<StatusRow>(
        `select i.id as installation, r.wanted_sequence, r.wanted_deployment, r.published_sequence,
                exists (select 1 from pull_deploy.deployments d
                         where d.id = $4::uuid and d.sequence = $5 and (d.org, d.app, d.environment) = ($1, $2, $3)) as knows_stored
           from pull_deploy.installation i
           left join pull_deploy.releases r on (r.org, r.app, r.environment) = ($1, $2, $3)`,
        [...keyValues(key), isUuid(stored?.deploymentId) ? stored?.deploymentId : null, stored?.sequence ?? null],
      );
      if (row === undefined)
        throw new AppError('CONFIGURATION_INVALID', 'the ledger has no installation row: run the migrations');
      return {
        installation: row.installation,
        wanted:
          row.wanted_sequence === null
            ? undefined
            : { sequence: Number(row.wanted_sequence), deploymentId: row.wanted_deployment ?? undefined },
        publishedSequence: row.published_sequence === null ? undefined : Number(row.published_sequence),
        knowsStored: row.knows_stored,
      };
    },

    recordPublished: (key, { sequence, deploymentId, digest, etag }) =>
      db.transaction(async (tx) => {
        await insertRelease(tx, key);
        const rows = await tx.query(
          `update pull_deploy.releases
              set published_sequence = $4, published_deployment = $5, published_digest = $6, published_etag = $7,
                  published_at = clock_timestamp()
            where (org, app, environment) = ($1, $2, $3) and coalesce(published_sequence, 0) <= $4
              and (published_sequence is distinct from $4 or published_etag is distinct from $7)
            returning 1`,
          [...keyValues(key), sequence, deploymentId ?? null, digest, etag],
        );
        if (rows.length > 0) await finishPublished(tx, key);
      }),

    recordSources: (org, environment, apps) =>
      db.transaction(async (tx) => {
        const rows = await tx.query<{ app: string }>(
          `update pull_deploy.releases set source_since = clock_timestamp()
            where org = $1 and environment = $2 and app = any($3) and source_since is null returning app`,
          [org, environment, apps],
        );
        for (const { app } of rows) await finishPublished(tx, { org, app, environment });
      }),

    async releases(filter) {
      const rows = await db.query<ReleaseRow>(
        `select * from pull_deploy.releases
          where ($1::text is null or org = $1) and ($2::text is null or environment = $2) order by org, app, environment`,
        [filter?.org ?? null, filter?.environment ?? null],
      );
      return rows.map(toRelease);
    },

    apps: () => db.query<{ org: string; app: string }>('select org, app from pull_deploy.apps order by org, app'),

    async ping() {
      await db.query('select 1 from pull_deploy.installation');
    },
  };
}

type StatusRow = {
  installation: string;
  wanted_sequence: string | null;
  wanted_deployment: string | null;
  published_sequence: string | null;
  knows_stored: boolean;
};

const keyValues = ({ org, app, environment }: ReleaseKey): string[] => [org, app, environment];

const isUuid = (text: string | undefined): boolean => text !== undefined && /^[0-9a-f-]{36}$/.test(text);

async function selectInstallation(db: Queryable): Promise<string> {
  const [row] = await db.query<{ id: string }>('select id from pull_deploy.installation');
  if (row === undefined)
    throw new AppError('CONFIGURATION_INVALID', 'the ledger has no installation row: run the migrations');
  return row.id;
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

async function insertRelease(tx: Queryable, key: ReleaseKey): Promise<void> {
  await tx.query('insert into pull_deploy.apps (org, app) values ($1, $2) on conflict do nothing', [key.org, key.app]);
  await tx.query(
    'insert into pull_deploy.releases (org, app, environment) values ($1, $2, $3) on conflict do nothing',
    keyValues(key),
  );
}

/** Holds the release's row until the transaction ends: sequences are without gaps or ties. */
async function nextSequence(tx: Queryable, key: ReleaseKey): Promise<number> {
  await insertRelease(tx, key);
  const [row] = await tx.query<{ last_sequence: string }>(
    `update pull_deploy.releases set last_sequence = last_sequence + 1
      where (org, app, environment) = ($1, $2, $3) returning last_sequence`,
    keyValues(key),
  );
  return Number(row?.last_sequence);
}

async function insertDeployment(
  tx: Queryable,
  request: NewDeployment,
  { origin, state, sequence }: { origin: 'api' | 'drop'; state: DeploymentState; sequence: number },
): Promise<void> {
  await tx.query(
    `insert into pull_deploy.deployments
       (id, org, app, environment, sequence, kind, origin, state, tag_name, commit_id, creator, resolved)
     values ($1, $2, $3, $4, $5, 'deploy', $6, $7, $8, $9, $10, $11)`,
    [
      ...[request.id, ...keyValues(request), sequence, origin, state],
      ...[request.tagName, request.commit, request.creator, JSON.stringify(request.resolved)],
    ],
  );
}

async function insertEvent(
  tx: Queryable,
  deploymentId: string,
  type: string,
  { message, origin }: NewEvent,
): Promise<void> {
  await tx.query(
    'insert into pull_deploy.deployment_events (deployment_id, type, message, origin) values ($1, $2, $3, $4)',
    [deploymentId, type, message, origin],
  );
}

/** The wanted release only ever moves up; a deployment that comes too late is superseded. */
async function want(
  tx: Queryable,
  key: ReleaseKey,
  deploymentId: string,
  sequence: number,
): Promise<'wanted' | 'superseded'> {
  await tx.query(
    `update pull_deploy.releases set wanted_sequence = $4, wanted_deployment = $5
      where (org, app, environment) = ($1, $2, $3) and wanted_sequence < $4`,
    [...keyValues(key), sequence, deploymentId],
  );
  const [row] = await tx.query<{ wanted_sequence: string }>(
    'select wanted_sequence from pull_deploy.releases where (org, app, environment) = ($1, $2, $3)',
    keyValues(key),
  );
  if (Number(row?.wanted_sequence) === sequence) return 'wanted';
  await supersede(tx, key, sequence, sequence);
  return 'superseded';
}

/** Once Flux can pull a release, its deployment is published, and those that it overtook have ended. */
async function finishPublished(tx: Queryable, key: ReleaseKey): Promise<void> {
  const published = await tx.query<{ id: string; sequence: string }>(
    `update pull_deploy.deployments d set state = 'published', updated_at = clock_timestamp()
       from pull_deploy.releases r
      where (r.org, r.app, r.environment) = ($1, $2, $3) and r.source_since is not null
        and d.id = r.published_deployment and d.state = any($4)
      returning d.id, d.sequence`,
    [...keyValues(key), ENTERED_FROM.published],
  );
  for (const { id, sequence } of published) {
    await insertEvent(tx, id, 'published', { message: 'Published for Flux to pull.', origin: 'publish' });
    await supersede(tx, key, 0, Number(sequence) - 1);
  }
}

/** Only those whose artifact has been accepted: one that is still being built is told when its artifact comes. */
async function supersede(tx: Queryable, key: ReleaseKey, first: number, last: number): Promise<void> {
  const rows = await tx.query<{ id: string }>(
    `update pull_deploy.deployments d set state = 'superseded', updated_at = clock_timestamp()
      where (org, app, environment) = ($1, $2, $3) and sequence between $4 and $5 and state = any($6)
        and exists (select 1 from pull_deploy.artifacts a where a.deployment_id = d.id)
      returning id`,
    [...keyValues(key), first, last, ENTERED_FROM.superseded],
  );
  for (const { id } of rows)
    await insertEvent(tx, id, 'superseded', { message: 'A newer deployment was published first.', origin: 'publish' });
}

async function selectDeployment(db: Queryable, id: string) {
  const [row] = await db.query<DeploymentRow>('select * from pull_deploy.deployments where id = $1', [id]);
  return row && toDeployment(row);
}

async function requireDeployment(db: Queryable, id: string) {
  const deployment = await selectDeployment(db, id);
  if (deployment === undefined) throw new AppError('INTERNAL', `deployment ${id} vanished`);
  return deployment;
}
