import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate } from '../../infra/migrations.ts';
import { fluxEventsToken, fluxReceiverToken } from '../../src/model/cluster-keys.ts';
import { get, post, waitForEnd } from '../support/api.ts';
import { script } from '../support/script.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe("an operator's command", () => {
  let stack: TestStack;
  before(async () => {
    stack = await startTestStack();
    await deploy('tt02');
    await stack.app.reconcileSources(new Date());
  });
  after(() => stack.stop());

  const app = () => `${stack.run.functionsUrl}/api/v1/ttd/parking-permit`;
  async function deploy(envName: string) {
    const { body } = await post(`${app()}/deployments`, { envName, tagName: '1' });
    return waitForEnd(`${app()}/deployments/${body.id}`);
  }
  const documentOf = async (container: string, blob: string, environment = 'tt02') =>
    String((await stack.storage(environment).container(container).read(blob))?.bytes);
  const sources = (environment?: string) => documentOf('cluster-ttd', 'sources/sources.yaml', environment);

  function run(command: string, ...args: string[]): Promise<{ code: number; out: string }> {
    const env = { PATH: process.env.PATH ?? '', ...stack.env } as Record<string, string>;
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        script(`infra/commands/${command}.ts`, ...args),
        { cwd: ROOT, env },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
      );
    });
  }

  it('says how it is used when it is called wrongly', async () => {
    for (const [command, ...args] of [
      ['retire', 'nonsense', '--environment', 'tt02'],
      ['upgrade-sources', '--environment', 'tt02', '--local', '--azure-cli'],
      ['upgrade-sources', '--environment', 'tt02', '--dry-run'],
      ['restore', '--unknown'],
      ['restore', '--environment', 'tt02', 'production'],
      ['reindex', '--environment', 'tt02'],
      ['webhook-key', '--environment', 'tt02'],
      ['webhook-key', '--environment', 'tt02', '--org', 'ttd', '--apply'],
      ['receiver-key', '--environment', 'tt02', '--org', 'ttd', '--azure-cli'],
      ['migrate', '--dry-run'],
    ] as const) {
      const { code, out } = await run(command, ...args);
      assert.deepEqual([code, new RegExp(`npm run (--silent )?${command}\\b`).test(out)], [1, true], out);
    }
    assert.match((await run('package', '--environments', 'none.yaml')).out, /'none\.yaml' can't be read: ENOENT/);
    assert.match((await run('restore', '--environment', 'nowhere')).out, /must be one of at22, /);
    assert.match((await run('restore', '--environment', 'tt02', '--org', 'ttd')).out, /--org is not taken here/);
  });

  it('says how it is used when it is asked, and does nothing', async () => {
    for (const command of ['migrate', 'retire', 'restore', 'reindex', 'webhook-key', 'package', 'smoke']) {
      const { code, out } = await run(command, '--help');
      assert.deepEqual([code, new RegExp(`^npm run (--silent )?${command}\\b`).test(out)], [0, true], out);
    }
  });

  it('prints nothing but a key of a cluster, for an org that has a cluster there', async () => {
    const { code, out } = await run('webhook-key', '--environment', 'tt02', '--org', 'ttd');
    const cluster = { studio: 'dev', environment: 'tt02', org: 'ttd' };
    assert.deepEqual([code, out], [0, `${fluxEventsToken(stack.run.fluxEventsKey, cluster)}\n`]);
    const toReceiver = await run('receiver-key', '--environment', 'tt02', '--org', 'ttd');
    assert.equal(toReceiver.out, `${fluxReceiverToken(stack.run.fluxEventsKey, cluster)}\n`);
    const none = await run('webhook-key', '--environment', 'tt02', '--org', 'nav');
    assert.deepEqual([none.code, /--org 'nav': must be one of ttd/.test(none.out)], [1, true], none.out);
  });

  it('migrates a database, once', async () => {
    assert.match((await run('migrate')).out, /up to date/);
  });

  it('retires nothing that is deployed', async () => {
    const { code, out } = await run('retire', 'ttd/parking-permit', '--environment', 'tt02', '--apply');
    assert.deepEqual([code, /SOURCE_IN_USE/.test(out)], [1, true], out);
    assert.match(await sources(), /ttd-parking-permit-dev/);
  });

  it('retires nothing of an app that is not there', async () => {
    const { code, out } = await run('retire', 'ttd/parking-permitt', '--environment', 'tt02', '--apply');
    assert.deepEqual([code, /APP_UNKNOWN/.test(out)], [1, true], out);
  });

  it('retires an app that was taken down, and a deployment brings it back', async () => {
    const { body } = await post(`${app()}/undeploy`, { envName: 'tt02' });
    assert.equal(body.state, 'published');
    const plan = await run('retire', 'ttd/parking-permit', '--environment', 'tt02');
    assert.deepEqual([plan.code, /Would take/.test(plan.out)], [0, true]);
    assert.match(await sources(), /ttd-parking-permit-dev/, 'a dry run changes nothing');
    assert.equal((await run('retire', 'ttd/parking-permit', '--environment', 'tt02', '--apply')).code, 0);
    assert.doesNotMatch(await sources(), /ttd-parking-permit-dev/);
    const again = await run('retire', 'ttd/parking-permit', '--environment', 'tt02', '--apply');
    assert.deepEqual([again.code, /Nothing is to be done/.test(again.out)], [0, true], again.out);
    const summary = await stack.app.reconcileSources(new Date());
    assert.equal(summary.planned, 0);
    assert.doesNotMatch(await sources(), /ttd-parking-permit-dev/, 'no pass brings it back');
    const view = (await get(app())).body.environments.find(({ envName }: { envName: string }) => envName === 'tt02');
    assert.match(view.reason, /retired/);
    assert.equal((await deploy('tt02')).state, 'published');
    assert.match(await sources(), /ttd-parking-permit-dev/);
  });

  it("changes the sources' form only when it is asked to", async () => {
    const ours = await sources('at22');
    const older = ours
      .replaceAll('"altinn.studio/source-form": "1"', '"altinn.studio/source-form": "0"')
      .replace('"1m"', '"7m"');
    await stack.storage('at22').container('cluster-ttd').overwrite('sources/sources.yaml', older, 'application/yaml');
    await stack.app.reconcileSources(new Date());
    assert.equal(await sources('at22'), older, 'a new version leaves it alone');
    const plan = await run('upgrade-sources', '--environment', 'at22');
    assert.match(plan.out, /would change {2}ttd-parking-permit-dev[\s\S]*Would change 1 source in at22/);
    assert.equal(await sources('at22'), older);
    assert.match((await run('upgrade-sources', '--environment', 'at22', '--apply')).out, /Changed 1 source/);
    assert.equal(await sources('at22'), ours);
  });

  it('restores what an emptied account should hold', async () => {
    const release = await documentOf('app-ttd-parking-permit', 'release/release.yaml');
    const before = await sources();
    for (const container of ['app-ttd-parking-permit', 'cluster-ttd'])
      for (const { name } of await stack.storage('tt02').container(container).list('')) {
        const etag = await stack.storage('tt02').container(container).etag(name);
        await stack
          .storage('tt02')
          .container(container)
          .remove(name, etag as string);
      }
    await stack.app.reconcileSources(new Date());
    assert.equal(
      await stack.storage('tt02').container('cluster-ttd').etag('sources/sources.yaml'),
      undefined,
      'not by itself',
    );
    assert.equal((await stack.app.checkHealth()).holds[0]?.code, 'STORAGE_EMPTY');
    assert.match((await run('restore', '--environment', 'tt02')).out, /Would publish 1 releases/);
    assert.equal((await run('restore', '--environment', 'tt02', '--apply')).code, 0);
    assert.equal(await documentOf('app-ttd-parking-permit', 'release/release.yaml'), release);
    assert.equal(await sources(), before);
    await stack.app.reconcileSources(new Date());
    assert.deepEqual((await stack.app.checkHealth()).holds, []);
  });

  it('leaves the service with rights in the database that are enough, and no more than docs/operate.md grants', async () => {
    const operate = await readFile(join(ROOT, 'docs/operate.md'), 'utf8');
    const [, grants = ''] = /```sql\n(grant usage[\s\S]*?)```/.exec(operate) ?? [];
    await stack.sql(`create role service login password 'service'; ${grants.replaceAll('IDENTITY', 'service')}`);
    const url = Object.assign(new URL(stack.env.DATABASE_URL as string), { username: 'service', password: 'service' });
    const served = await stack.serveWith({ DATABASE_URL: url.href });
    const client = new pg.Client(url.href);
    try {
      const ours = `${served.url}/api/v1/ttd/parking-permit`;
      const { status, body } = await post(`${ours}/deployments`, { envName: 'tt02', tagName: '1' });
      assert.equal(status, 202, JSON.stringify(body));
      assert.equal((await waitForEnd(`${ours}/deployments/${body.id}`)).state, 'published');
      for (const timer of ['reconcileSources', 'sweepIncoming', 'discoverApps'])
        assert.equal((await fetch(`${served.url}/admin/functions/${timer}`, { method: 'POST' })).status, 202, timer);
      assert.equal((await get(`${ours}/deployments/${body.id}/events`)).status, 200);
      assert.equal((await post(`${ours}/undeploy`, { envName: 'tt02' })).status, 202);
      assert.doesNotMatch(JSON.stringify(stack.lines), /permission denied/);
      await client.connect();
      for (const statement of [
        'create table pull_deploy.own (a int)',
        "update designer.releases set tagname = 'x'",
        'drop table pull_deploy.apps',
      ])
        await assert.rejects(client.query(statement), /permission denied|must be owner/, statement);
    } finally {
      await client.end();
      await served.close();
    }
  });

  it('migrates as a role that owns the schema and its tables and may make no other, as docs/operate.md hands them over', async () => {
    const operate = await readFile(join(ROOT, 'docs/operate.md'), 'utf8');
    const [, handOver = ''] = /```sql\n(grant "DEPLOYER"[\s\S]*?)```/.exec(operate) ?? [];
    await stack.sql(`create role administrator login createrole createdb password 'pass'; create role function login`);
    const urlOf = (username: string, database: string) =>
      Object.assign(new URL(stack.env.DATABASE_URL as string), { username, password: 'pass', pathname: database }).href;
    const as = async <R extends pg.QueryResultRow>(url: string, text: string): Promise<R[]> => {
      const client = new pg.Client(url);
      await client.connect();
      try {
        return (await client.query<R>(text)).rows;
      } finally {
        await client.end();
      }
    };
    await as(urlOf('administrator', 'postgres'), `create role deployer login password 'pass'`);
    const sql = handOver.replaceAll('DEPLOYER', 'deployer').replaceAll('IDENTITY', 'function');
    for (const database of ['handed_after', 'handed_before']) {
      await as(urlOf('administrator', 'postgres'), `create database ${database}`);
      const url = urlOf('deployer', database);
      if (database === 'handed_after') await migrate({ url: urlOf('administrator', database) });
      for (const _ of ['once', 'again']) await as(urlOf('administrator', database), sql);
      const applied = await migrate({ url });
      assert.equal(applied.length > 0, database === 'handed_before', applied.join());
      assert.deepEqual(await migrate({ url }), []);
      await as(url, 'alter table pull_deploy.apps add later int; create table pull_deploy.later (id int)');
      assert.deepEqual(await as(url, `select has_table_privilege('function', 'pull_deploy.later', 'insert') as may`), [
        { may: true },
      ]);
      await assert.rejects(as(url, 'create schema other'), /permission denied for database/);
    }
  });

  it('rebuilds a database that was lost, once it is told to', async () => {
    const release = await documentOf('app-ttd-parking-permit', 'release/release.yaml');
    await stack.sql('drop schema pull_deploy cascade');
    await migrate(stack.config.database);
    const plan = await run('reindex');
    assert.deepEqual([plan.code, /Nothing was changed\. Run again with --apply/.test(plan.out)], [0, true], plan.out);
    assert.match(plan.out, /\d deployments, \d+ releases in storage[\s\S]*What storage does not tell/);
    assert.equal((await stack.sql('select 1 from pull_deploy.deployments')).length, 0);
    const { code, out } = await run('reindex', '--apply');
    assert.deepEqual([code, /Added \d deployments/.test(out)], [0, true], out);
    await stack.app.reconcileSources(new Date());
    assert.equal(await documentOf('app-ttd-parking-permit', 'release/release.yaml'), release);
    assert.deepEqual((await stack.app.checkHealth()).holds, []);
  });
});
