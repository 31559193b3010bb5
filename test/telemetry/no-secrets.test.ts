import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import functions from '@azure/functions';
import { startFunctionsHost } from '../../local/host/functions-host.ts';
import { makeConsoleLog } from '../../src/adapters/console-log.ts';
import { type LiveTelemetry, makeLazyTelemetry } from '../../src/adapters/lazy-telemetry.ts';
import { TIME_LIMITS } from '../../src/adapters/time-limits.ts';
import { makeApp } from '../../src/app.ts';
import { type Env, loadConfig } from '../../src/config.ts';
import { connect } from '../../src/connect.ts';
import { makeAuthenticate } from '../../src/functions/auth.ts';
import { type BlobFunction, makeTable } from '../../src/functions/table.ts';
import { redact } from '../../src/model/redact.ts';
import type { Log } from '../../src/ports.ts';
import { knownSecrets } from '../../src/telemetry-settings.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { INSTRUMENTATION_KEY, type Ingestion, startIngestion } from '../support/ingestion.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/** Marked, so that each can be found wherever it turns up, whole or in part. */
const MARK = 'c4n4ry';
const secret = (what: string) => `${MARK}${what}${'0123456789abcdef'.repeat(3)}`;
const SECRETS = {
  giteaToken: secret('gitea'),
  databasePassword: secret('password'),
  accountKey: Buffer.from(secret('account-key')).subarray(0, 64).toString('base64'),
  signature: secret('signature'),
  masterKey: secret('hmac'),
  previousKey: secret('previous'),
  bearer: `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify({ sub: secret('bearer') })).toString('base64url')}.${secret('jwt')}`,
  ofTheApp: secret('of-the-app'),
  instrumentationKey: INSTRUMENTATION_KEY,
};
const QUICK = {
  ...TIME_LIMITS,
  storage: { ...TIME_LIMITS.storage, tries: 1 },
  gitea: { ...TIME_LIMITS.gitea, tries: 1 },
};
const VALUES = `image:\n  environment:\n    - name: API_KEY\n      value: ${SECRETS.ofTheApp}\n`;

