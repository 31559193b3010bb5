import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { parse, stringify } from 'yaml';
import { migrate } from '../../infra/migrations.ts';
import { makeApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { connect } from '../../src/connect.ts';
import type { Health } from '../../src/operate/check-health.ts';
import type { ReconcileSummary } from '../../src/reconcile/reconcile-sources.ts';
import { post, waitForEnd } from '../support/api.ts';
import { collectLog, startTestStack, type TestStack } from '../support/stack.ts';

// biome-ignore lint/suspicious/noExplicitAny: an environments file, changed at will
type EnvironmentsFile = any;

describe('what runs is safe from us', () => {
  let stack: TestStack;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'safety-'));
    stack = await startTestStack();
    for (const envName of ['tt02', 'production']) await deploy(envName);
    await stack.app.reconcileSources(new Date());
  });
  after(async () => {
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  const deployments = () => `${stack.run.functionsUrl}/api/v1/ttd/parking-permit/deployments`;
  async function deploy(envName: string) {
    const { body } = await post(deployments(), { envName, tagName: '1' });
    return waitForEnd(`${deployments()}/${body.id}`);
  }

  /** ETag of every blob in every environment's account: any write changes one. */
  async function everything(): Promise<string[]> {
    const found: string[] = [];
    for (const { name } of stack.config.studio.environments)
      for (const container of ['app-ttd-parking-permit', 'cluster-ttd'])
        for (const blob of await stack.storage(name).container(container).list(''))
          found.push(
            `${name}/${container}/${blob.name} ${await stack.storage(name).container(container).etag(blob.name)}`,
          );
    return found;
  }

  /** Two passes of this system with other settings, and what its health says then. */
  async function passWith(settings: {
    database?: string;
    file?: string;
  }): Promise<{ summary: ReconcileSummary; health: Health; alerts: number }> {
    const { log, lines } = collectLog();
    const loaded = loadConfig({
      ...stack.env,
      ...(settings.database ? { DATABASE_URL: settings.database } : {}),
      ...(settings.file ? { ENVIRONMENTS_FILE: settings.file } : {}),
    });
    assert.ok('config' in loaded, JSON.stringify(loaded));
    const connection = connect(loaded.config, log);
    const app = makeApp(connection.ports, loaded.config.studio);
    await app.reconcileSources(new Date());
    const summary = await app.reconcileSources(new Date());
    const health = await app.checkHealth();
    await connection.close();
    return { summary, health, alerts: lines.filter(({ level }) => level === 'error').length };
  }

  async function withFile(change: (file: EnvironmentsFile) => void): Promise<string> {
    const file = parse(await readFile(stack.env.ENVIRONMENTS_FILE as string, 'utf8'));
    change(file);
    const path = join(folder, `${Math.random()}.yaml`);
    await writeFile(path, stringify(file));
    return path;
  }

  async function newDatabase(name: string): Promise<string> {
    await stack.sql(`create database ${name}`);
    const url = new URL(stack.run.postgresUrl);
    url.pathname = `/${name}`;
    await migrate({ url: url.href });
    return url.href;
  }

  async function inDatabase(url: string, statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(statement);
    await client.end();
  }

  function assertHeld(found: { summary: ReconcileSummary; health: Health; alerts: number }, code: string): void {
    assert.equal(found.summary.releasesPublished + found.summary.sourcesPublished, 0);
    assert.ok(found.alerts > 0, 'an alert is logged');
    assert.equal(found.health.status, 'degraded');
    assert.ok(
      found.health.holds.some((hold) => hold.code === code),
      JSON.stringify(found.health.holds),
    );
  }

  it('from an empty database', async () => {
    const before = await everything();
    const database = await newDatabase('empty');
    assertHeld(await passWith({ database }), 'LEDGER_FOREIGN');
    // Even when it knows the app, as discovery would make it.
    await inDatabase(database, `insert into pull_deploy.apps (org, app) values ('ttd', 'parking-permit')`);
    assertHeld(await passWith({ database }), 'LEDGER_FOREIGN');
    assert.deepEqual(await everything(), before);
  });

  it('from an empty database that took over the installation', async () => {
    const before = await everything();
    const database = await newDatabase('adopted');
    const [row] = await stack.sql<{ id: string }>('select id from pull_deploy.installation');
    await inDatabase(database, `update pull_deploy.installation set id = '${row?.id}'`);
    await inDatabase(database, `insert into pull_deploy.apps (org, app) values ('ttd', 'parking-permit')`);
    const found = await passWith({ database });
    assert.ok(found.health.holds.some(({ code }) => code === 'LEDGER_STALE'));
    const changed = (await everything()).filter((line) => !before.includes(line));
    assert.deepEqual(changed, []);
  });

  it('from the database of another installation, pointed at our accounts', async () => {
    const before = await everything();
    const database = await newDatabase('other');
    await inDatabase(
      database,
      `insert into pull_deploy.apps (org, app) values ('ttd', 'parking-permit');
       insert into pull_deploy.releases (org, app, environment) values ('ttd', 'parking-permit', 'tt02')`,
    );
    assertHeld(await passWith({ database }), 'LEDGER_FOREIGN');
    assert.deepEqual(await everything(), before);
  });

  it('from an environments file that takes one environment for another', async () => {
    const before = await everything();
    const file = await withFile(({ environments }) => {
      const { tt02, production } = environments;
      [tt02.storage, production.storage] = [production.storage, tt02.storage];
      [tt02.connectionString, production.connectionString] = [production.connectionString, tt02.connectionString];
    });
    assertHeld(await passWith({ file }), 'LEDGER_FOREIGN');
    assert.deepEqual(await everything(), before);
    await stack.app.reconcileSources(new Date());
  });

  it('from an environments file that names an empty account', async () => {
    const before = await everything();
    const file = await withFile(({ environments }) => {
      // An account that exists and holds nothing of ours.
      environments.tt02.storage = stack.azurite.blobEndpoint('studio');
      environments.tt02.connectionString = stack.azurite.connectionString('studio');
    });
    assertHeld(await passWith({ file }), 'STORAGE_EMPTY');
    assert.deepEqual(await everything(), before);
    assert.equal(
      await stack.studioStorage().container('app-ttd-parking-permit').etag('release/release.yaml'),
      undefined,
    );
  });

  it('from an environment, or an org, that is taken out of the file', async () => {
    const before = await everything();
    const withoutEnvironment = await withFile(({ environments }) => delete environments.tt02);
    assertHeld(await passWith({ file: withoutEnvironment }), 'ENVIRONMENT_UNKNOWN');
    const withoutOrg = await withFile(({ environments }) => {
      environments.production.orgs = [];
    });
    assertHeld(await passWith({ file: withoutOrg }), 'CLUSTER_UNKNOWN');
    assert.deepEqual(await everything(), before);
  });

  it('and goes on as if nothing had been, once the settings are right again', async () => {
    const summary = await stack.app.reconcileSources(new Date());
    assert.deepEqual([summary.failures, summary.holds], [0, 0]);
    assert.deepEqual((await stack.app.checkHealth()).holds, []);
    assert.equal((await deploy('tt02')).state, 'published');
  });
});
