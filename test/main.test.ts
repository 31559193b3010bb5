import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { App } from '../src/app.ts';
import { makeTable } from '../src/functions/table.ts';
import { AZURE_SETTINGS } from './support/azure-settings.ts';
import { type Call, type Loaded, loadUnderWorker, type Registered } from './support/functions-worker.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const RIGHT = { ENVIRONMENTS_FILE: join(ROOT, 'environments.sample.yaml'), ...AZURE_SETTINGS };

/** Nothing is connected to before it is needed. */
const LOCAL = {
  AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
  ENVIRONMENTS_FILE: RIGHT.ENVIRONMENTS_FILE,
  STUDIO_STORAGE: 'UseDevelopmentStorage=true',
  DATABASE_URL: 'postgres://studio@127.0.0.1:1/studio',
  GITEA_URL: RIGHT.GITEA_URL,
};

describe('the built entry under the Functions worker', () => {
  let folder: string;
  before(() => {
    // Below node_modules, so that what it imports is found.
    const cache = join(ROOT, 'node_modules/.cache');
    mkdirSync(cache, { recursive: true });
    folder = mkdtempSync(join(cache, 'main-'));
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    execFileSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')], { cwd: ROOT, stdio: 'pipe' });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const loadEntry = (env: Record<string, string>, call?: Call): Promise<Loaded> =>
    loadUnderWorker(join(folder, 'dist/main.js'), folder, env, call);

  const triggerOf = ({ bindings }: Registered) =>
    Object.values(bindings).find(({ type }) => String(type).endsWith('Trigger')) ?? {};

  it('registers exactly the functions of the table, as the table says', async () => {
    const nobody = async () => assert.fail('nobody calls');
    const table = makeTable({ log: { info() {}, warn() {}, error() {} } } as unknown as App, nobody);
    const { functions } = await loadEntry(RIGHT);
    assert.deepEqual(functions.map(({ name }) => name).sort(), table.map(({ name }) => name).sort());
    for (const definition of table) {
      const registered = functions.find(({ name }) => name === definition.name);
      assert.ok(registered);
      const trigger = triggerOf(registered);
      if (definition.trigger === 'http') {
        assert.equal(trigger.type, 'httpTrigger');
        assert.equal(trigger.authLevel, 'anonymous', 'we check tokens ourselves');
        assert.deepEqual([trigger.methods, trigger.route], [[definition.method], definition.route]);
        assert.ok(
          Object.values(registered.bindings).some(({ type }) => type === 'http'),
          'no answer is bound',
        );
      } else if (definition.trigger === 'blob') {
        assert.equal(trigger.type, 'blobTrigger');
        assert.equal(trigger.connection, definition.connection);
        assert.equal(trigger.path, `${definition.container}/{name}`);
        assert.equal(trigger.source, 'EventGrid');
      } else if (definition.trigger === 'queue') {
        assert.equal(trigger.type, 'queueTrigger');
        assert.deepEqual([trigger.queueName, trigger.connection], [definition.queue, definition.connection]);
      } else {
        assert.deepEqual([trigger.type, trigger.schedule], ['timerTrigger', definition.schedule]);
        assert.match(definition.schedule, /^(\S+ ){5}\S+$/);
      }
    }
  });

  it('has request bodies streamed, so that our own limit holds before they are kept', async () => {
    assert.match((await loadEntry(RIGHT)).capabilities.HttpUri ?? '', /^http:\/\/localhost:\d+\/$/);
  });

  it('answers a body that is too large, though the rest of it is on its way', async () => {
    const { answer } = await loadEntry(LOCAL, {
      ...{ name: 'createDeployment', method: 'POST', params: { org: 'ttd', app: 'parking-permit' } },
      headers: { 'content-type': 'application/json' },
      bodyBytes: 8 * 2 ** 20,
    });
    assert.equal(answer?.status, 413);
    assert.equal(JSON.parse(answer?.body ?? '').code, 'REQUEST_TOO_LARGE');
  });

  it('asks for a token before anything is looked at', async () => {
    const { answer } = await loadEntry(RIGHT, { name: 'listDeployments' });
    assert.equal(answer?.status, 401);
    assert.equal(answer?.headers['www-authenticate'], 'Bearer');
    assert.equal(JSON.parse(answer?.body ?? '').code, 'UNAUTHENTICATED');
  });

  it('serves health with every problem when the configuration is wrong, and runs no trigger', async () => {
    const wrong = { ...RIGHT, PGHOST: '', GITEA_URL: 'http://plain.example', ENVIRONMENTS_FILE: '/none.yaml' };
    const { functions, answer, stderr } = await loadEntry(wrong, { name: 'health' });
    assert.ok(functions.some(({ name }) => name === 'health'));
    assert.deepEqual(
      functions.filter((one) => triggerOf(one).type !== 'httpTrigger'),
      [],
    );
    assert.equal(answer?.status, 503);
    const body = JSON.parse(answer?.body ?? '');
    assert.equal(body.status, 'unhealthy');
    assert.deepEqual(
      body.problems.map(({ path }: { path: string }) => path),
      ['PGHOST', 'GITEA_URL', 'ENVIRONMENTS_FILE'],
    );
    assert.equal(stderr.match(/CONFIGURATION_INVALID/g)?.length, 3, 'each is in the log too');
  });

  it('logs each problem under one message that can be searched for', async () => {
    assert.equal((await loadEntry({ ...RIGHT, PGHOST: '' })).stderr.match(/configuration is wrong/g)?.length, 1);
  });

  /** It fails: no database is there. That is a step all the same. */
  const DEPLOY: Call = {
    ...{ name: 'createDeployment', method: 'POST', params: { org: 'ttd', app: 'parking-permit' } },
    headers: { 'content-type': 'application/json' },
    body: { envName: 'tt02', tagName: '1' },
  };

  it('loads nothing of telemetry without a connection string, and has the host tell of us', async () => {
    const { modules, capabilities, answer } = await loadEntry(LOCAL, DEPLOY);
    assert.equal(answer?.status, 503);
    assert.deepEqual(modules, { atOnce: 0, inTheEnd: 0 });
    assert.equal(capabilities.WorkerOpenTelemetryEnabled, undefined);
  });

  it('loads telemetry with a connection string, but not before a call was answered', async () => {
    const connectionString =
      'InstrumentationKey=7e1e0000-0000-4000-8000-000000000001;IngestionEndpoint=https://127.0.0.1:1/';
    const on = { APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString, APPLICATION_INSIGHTS_NO_STATSBEAT: 'true' };
    const { modules, capabilities, answer } = await loadEntry({ ...LOCAL, ...on }, DEPLOY);
    assert.equal(answer?.status, 503);
    assert.equal(modules.atOnce, 0);
    assert.ok(modules.inTheEnd > 0);
    assert.equal(capabilities.WorkerOpenTelemetryEnabled, 'true', 'else the host would tell all of it once more');
  });

  it('answers every other call with the reason when the configuration is wrong', async () => {
    const { answer } = await loadEntry({}, { name: 'createDeployment' });
    assert.equal(answer?.status, 503);
    assert.equal(JSON.parse(answer?.body ?? '').code, 'CONFIGURATION_INVALID');
    assert.equal(answer?.headers['retry-after'], '60');
  });

  it('serves health when an address that it is given cannot be used', async () => {
    const { answer } = await loadEntry(
      {
        ...RIGHT,
        AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
        STUDIO_STORAGE: 'nonsense',
        DATABASE_URL: 'postgres://studio@127.0.0.1:1/studio',
      },
      { name: 'health' },
    );
    assert.equal(answer?.status, 503);
    assert.match(answer?.body ?? '', /"name":"studio storage","status":"failing","message":"the connection string/);
  });
});
