import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { App } from '../src/app.ts';
import { makeTable } from '../src/functions/table.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const RIGHT = {
  ENVIRONMENTS_FILE: join(ROOT, 'environments.sample.yaml'),
  STUDIO_STORAGE__blobServiceUri: 'https://studio.example.net',
  PGHOST: 'db.example.net',
  PGUSER: 'pull-deploy',
  GITEA_URL: 'https://studio.example.net/repos',
  AUTH_TENANT_ID: '11111111-1111-1111-1111-111111111111',
  AUTH_AUDIENCE: 'api://pull-deploy',
  FLUX_EVENTS_KEY: 'k'.repeat(32),
};

/** Nothing is connected to before it is needed. */
const LOCAL = {
  AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
  ENVIRONMENTS_FILE: RIGHT.ENVIRONMENTS_FILE,
  STUDIO_STORAGE: 'UseDevelopmentStorage=true',
  DATABASE_URL: 'postgres://studio@127.0.0.1:1/studio',
  GITEA_URL: RIGHT.GITEA_URL,
};

/** What the worker is told of a function: `registerFunction` of `@azure/functions-core`. */
interface Registered {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Record<string, unknown>>>;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface Loaded {
  readonly functions: Registered[];
  /** What the host is told that the worker can do. */
  readonly capabilities: Readonly<Record<string, string>>;
  /** Of the function that was called, if one was. */
  readonly answer?: Answer;
  /** Of telemetry's SDK: how many were loaded with the entry, and how many when a call had been answered. */
  readonly modules: { readonly atOnce: number; readonly inTheEnd: number };
  readonly stderr: string;
}

interface Call {
  readonly name: string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in chunks, without a length. */
  readonly bodyBytes?: number;
  readonly body?: string;
}

/**
 * The worker provides `@azure/functions-core` to what it loads; here it only writes down what is registered. A call comes
 * as the host sends it to a worker that streams: over the proxy that the SDK opens, the parameters and headers beside it.
 */
const WORKER = `
  const http = require('node:http');
  const Module = require('node:module');
  const load = Module._load;
  const functions = [];
  const handlers = new Map();
  let model;
  const core = {
    setProgrammingModel(given) { model = given; },
    registerHook() { return { dispose() {} }; },
    log() {},
    registerFunction(metadata, handler) {
      functions.push({ name: metadata.name, bindings: metadata.bindings });
      handlers.set(metadata.name, handler);
      return { dispose() {} };
    },
  };
  Module._load = function (request, ...rest) {
    return request === '@azure/functions-core' ? core : load.call(this, request, ...rest);
  };

  async function invoke({ name, params = {}, headers = {} }) {
    const { bindings } = functions.find((one) => one.name === name);
    const [trigger] = Object.entries(bindings).find(([, { type }]) => type === 'httpTrigger');
    const texts = Object.entries(params).map(([key, string]) => [key, { string }]);
    const invocation = model.getInvocationModel({
      invocationId: 'i',
      metadata: { name, bindings },
      request: {
        inputData: [{ name: trigger, data: {} }],
        triggerMetadata: { ...Object.fromEntries(texts), Headers: { json: JSON.stringify(headers) } },
      },
      log() {},
    });
    const { context, inputs } = await invocation.getArguments();
    const result = await invocation.invokeFunction(context, inputs, handlers.get(name));
    await invocation.getResponse(context, result);
  }

  function ask(proxy, { name, method = 'GET', headers = {}, bodyBytes = 0, body }) {
    const forwarded = { 'x-ms-invocation-id': 'i', 'x-forwarded-host': '127.0.0.1', 'x-forwarded-proto': 'http' };
    return new Promise((resolve, reject) => {
      const url = new URL('/api/' + name, proxy);
      const request = http.request(url, { method, headers: { ...headers, ...forwarded } }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk)).on('error', reject).on('end', () => {
          const { statusCode: status, headers } = response;
          resolve({ status, headers, body: Buffer.concat(chunks).toString() });
        });
      });
      request.on('error', reject);
      for (let sent = 0; sent < bodyBytes; sent += 65536) request.write(Buffer.alloc(65536, ' '));
      request.end(body);
    });
  }

  const telemetry = () => Object.keys(require.cache).filter((path) => /applicationinsights|opentelemetry/.test(path));
  async function isLoaded() {
    const giveUpAt = Date.now() + 20_000;
    while (telemetry().length === 0 && Date.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  module.exports = async (main, call) => {
    await import(main);
    const atOnce = telemetry().length;
    const capabilities = await model.getCapabilities({});
    const [answer] = call ? await Promise.all([ask(capabilities.HttpUri, call), invoke(call)]) : [];
    if (process.env.APPLICATIONINSIGHTS_CONNECTION_STRING) await isLoaded();
    const modules = { atOnce, inTheEnd: telemetry().length };
    process.stdout.write('\\n' + JSON.stringify({ functions, capabilities, answer, modules }) + '\\n', () => process.exit(0));
  };`;

describe('the built entry under the Functions worker', () => {
  let folder: string;
  before(() => {
    // Below node_modules, so that what it imports is found.
    const cache = join(ROOT, 'node_modules/.cache');
    mkdirSync(cache, { recursive: true });
    folder = mkdtempSync(join(cache, 'main-'));
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
    writeFileSync(join(folder, 'worker.cjs'), WORKER);
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    execFileSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')], { cwd: ROOT, stdio: 'pipe' });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function loadEntry(env: Record<string, string>, call?: Call): Loaded {
    const main = pathToFileURL(join(folder, 'dist/main.js')).href;
    const script = `require(${JSON.stringify(join(folder, 'worker.cjs'))})(${JSON.stringify(main)}, ${JSON.stringify(call ?? null)})`;
    const child = spawnSync(process.execPath, ['--eval', script], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', ...env },
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.equal(child.status, 0, child.stderr);
    return { ...JSON.parse(child.stdout.trim().split('\n').at(-1) as string), stderr: child.stderr };
  }

  const triggerOf = ({ bindings }: Registered) =>
    Object.values(bindings).find(({ type }) => String(type).endsWith('Trigger')) ?? {};

  it('registers exactly the functions of the table, as the table says', () => {
    const nobody = async () => assert.fail('nobody calls');
    const table = makeTable({ log: { info() {}, warn() {}, error() {} } } as unknown as App, nobody);
    const { functions } = loadEntry(RIGHT);
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

  it('has request bodies streamed, so that our own limit holds before they are kept', () => {
    assert.match(loadEntry(RIGHT).capabilities.HttpUri ?? '', /^http:\/\/localhost:\d+\/$/);
  });

  it('answers a body that is too large, though the rest of it is on its way', () => {
    const { answer } = loadEntry(LOCAL, {
      ...{ name: 'createDeployment', method: 'POST', params: { org: 'ttd', app: 'parking-permit' } },
      headers: { 'content-type': 'application/json' },
      bodyBytes: 8 * 2 ** 20,
    });
    assert.equal(answer?.status, 413);
    assert.equal(JSON.parse(answer?.body ?? '').code, 'REQUEST_TOO_LARGE');
  });

  it('asks for a token before anything is looked at', () => {
    const { answer } = loadEntry(RIGHT, { name: 'listDeployments' });
    assert.equal(answer?.status, 401);
    assert.equal(answer?.headers['www-authenticate'], 'Bearer');
    assert.equal(JSON.parse(answer?.body ?? '').code, 'UNAUTHENTICATED');
  });

  it('serves health with every problem when the configuration is wrong, and runs no trigger', () => {
    const wrong = { ...RIGHT, PGHOST: '', GITEA_URL: 'http://plain.example', ENVIRONMENTS_FILE: '/none.yaml' };
    const { functions, answer, stderr } = loadEntry(wrong, { name: 'health' });
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

  it('logs each problem under one message that can be searched for', () => {
    assert.equal(loadEntry({ ...RIGHT, PGHOST: '' }).stderr.match(/configuration is wrong/g)?.length, 1);
  });

  /** It fails: no database is there. That is a step all the same. */
  const DEPLOY: Call = {
    ...{ name: 'createDeployment', method: 'POST', params: { org: 'ttd', app: 'parking-permit' } },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ envName: 'tt02', tagName: '1' }),
  };

  it('loads nothing of telemetry without a connection string, and has the host tell of us', () => {
    const { modules, capabilities, answer } = loadEntry(LOCAL, DEPLOY);
    assert.equal(answer?.status, 503);
    assert.deepEqual(modules, { atOnce: 0, inTheEnd: 0 });
    assert.equal(capabilities.WorkerOpenTelemetryEnabled, undefined);
  });

  it('loads telemetry with a connection string, but not before a call was answered', () => {
    const connectionString =
      'InstrumentationKey=7e1e0000-0000-4000-8000-000000000001;IngestionEndpoint=https://127.0.0.1:1/';
    const on = { APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString, APPLICATION_INSIGHTS_NO_STATSBEAT: 'true' };
    const { modules, capabilities, answer } = loadEntry({ ...LOCAL, ...on }, DEPLOY);
    assert.equal(answer?.status, 503);
    assert.equal(modules.atOnce, 0);
    assert.ok(modules.inTheEnd > 0);
    assert.equal(capabilities.WorkerOpenTelemetryEnabled, 'true', 'else the host would tell all of it once more');
  });

  it('answers every other call with the reason when the configuration is wrong', () => {
    const { answer } = loadEntry({}, { name: 'createDeployment' });
    assert.equal(answer?.status, 503);
    assert.equal(JSON.parse(answer?.body ?? '').code, 'CONFIGURATION_INVALID');
    assert.equal(answer?.headers['retry-after'], '60');
  });

  it('serves health when an address that it is given cannot be used', () => {
    const { answer } = loadEntry(
      {
        ...RIGHT,
        AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
        STUDIO_STORAGE: 'nonsense',
        DATABASE_URL: 'postgres://studio@127.0.0.1:1/studio',
      },
      { name: 'health' },
    );
    assert.equal(answer?.status, 503);
  });
});
