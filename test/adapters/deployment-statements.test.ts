import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { makeLedger } from '../../src/adapters/ledger/make-ledger.ts';
import { deploymentColumns } from '../../src/adapters/ledger/rows.ts';
import type { Ledger } from '../../src/ledger.ts';
import type { Manifest } from '../../src/model/artifact.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { type FilledLedger, startFilledLedger } from '../support/filled-ledger.ts';

const KEY = { org: 'ttd', app: 'one', environment: 'tt02' };
const BUILT = { sha256: 'a', bytes: 1, inputsDigest: 'b', deployDigest: 'c' };
const EVENT = { message: 'x', origin: 'api' } as const;
const MANIFEST = { tagName: '1', source: { commit: 'd' } } as Manifest;
/** After so many uses PostgreSQL may go over to one plan for all values. */
const USES = 8;
/** Of a process that holds the deployment while it is built: nobody else asks. */
const NOT_READ = ['lease_until'];

describe('the statements of a deployment', () => {
  let filled: FilledLedger;
  let ledger: Ledger;
  before(async () => {
    filled = await startFilledLedger({ apps: 1, deployments: 1 });
    ledger = makeLedger(filled.database);
  });
  after(() => filled.stop());

  async function ask(): Promise<Deployment> {
    const resolved = {
      ...{ scopes: [], releaseScopes: undefined, chartVersion: '1', traceparent: undefined, tracestate: undefined },
    };
    const { deployment } = await ledger.acceptRequest({
      ...{ ...KEY, id: randomUUID(), kind: 'deploy', tagName: '1', commit: 'd', creator: 'x', resolved },
    });
    await ledger.move(deployment.id, 'building', EVENT);
    await ledger.recordBuilt(deployment, BUILT, []);
    await ledger.move(deployment.id, 'uploaded', EVENT);
    return deployment;
  }

  const index = (deployment: Deployment, into = ledger) => into.indexArtifact(deployment, MANIFEST, BUILT);

  async function deployOnce(): Promise<Deployment | undefined> {
    const deployment = await ask();
    const { id, sequence } = deployment;
    assert.equal(await index(deployment), 'wanted');
    await ledger.recordPublished(KEY, { sequence, deploymentId: id, digest: 'x', etag: id });
    await ledger.recordSources(KEY.org, KEY.environment, [KEY.app]);
    return ledger.deployment(id);
  }

  it('go on when a migration adds columns beneath them', async () => {
    for (let use = 0; use < USES; use++) assert.equal((await deployOnce())?.state, 'published');
    for (const table of ['deployments', 'releases', 'artifacts', 'deployment_events'])
      await filled.database.query(`alter table pull_deploy.${table} add column later text`);
    assert.equal((await deployOnce())?.state, 'published');
    for (const table of ['deployments', 'releases', 'artifacts', 'deployment_events'])
      await filled.database.query(`alter table pull_deploy.${table} drop column later`);
    assert.equal((await deployOnce())?.state, 'published');
  });

  it('read every column of a deployment but those that are known to be nobody’s', async () => {
    const rows = await filled.database.query<{ name: string }>(
      `select column_name as name from information_schema.columns
        where table_schema = 'pull_deploy' and table_name = 'deployments'`,
    );
    const named = deploymentColumns('d').split(', ');
    assert.deepEqual(
      rows.map(({ name }) => `d.${name}`).sort(),
      [...named, ...NOT_READ.map((name) => `d.${name}`)].sort(),
    );
  });

  it('are as many as there are texts, not as there are calls', async () => {
    const rows = await filled.database.query<{ name: string; uses: string }>(
      'select name, generic_plans + custom_plans as uses from pg_prepared_statements order by name',
    );
    assert.ok(rows.length > 5 && rows.length < 20, `${rows.length} of them`);
    assert.ok(rows.some(({ uses }) => Number(uses) > USES));
  });

  it('end one that comes too late when it comes again, where its process died between its index and its end', async () => {
    const [early, late] = [await ask(), await ask()];
    assert.equal(await index(late), 'wanted');
    const dying = makeLedger({
      ...filled.database,
      query: () => Promise.reject(new Error('the process is gone')),
    });
    await assert.rejects(index(early, dying), /the process is gone/);
    assert.equal((await ledger.deployment(early.id))?.state, 'uploaded');
    assert.equal(await index(early), 'superseded');
    assert.equal((await ledger.deployment(early.id))?.state, 'superseded');
    assert.equal(await index(early), 'ended');
    const [{ count } = { count: '' }] = await filled.database.query<{ count: string }>(
      'select count(*) from pull_deploy.artifacts where deployment_id = $1',
      [early.id],
    );
    assert.equal(count, '1');
  });

  it('give each of many that ask at once its own place, and leave the last one wanted', async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, ask));
    const sequences = asked.map(({ sequence }) => sequence).sort((a, b) => a - b);
    assert.deepEqual(
      sequences,
      sequences.map((_, i) => (sequences[0] as number) + i),
    );
    const outcomes = await Promise.all(asked.map(async (one) => [one.sequence, await index(one)] as const));
    const last = asked.find(({ sequence }) => sequence === sequences.at(-1)) as Deployment;
    assert.equal(new Map(outcomes).get(last.sequence), 'wanted');
    assert.deepEqual((await ledger.releaseStatus(KEY)).wanted, { sequence: last.sequence, deploymentId: last.id });
    await ledger.recordPublished(KEY, { sequence: last.sequence, deploymentId: last.id, digest: 'x', etag: last.id });
    const states = await Promise.all(asked.map(async ({ id }) => (await ledger.deployment(id))?.state));
    assert.deepEqual(
      states.filter((state) => state !== 'superseded'),
      ['published'],
    );
  });
});
