import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { migrate } from '../../infra/migrations.ts';
import { type Postgres, startPostgres } from '../../local/services/postgres.ts';
import { removeState } from '../../local/stack.ts';
import { makeLedger } from '../../src/adapters/ledger/make-ledger.ts';
import { type Database, openDatabase } from '../../src/adapters/postgres.ts';
import type { Ledger } from '../../src/ledger.ts';
import type { Manifest } from '../../src/model/artifact.ts';
import type { ClusterEvent } from '../../src/model/cluster-event.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { explainStatements, type Plan } from '../support/explain.ts';
import { BUSIEST_APP, fillLedger, LARGEST_ORG, readLandmarks } from '../support/fill-ledger.ts';
import { ledgerReads } from '../support/ledger-reads.ts';
import { collectLog } from '../support/stack.ts';

/** Grow with the deployments that there ever were. */
const LONG_TABLES = ['deployments', 'deployment_events', 'artifacts', 'idempotency_keys', 'releases', 'apps'];
/** A page of 21, and what stands beside it. */
const MAX_ROWS = 500;
/** Of the busiest app's index: it has a twentieth of the deployments. */
const MAX_ENTRIES = 1_200;

describe('the ledger of an installation that has been there for years', () => {
  let directory: string;
  let postgres: Postgres;
  let database: Database;
  let ledger: Ledger;
  let plans: Plan[];
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pull-deploy-'));
    await chmod(directory, 0o755);
    postgres = await startPostgres({ directory: join(directory, 'postgres'), durable: false });
    await migrate({ url: postgres.url });
    await fillLedger(postgres.url, { apps: 500, deployments: 20_000 });
    const explained = explainStatements(openDatabase({ url: postgres.url }, collectLog().log));
    database = explained.db;
    plans = explained.plans;
    ledger = makeLedger(database);
  });
  after(async () => {
    await database.close();
    await postgres.stop();
    await removeState(directory);
    await rm(directory, { recursive: true, force: true });
  });

  async function assertByIndex(what: string, work: () => Promise<unknown>): Promise<void> {
    plans.length = 0;
    await work();
    assert.ok(plans.length > 0, what);
    for (const { sql, readWhole, rowsRead, entriesRead } of plans) {
      assert.deepEqual(
        readWhole.filter((table) => LONG_TABLES.includes(table)),
        [],
        `${what}: ${sql}`,
      );
      assert.ok(rowsRead <= MAX_ROWS, `${what}: ${rowsRead} rows read by ${sql}`);
      assert.ok(entriesRead <= MAX_ENTRIES, `${what}: ${entriesRead} entries of indexes read by ${sql}`);
    }
  }

  it('reads no table whole, nor more than a page of it, whatever is asked for', async () => {
    const marks = await readLandmarks(postgres.url);
    for (const [what, read] of ledgerReads(ledger, marks)) await assertByIndex(what, read);
  });

  it('takes a deployment through its life without looking through all that came before it', async () => {
    const key = { org: LARGEST_ORG, app: BUSIEST_APP, environment: 'at22' };
    const id = randomUUID();
    const built = { sha256: 'a', bytes: 1, inputsDigest: 'b', deployDigest: 'c' };
    const resolved = {
      scopes: [],
      releaseScopes: undefined,
      chartVersion: '1',
      traceparent: undefined,
      tracestate: undefined,
    };
    const request = { ...key, id, kind: 'deploy', tagName: '1', commit: 'd', creator: 'x', resolved } as const;
    const idempotent = { ...key, caller: 'x', key: 'y', requestDigest: 'z' };
    const manifest = { tagName: '1', source: { commit: 'd' } } as Manifest;
    const one = async () => (await ledger.deployment(id)) as Deployment;
    const event = { message: 'x', origin: 'api' } as const;
    const status = async () => (await ledger.releaseStatus(key)).wanted?.sequence ?? 0;
    const word = {
      meaning: 'upgraded',
      deploymentId: id,
      kind: 'HelmRelease',
      reason: 'UpgradeSucceeded',
      severity: 'info',
    };
    const told = { ...word, at: new Date(), message: 'x', helmRevision: 7, dedupeKey: 'e' } as unknown as ClusterEvent;
    for (const [what, step] of [
      ['a request that is new', () => ledger.acceptRequest(request, idempotent)],
      ['a request that was made before', () => ledger.findRequest(idempotent)],
      ['building', () => ledger.move(id, 'building', event)],
      ['built', async () => ledger.recordBuilt(await one(), built, [])],
      ['uploaded', () => ledger.move(id, 'uploaded', event)],
      ['indexed', async () => ledger.indexArtifact(await one(), manifest, built)],
      [
        'published',
        async () => ledger.recordPublished(key, { sequence: await status(), deploymentId: id, digest: 'x', etag: 'y' }),
      ],
      ["the cluster's word", () => ledger.recordClusterEvent(key, told)],
    ] as const)
      await assertByIndex(what, step);
    assert.equal((await one()).state, 'applied');
  });
});
