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
/** After so many uses PostgreSQL may go over to one plan for all values. */
const USES = 8;
/** Of a process that holds the deployment while it is built: nobody else asks. */
const NOT_READ = ['lease_until'];

describe('statements that are planned once for a connection', () => {
  let filled: FilledLedger;
  let ledger: Ledger;
  before(async () => {
    filled = await startFilledLedger({ apps: 1, deployments: 1 });
    ledger = makeLedger(filled.database);
  });
  after(() => filled.stop());

  async function deployOnce(): Promise<Deployment | undefined> {
    const id = randomUUID();
    const resolved = {
      ...{ scopes: [], releaseScopes: undefined, chartVersion: '1', traceparent: undefined, tracestate: undefined },
    };
    const built = { sha256: 'a', bytes: 1, inputsDigest: 'b', deployDigest: 'c' };
    const event = { message: 'x', origin: 'api' } as const;
    const { deployment } = await ledger.acceptRequest({
      ...{ ...KEY, id, kind: 'deploy', tagName: '1', commit: 'd', creator: 'x', resolved },
    });
    await ledger.move(id, 'building', event);
    await ledger.recordBuilt(deployment, built, []);
    await ledger.move(id, 'uploaded', event);
    const manifest = { tagName: '1', source: { commit: 'd' } } as Manifest;
    assert.equal(await ledger.indexArtifact(deployment, manifest, built), 'wanted');
    await ledger.recordPublished(KEY, {
      ...{ sequence: deployment.sequence, deploymentId: id, digest: 'x', etag: id },
    });
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
});
