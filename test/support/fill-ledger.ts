import pg from 'pg';
import type { Landmarks } from './ledger-reads.ts';

export interface LedgerSize {
  readonly apps: number;
  readonly deployments: number;
}

export const FILL_ENVIRONMENTS = ['at22', 'at23', 'at24', 'yt01', 'tt02', 'production'] as const;
/** Has 3 of 10 apps, and the app that every twentieth deployment is of. */
export const LARGEST_ORG = 'ttd';
/** The others share the rest. */
export const FILL_ORGS = [LARGEST_ORG, ...Array.from({ length: 20 }, (_, index) => `o${index}`)];
/** Of every release document, as it was written last. */
export const FILL_ETAG = '"0x8DE0000000000"';
export const BUSIEST_APP = 'app-0';

/**
 * An installation as it is after years, each row derived from its number: 21 orgs with clusters in 6 environments, each
 * app in all of them. Every twentieth deployment is of one release, as where a test deploys by itself. Without foreign
 * keys' checks, which would take most of the time.
 */
export async function fillLedger(url: string, { apps, deployments }: LedgerSize): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("set session_replication_role = 'replica'");
    // To make an index of what is there takes a fraction of keeping it while that is put in.
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(INDEXES);
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    await client.query(APPS, [apps]);
    await client.query(DEPLOYMENTS, [deployments, apps]);
    await client.query('analyze pull_deploy.deployments');
    await client.query(RELEASES, [apps]);
    await client.query(ARTIFACTS);
    await client.query(EVENTS);
    await client.query(REQUESTS);
    for (const { definition } of indexes) await client.query(definition);
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

/** Where the reads of `ledgerReads` go. */
export async function readLandmarks(url: string): Promise<Landmarks> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(LANDMARKS, [LARGEST_ORG]);
    const { id, deep, position, middle } = rows[0];
    return { deploymentId: id, deep: Number(deep), position: Number(position), middle };
  } finally {
    await client.end();
  }
}

const LANDMARKS = `
  select (select id from pull_deploy.deployments where org = $1 order by ordinal desc offset 5000 limit 1),
         (select min(ordinal) from (select ordinal from pull_deploy.deployments where org = $1
                                     order by ordinal desc limit 20000) newest) as deep,
         (select max(position) - 50 from pull_deploy.deployment_events) as position,
         (select min(created_at) + (max(created_at) - min(created_at)) / 2 from pull_deploy.deployments) as middle`;

/** All that no constraint needs. */
const INDEXES = `
  select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
    from pg_index i join pg_class c on c.oid = i.indrelid
   where c.relnamespace = 'pull_deploy'::regnamespace
     and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid)`;

const ORG = "case when a % 10 < 3 then 'ttd' else 'o' || ((a + a / 10) % 20) end";
const ENVIRONMENT = `(array[${FILL_ENVIRONMENTS.map((name) => `'${name}'`)}])[1 + r % 6]`;

const APPS = `insert into pull_deploy.apps (org, app) select ${ORG}, 'app-' || a from generate_series(0, $1::int - 1) a`;

/** `r` counts the releases: each has its deployments one after the other, and the newest of each is what runs. */
const DEPLOYMENTS = `
  insert into pull_deploy.deployments
    (id, org, app, environment, sequence, kind, origin, state, tag_name, commit_id, creator, resolved, artifact_sha256,
     artifact_bytes, inputs_digest, deploy_digest, created_at, published_at, applied_at, helm_revision)
  select gen_random_uuid(), ${ORG}, 'app-' || a, ${ENVIRONMENT}, sequence,
         case when i % 100 = 7 then 'undeploy' when i % 200 = 9 then 'rollback' else 'deploy' end, 'api',
         case when is_newest then 'applied' when i % 50 = 3 then 'failed' when i % 100 = 11 then 'rejected' else 'superseded' end,
         (sequence % 500)::text, sha1_, case when i % 5 < 2 then 'Automation' else 'Person ' || i / 7 % 300 end,
         jsonb_build_object('scopes', '[]'::jsonb, 'chartVersion', '3.12.0', 'traceparent', '00-' || sha1_ || '-01'),
         digest, 250000, digest, digest, made, made, made, sequence
    from (select i, a, r, sequence, md5(i::text) || '00000000' as sha1_, md5(i::text) || md5(i::text) as digest,
                 timestamptz '2026-01-01' - ($1::int - i) * interval '1 minute' as made,
                 row_number() over (partition by r order by sequence desc) = 1 as is_newest
            from (select i, r, r / 6 as a,
                         row_number() over (partition by r order by i) as sequence
                    from (select i, case when i % 20 = 0 then 0 else (i::bigint * 7919 % ($2::int * 6))::int end as r
                            from generate_series(1, $1::int) i) numbered) placed) dated
   order by i`;

const RELEASES = `
  insert into pull_deploy.releases
    (org, app, environment, last_sequence, wanted_sequence, wanted_deployment, published_sequence, published_deployment,
     published_digest, published_etag, published_at, source_since, applied_deployment, applied_at)
  select ${ORG}, 'app-' || a, ${ENVIRONMENT}, coalesce(d.sequence, 0), coalesce(d.sequence, 0), d.id, coalesce(d.sequence, 0),
         d.id, d.deploy_digest, '${FILL_ETAG}', coalesce(d.published_at, '2026-01-01'), coalesce(d.published_at, '2026-01-01'), d.id, d.applied_at
    from (select r, r / 6 as a from generate_series(0, $1::int * 6 - 1) r) numbered
    left join lateral (select * from pull_deploy.deployments d
                        where (d.org, d.app, d.environment) = (${ORG}, 'app-' || a, ${ENVIRONMENT})
                        order by d.sequence desc limit 1) d on true`;

const ARTIFACTS = `
  insert into pull_deploy.artifacts
    (deployment_id, org, app, environment, sha256, bytes, inputs_digest, deploy_digest, tag_name, commit_id)
  select id, org, app, environment, artifact_sha256, artifact_bytes, inputs_digest, deploy_digest, tag_name, commit_id
    from pull_deploy.deployments where kind <> 'undeploy'`;

const EVENTS = `
  insert into pull_deploy.deployment_events (deployment_id, org, type, message, origin, created_at, position)
  select d.id, d.org, e.type, e.message, e.origin, d.created_at, 2 * d.ordinal + e.after - 2
    from pull_deploy.deployments d,
         (values (1, 'accepted', 'Someone asked for it.', 'api'), (2, 'published', 'Published for Flux to pull.', 'publish'))
           e (after, type, message, origin)`;

const REQUESTS = `
  insert into pull_deploy.idempotency_keys (caller, org, app, key, request_digest, deployment_id)
  select creator, org, app, id::text, inputs_digest, id from pull_deploy.deployments where ordinal % 10 = 0`;
