import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { makeLedger } from '../../src/adapters/ledger/make-ledger.ts';
import type { Ledger } from '../../src/ledger.ts';
import type { Manifest } from '../../src/model/artifact.ts';
import type { ClusterEvent } from '../../src/model/cluster-event.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { explainStatements, type Plan } from '../support/explain.ts';
import { BUSIEST_APP, LARGEST_ORG, readLandmarks } from '../support/fill-ledger.ts';
import { type FilledLedger, startFilledLedger } from '../support/filled-ledger.ts';
import { ledgerReads } from '../support/ledger-reads.ts';

/** Grow with the deployments that there ever were. */
const LONG_TABLES = ['deployments', 'deployment_events', 'artifacts', 'idempotency_keys', 'releases', 'apps'];
/** A page of 21, and what stands beside it. */
const MAX_ROWS = 500;
/** Of the busiest app's index: it has a twentieth of the deployments. */
const MAX_ENTRIES = 1_200;

describe('the ledger of an installation that has been there for years', () => {
  let filled: FilledLedger;
  let ledger: Ledger;
  let plans: Plan[];
  before(async () => {
    filled = await startFilledLedger({ apps: 500, deployments: 20_000 });
    const explained = explainStatements(filled.database);
    plans = explained.plans;
    ledger = makeLedger(explained.db);
  });
  after(() => filled.stop());

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
    const marks = await readLandmarks(filled.url);
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