describe('secrets', () => {
  let stack: TestStack;
  let ingestion: Ingestion;
  let folder: string;
  /** What was printed, and what was answered. */
  const printed: string[] = [];
  const answers: string[] = [];
  /** As they were before anything was taken out of them. */
  const raw: string[] = [];
  const opened: (() => Promise<unknown>)[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pull-deploy-apps-'));
    const app = (name: string, files: Record<string, string>) =>
      writeApp(folder, 'ttd', name, { ...minimalApp('ttd', name), ...files });
    await app('good-app', { 'deployment/values.yaml': VALUES });
    await app('cut-yaml', { 'deployment/values.yaml': `${VALUES}other: "${SECRETS.ofTheApp}\n` });
    await app('wrong-values', {
      'deployment/values.yaml': `${VALUES}podLabels: {key: '{{${SECRETS.ofTheApp}}}'}\nvolumes: [{hostPath: {path: /}}]\n`,
    });
    await app('wrong-metadata', {
      'App/config/applicationmetadata.json': `{"id": "ttd/wrong-metadata", "key": "${SECRETS.ofTheApp}"`,
    });
    await app('leaky-source', {
      'App/appsettings.json': JSON.stringify({ Storage: connectionString('https://a.blob.core.windows.net') }),
    });
    [stack, ingestion] = await Promise.all([startTestStack({ apps: folder, blobEvents: false }), startIngestion()]);
  });
  after(async () => {
    for (const close of opened.reverse()) await close();
    await ingestion.close();
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const connectionString = (endpoint: string) =>
    `DefaultEndpointsProtocol=http;AccountName=studio;AccountKey=${SECRETS.accountKey};BlobEndpoint=${endpoint};QueueEndpoint=${endpoint}`;

  /** The console's log, its lines kept. */
  function printTo(env: Env): Log {
    const keep = makeConsoleLog((line) => {
      raw.push(line);
      return redact(line, knownSecrets(env));
    });
    const through = (level: 'info' | 'warn' | 'error') => (message: string, fields?: object) => {
      const { log, warn, error } = console;
      const take = (line: string) => printed.push(line);
      Object.assign(console, { log: take, warn: take, error: take });
      keep[level](message, fields as never);
      Object.assign(console, { log, warn, error });
    };
    return { info: through('info'), warn: through('warn'), error: through('error') };
  }

  /** All settings, with what a case changes. */
  const environment = (changed: Env = {}): Env => ({
    ...stack.env,
    GITEA_TOKEN: SECRETS.giteaToken,
    FLUX_EVENTS_KEY: SECRETS.masterKey,
    FLUX_EVENTS_PREVIOUS_KEY: SECRETS.previousKey,
    APPLICATIONINSIGHTS_CONNECTION_STRING: ingestion.connectionString,
    ...changed,
  });

  /** Serves everything, both logs on; `work` gets a caller that keeps what is answered. */
  async function serving(changed: Env, work: (ask: Ask, live: LiveTelemetry) => Promise<void>): Promise<void> {
    const env = environment(changed);
    const loaded = loadConfig(env);
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
    const clean = (text: string) => redact(text, knownSecrets(env));
    const print = printTo(env);
    const settings = { connectionString: ingestion.connectionString, identity: undefined };
    const live = makeLazyTelemetry(settings, { console: print, redact: clean, httpClient: ingestion.httpClient });
    const both = (level: 'info' | 'warn' | 'error') => (message: string, fields?: object) => {
      live.log[level](message, fields as never);
      print[level](message, fields as never);
    };
    const log = { info: both('info'), warn: both('warn'), error: both('error') };
    const { ports, close } = connect(loaded.config, log, QUICK, live.telemetry);
    const app = makeApp(ports, loaded.config.studio, loaded.config.fluxEventsKeys);
    const definitions = makeTable(app, makeAuthenticate(loaded.config.auth));
    const host = await startFunctionsHost({ definitions, port: 0, timers: false });
    const ask: Ask = async (path, init = {}) => {
      const response = await fetch(`${host.url}${path}`, init);
      const text = await response.text();
      answers.push(`${response.status} ${JSON.stringify([...response.headers])} ${text}`);
      return { status: response.status, text };
    };
    ask.run = (name) => host.run(name).catch((error: Error) => void answers.push(error.message));
    ask.accept = (blob) => {
      const { handler } = definitions.find(({ name }) => name === 'acceptArtifact') as BlobFunction;
      return handler(
        undefined,
        new functions.InvocationContext({ triggerMetadata: { blobTrigger: `incoming/${blob}` } }),
      );
    };
    try {
      await work(ask, live);
      await live.flush();
    } finally {
      await host.close();
      await close();
    }
  }

  interface Ask {
    (path: string, init?: RequestInit): Promise<{ status: number; text: string }>;
    run(name: string): Promise<void>;
    accept(blob: string): Promise<void>;
  }

  const deploy = (app: string) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ envName: 'tt02', tagName: '1' }),
    path: `/api/v1/ttd/${app}/deployments`,
  });
  const askFor = (ask: Ask, app: string) => {
    const { path, ...init } = deploy(app);
    return ask(path, init);
  };

  async function listening(server: Server): Promise<string> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(() => new Promise((resolve) => server.close(resolve)));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const serveHttp = async (listener: RequestListener) =>
    `http://${await listening(createServer(listener).on('connection', (socket) => socket.unref()))}`;
  /** All that a request holds, as a careless server would quote it. */
  const quoted = ({ method, url, headers }: IncomingMessage) => `${method} ${url} ${JSON.stringify(headers)}`;

  it('of an app stay out of what is said of its values and files', async () => {
    await serving({}, async (ask) => {
      for (const app of ['cut-yaml', 'wrong-values', 'wrong-metadata'])
        assert.equal((await askFor(ask, app)).status, 422, app);
      const { status, text } = await askFor(ask, 'leaky-source');
      assert.equal(status, 202, text);
      await ask.accept(`ttd/leaky-source/tt02/${JSON.parse(text).id}.zip`);
      const details = await ask(`/api/v1/ttd/leaky-source/deployments/${JSON.parse(text).id}`);
      assert.match(details.text, /SECRET_IN_ARTIFACT/);
    });
  });

  it("of ours stay out of what becomes of Gitea's answers", async () => {
    let answer: RequestListener = () => {};
    const GITEA_URL = await serveHttp((request, response) => answer(request, response));
    const answersOfGitea: RequestListener[] = [
      (request, response) => response.writeHead(401).end(quoted(request)),
      (request, response) => response.writeHead(500).end(quoted(request)),
      (request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(quoted(request)),
      (request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(quoted(request)),
      (_request, response) =>
        response.writeHead(302, { location: `https://no-such-host.invalid/a.zip?sig=${SECRETS.signature}` }).end(),
      (_request, response) =>
        response.writeHead(302, { location: `https://user:${SECRETS.signature}@no-such-host.invalid/` }).end(),
      (request) => request.socket.destroy(),
    ];
    await serving({ GITEA_URL }, async (ask) => {
      for (const one of answersOfGitea) {
        answer = one;
        assert.equal((await askFor(ask, 'good-app')).status, 503);
      }
      await ask.run('discoverApps');
      await ask('/api/health');
    });
  });

  it('stay out of what a database says, even one that quotes the password', async () => {
    const address = await listening(createTcpServer(refuseLogin));
    await serving({ DATABASE_URL: `postgres://studio:${SECRETS.databasePassword}@${address}/studio` }, async (ask) => {
      assert.equal((await ask('/api/v1/ttd/good-app/deployments')).status, 500);
      assert.equal((await askFor(ask, 'good-app')).status, 500);
      await ask.run('reconcileSources');
      await ask('/api/health');
    });
    await serving({ DATABASE_URL: `postgres://studio:${SECRETS.databasePassword}@127.0.0.1:1/studio` }, async (ask) => {
      assert.equal((await ask('/api/v1/ttd/good-app/deployments')).status, 503);
    });
  });

  /** As PostgreSQL refuses a password, with more in its message than it would say. */
  function refuseLogin(socket: import('node:net').Socket): void {
    socket.unref().on('error', () => {});
    socket.once('data', () => {
      const fields = `SFATAL\0CXX000\0Mpassword ${SECRETS.databasePassword} refused\0\0`;
      const length = Buffer.alloc(4);
      length.writeInt32BE(fields.length + 4);
      socket.end(Buffer.concat([Buffer.from('E'), length, Buffer.from(fields)]));
    });
  }

  it('stay out of what storage says, with a key and with a signature in the URL', async () => {
    const endpoint = await serveHttp((request, response) => {
      const message = `${quoted(request)} ${connectionString('x')}`.replaceAll('&', '&amp;');
      response.writeHead(403, { 'content-type': 'application/xml', 'x-ms-error-code': 'AuthenticationFailed' });
      response.end(
        `<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code><Message>${message}</Message></Error>`,
      );
    });
    const withSignature = `BlobEndpoint=${endpoint}/studio;QueueEndpoint=${endpoint}/studio;SharedAccessSignature=sv=2024-11-04&ss=b&sig=${SECRETS.signature}`;
    for (const STUDIO_STORAGE of [connectionString(`${endpoint}/studio`), withSignature])
      await serving({ STUDIO_STORAGE }, async (ask) => {
        assert.equal((await askFor(ask, 'good-app')).status, 503);
        await assert.rejects(ask.accept(`ttd/good-app/tt02/${randomUUID()}.zip`));
        await ask.run('sweepIncoming');
        await ask('/api/health');
      });
  });

  it('stay out of what callers and clusters are refused with', async () => {
    const entra = {
      AUTH_TENANT_ID: '11111111-1111-1111-1111-111111111111',
      AUTH_AUDIENCE: '22222222-2222-2222-2222-222222222222',
    };
    await serving(entra, async (ask) => {
      for (const authorization of [`Bearer ${SECRETS.bearer}`, `Bearer ${SECRETS.bearer}!`, `Basic ${SECRETS.bearer}`])
        assert.equal((await ask('/api/v1/ttd', { headers: { authorization } })).status, 401);
    });
    await serving({}, async (ask) => {
      assert.equal((await ask(`/api/v1/ttd?sig=${SECRETS.signature}`)).status, 400);
      const headers = { 'x-signature': `sha256=${SECRETS.masterKey}` };
      assert.equal((await ask('/api/v1/flux-events/tt02/ttd', { method: 'POST', headers, body: '{}' })).status, 401);
    });
  });

  it('stay out of what is said of a wrong configuration', () => {
    const wrong: Env = {
      ENVIRONMENTS_FILE: join(folder, 'none.yaml'),
      STUDIO_STORAGE: connectionString('http://x'),
      DATABASE_URL: `postgres://studio:${SECRETS.databasePassword}@db/studio`,
      GITEA_URL: `ftp://user:${SECRETS.giteaToken}@gitea`,
      GITEA_TOKEN: SECRETS.giteaToken,
      FLUX_EVENTS_KEY: SECRETS.masterKey.slice(0, 20),
      FLUX_EVENTS_PREVIOUS_KEY: `@Microsoft.KeyVault(SecretUri=https://v/${SECRETS.previousKey})`,
    };
    const loaded = loadConfig(wrong);
    assert.ok('problems' in loaded && loaded.problems.length > 5);
    for (const problem of loaded.problems) printTo(wrong).error('configuration is wrong', { problem });
    answers.push(JSON.stringify(loaded.problems));
  });

  it('are nowhere in what was printed, answered or sent', () => {
    assert.ok(printed.length > 30 && answers.length > 25 && ingestion.bodies.length > 5);
    const sent = ingestion.bodies.map((body) => body.replaceAll(`"iKey":"${INSTRUMENTATION_KEY}"`, ''));
    for (const [what, texts] of Object.entries({ printed, answers, sent }))
      for (const text of texts) {
        for (const [name, value] of Object.entries(SECRETS))
          assert.ok(!text.includes(value), `${name} was ${what}: ${text.slice(0, 2000)}`);
        assert.ok(!text.includes(MARK), `a part of a secret was ${what}: ${text.slice(0, 2000)}`);
      }
    assert.ok(
      ingestion.envelopes().some(({ data }) => data.baseType === 'ExceptionData'),
      'stacks are looked at too',
    );
  });

  it('would have been found: lines held some before they were taken out', () => {
    for (const name of ['databasePassword', 'accountKey', 'signature'] as const)
      assert.ok(
        raw.some((line) => line.includes(SECRETS[name])),
        name,
      );
  });
});
