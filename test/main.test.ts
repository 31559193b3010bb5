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
  /** Of the function that was called, if one was. */
  readonly answer?: Answer;
  readonly stderr: string;
}

/** The worker provides `@azure/functions-core` to what it loads; here it only writes down what is registered. */
const WORKER = `
  const Module = require('node:module');
  const load = Module._load;
  const functions = [];
  const handlers = new Map();
  const core = {
    setProgrammingModel() {},
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
  module.exports = async (main, call) => {
    await import(main);
    const { HttpRequest } = require('@azure/functions');
    const handler = handlers.get(call);
    const request = handler && new HttpRequest({ method: 'GET', url: 'http://127.0.0.1/api/' + call });
    const answer = request && (await handler(request, { invocationId: 'i' }));
    process.stdout.write('\\n' + JSON.stringify({ functions, answer }) + '\\n', () => process.exit(0));
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

  function loadEntry(env: Record<string, string>, call = ''): Loaded {
    const main = pathToFileURL(join(folder, 'dist/main.js')).href;
    const script = `require(${JSON.stringify(join(folder, 'worker.cjs'))})(${JSON.stringify(main)}, ${JSON.stringify(call)})`;
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

  it('asks for a token before anything is looked at', () => {
    const { answer } = loadEntry(RIGHT, 'listDeployments');
    assert.equal(answer?.status, 401);
    assert.equal(answer?.headers['www-authenticate'], 'Bearer');
    assert.equal(JSON.parse(answer?.body ?? '').code, 'UNAUTHENTICATED');
  });

  it('serves health with every problem when the configuration is wrong, and runs no trigger', () => {
    const wrong = { ...RIGHT, PGHOST: '', GITEA_URL: 'http://plain.example', ENVIRONMENTS_FILE: '/none.yaml' };
    const { functions, answer, stderr } = loadEntry(wrong, 'health');
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

  it('answers every other call with the reason when the configuration is wrong', () => {
    const { answer } = loadEntry({}, 'createDeployment');
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
      'health',
    );
    assert.equal(answer?.status, 503);
  });
});
