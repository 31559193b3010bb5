import assert from 'node:assert/strict';
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { stringify } from 'yaml';
import { type Azurite, startAzurite } from '../../local/services/azurite.ts';
import { type Postgres, startPostgres } from '../../local/services/postgres.ts';
import { giveTo } from '../../local/services/postgres-folder.ts';
import { serverUser } from '../../local/services/postgres-user.ts';
import { eventually } from '../support/eventually.ts';
import { script } from '../support/script.ts';
import { selfSignedCertificate } from '../support/self-signed-certificate.ts';
import { startTokenService, type TokenService } from './token-service.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STORAGE = 'https://storage.azure.com';
const DATABASE = 'https://ossrdbms-aad.database.windows.net';
const ROLE = 'pull-deploy';
const CLIENT_ID = '22222222-2222-2222-2222-222222222222';

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly kind: string; readonly message: string };
}

describe('in Azure, with the settings of Azure and nothing secret among them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'identity-'));
  chmodSync(folder, 0o755);
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const caEnv = () => ({ PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: files.cert });
  let azurite: Azurite;
  let postgres: Postgres;
  let admin: pg.Pool;
  let tokens: TokenService;
  let functionApp: ChildProcess;

  before(async () => {
    const { cert, key } = selfSignedCertificate();
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
    [azurite, postgres] = await Promise.all([
      startAzurite({ accounts: ['studio', 'tt02'], tls: files }),
      startPostgres({ directory: join(folder, 'postgres'), durable: false }),
    ]);
    admin = new pg.Pool({ connectionString: postgres.url });
    admin.on('error', () => {});
    await serveTls(admin, { cert, key });
    await admin.query('create schema pull_deploy; create table pull_deploy.installation ()');
    await admin.query(`create role "${ROLE}" login; grant usage on schema pull_deploy to "${ROLE}"`);
    await admin.query(`grant select on pull_deploy.installation to "${ROLE}"`);
    tokens = await startTokenService();
    functionApp = await startFunctionApp();
  });

  after(async () => {
    functionApp?.kill();
    await tokens?.close();
    await admin?.end();
    await Promise.all([azurite?.stop(), postgres?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** All but who it is. */
  function settings(): NodeJS.ProcessEnv {
    const environments = join(folder, 'environments.yaml');
    writeFileSync(
      environments,
      stringify({
        studio: { name: 'dev', chart: { version: '3.12.0' } },
        environments: { tt02: { hostname: 'tt02.altinn.no', storage: azurite.blobEndpoint('tt02'), orgs: ['ttd'] } },
      }),
    );
    const { hostname, port } = new URL(postgres.url);
    return {
      ...caEnv(),
      ENVIRONMENTS_FILE: environments,
      STUDIO_STORAGE__blobServiceUri: azurite.blobEndpoint('studio'),
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: ROLE,
      GITEA_URL: 'https://gitea.example.net',
      AUTH_TENANT_ID: '11111111-1111-1111-1111-111111111111',
      AUTH_AUDIENCE: '22222222-2222-2222-2222-222222222222',
      FLUX_EVENTS_KEY: 'k'.repeat(32),
    };
  }

  async function startFunctionApp(): Promise<ChildProcess> {
    const child = fork(fileURLToPath(new URL('function-app.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
      env: { ...settings(), ...tokens.env, AZURE_CLIENT_ID: CLIENT_ID },
    });
    await once(child, 'message');
    return child;
  }

  let lastId = 0;
  async function ask(action: string): Promise<Answer> {
    const id = ++lastId;
    functionApp.send({ id, action });
    for (;;) {
      const [answer] = (await once(functionApp, 'message')) as [Answer & { id: number }];
      if (answer.id === id) return answer;
    }
  }
  const works = async (action: string) => assert.equal((await ask(action)).error, undefined, action);
  const failsForWantOfToken = async (action: string) => {
    const { error } = await ask(action);
    assert.deepEqual([error?.code, error?.kind], ['IDENTITY_UNAVAILABLE', 'unavailable'], error?.message);
  };

  const sessions = async () =>
    (
      await admin.query<{ pid: number; ssl: boolean }>(
        'select pid, ssl from pg_stat_activity join pg_stat_ssl using (pid) where usename = $1',
        [ROLE],
      )
    ).rows;
  /** So that the next statement needs a new connection. */
  async function endSessions(): Promise<void> {
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [ROLE]);
    await eventually(sessions, ({ length }) => length === 0);
  }
  const askedFor = (resource: string) => tokens.asked.filter((one) => one === `${resource} ${CLIENT_ID}`).length;
  /** The server that we have knows one password of a role, and looks it up before it asks: the token has to be made before. */
  async function prepareDatabaseToken(lifeSeconds: number): Promise<void> {
    await admin.query(`alter role "${ROLE}" password '${tokens.prepare(DATABASE, lifeSeconds)}'`);
  }
  const isOver = (resource: string) => Date.now() > (tokens.endsAt.get(resource) ?? Number.POSITIVE_INFINITY);

  it('says so where no token can be had, and works as soon as one can', async () => {
    tokens.isUp = false;
    await failsForWantOfToken('writeDocument');
    await failsForWantOfToken('askDatabase');
    tokens.isUp = true;
    tokens.lifeSeconds.set(STORAGE, 2);
    await works('writeDocument');
  });

  it('reaches storage no more once its token has ended, until it gets another', async () => {
    tokens.isUp = false;
    await eventually(async () => isOver(STORAGE), Boolean);
    await failsForWantOfToken('writeDocument');
    tokens.isUp = true;
    tokens.lifeSeconds.delete(STORAGE);
    await works('writeDocument');
  });

  it('uses one token for all storage accounts', async () => {
    const asked = askedFor(STORAGE);
    await works('writeDocument');
    await works('lookIntoStudioStorage');
    assert.equal(askedFor(STORAGE), asked);
  });

  it('has its token as the password of an encrypted database connection', async () => {
    await prepareDatabaseToken(240);
    await works('askDatabase');
    assert.deepEqual(
      (await sessions()).map(({ ssl }) => ssl),
      [true],
    );
  });

  it('renews a token before it ends, and opens new connections with the new one', async () => {
    const asked = askedFor(DATABASE);
    const release = tokens.hold();
    await endSessions();
    await works('askDatabase');
    await eventually(
      async () => askedFor(DATABASE),
      (count) => count === asked + 1,
    );
    await prepareDatabaseToken(3);
    release();
    await eventually(
      async () => {
        await endSessions();
        return ask('askDatabase');
      },
      ({ error }) => error === undefined,
    );
  });

  it('goes on with what it has while no token can be had: open connections, and tokens that are valid', async () => {
    tokens.isUp = false;
    const open = await sessions();
    await eventually(async () => {
      await works('askDatabase');
      return isOver(DATABASE);
    }, Boolean);
    assert.equal(open.length, 1);
    assert.deepEqual(await sessions(), open);
    await works('writeDocument');
    await works('lookIntoStudioStorage');
  });

  it('opens no new connection then, and does again when tokens are back', async () => {
    await endSessions();
    await failsForWantOfToken('askDatabase');
    await works('writeDocument');
    tokens.isUp = true;
    await prepareDatabaseToken(240);
    await works('askDatabase');
  });

  it('is migrated by whoever has a token for the database, without an identity of its own', async () => {
    const args = script('infra/commands/migrate.ts');
    const { hostname, port, pathname } = new URL(postgres.url);
    const env = { ...caEnv(), PGHOST: hostname, PGPORT: port, PGUSER: ROLE, PGDATABASE: pathname.slice(1) };
    const migrate = (MIGRATE_TOKEN: string) =>
      promisify(execFile)(process.execPath, args, { cwd: ROOT, env: { ...env, MIGRATE_TOKEN } });
    await admin.query('drop schema pull_deploy cascade');
    await admin.query(`grant create on database studio to "${ROLE}"`);
    await assert.rejects(migrate('another'), /password authentication failed/);
    const token = tokens.prepare(DATABASE, 240);
    await admin.query(`alter role "${ROLE}" password '${token}'`);
    assert.match((await migrate(token)).stdout, /Applied 0001_/);
  });

  it("lets an operator's command sign in as whoever the Azure CLI knows, and only when it is told to", async () => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    const answers = Object.fromEntries(
      [STORAGE, DATABASE].map((resource) => {
        const accessToken = tokens.prepare(resource, 240);
        return [resource, { accessToken, expires_on: Math.floor(Date.now() / 1_000) + 240 }];
      }),
    );
    await admin.query(`alter role "${ROLE}" password '${answers[DATABASE]?.accessToken}'`);
    writeFileSync(join(bin, 'answers.json'), JSON.stringify(answers));
    const az = `#!${process.execPath}
const answers = require('./answers.json');
const resource = process.argv[process.argv.indexOf('--resource') + 1];
require('node:fs').appendFileSync(require('node:path').join(__dirname, 'asked'), resource + ' ');
// It may take longer than a connection to the database.
setTimeout(() => console.log(JSON.stringify(answers[resource])), resource === '${DATABASE}' ? 6_000 : 0);
`;
    writeFileSync(join(bin, 'az'), az, { mode: 0o755 });
    const run = (command: 'restore' | 'reindex', ...args: string[]) =>
      promisify(execFile)(process.execPath, [...script(`infra/commands/${command}.ts`), ...args], {
        cwd: ROOT,
        env: { ...settings(), PATH: `${bin}:${process.env.PATH}` },
      });
    const asked = () => readFileSync(join(bin, 'asked'), 'utf8').split(' ');
    await run('restore', '--environment', 'tt02', '--azure-cli');
    assert.ok(asked().includes(DATABASE));
    // It has read all accounts to know that.
    await assert.rejects(run('reindex', '--azure-cli'), /STORAGE_EMPTY: storage names no installation/);
    assert.ok(asked().includes(STORAGE));
    const before = asked();
    await assert.rejects(run('reindex'), /IDENTITY_UNAVAILABLE: the managed identity got no token/);
    assert.deepEqual(asked(), before);
    writeFileSync(join(bin, 'answers.json'), '{}');
    await assert.rejects(
      run('reindex', '--azure-cli'),
      /IDENTITY_UNAVAILABLE: the Azure CLI \(az login\) got no token/,
    );
    await assert.rejects(run('reindex', '--azure-cli', '--local'), /--local and --azure-cli contradict each other/);
  });
});

/** The certificate goes into its data folder, where its user can read it. */
async function serveTls(admin: pg.Pool, { cert, key }: { cert: string; key: string }): Promise<void> {
  const { rows } = await admin.query<{ data_directory: string }>('show data_directory');
  const data = rows[0]?.data_directory as string;
  const files = { ssl_cert_file: join(data, 'server.crt'), ssl_key_file: join(data, 'server.key') };
  writeFileSync(files.ssl_cert_file, cert);
  writeFileSync(files.ssl_key_file, key);
  for (const [setting, path] of Object.entries(files)) {
    giveTo(serverUser(data), path, 0o600);
    await admin.query(`alter system set ${setting} = '${path}'`);
  }
  await admin.query("alter system set ssl = 'on'");
  // As Azure asks for a token: in clear, inside TLS.
  const hba = join(data, 'pg_hba.conf');
  writeFileSync(hba, `hostssl all "${ROLE}" all password\nhost all "${ROLE}" all reject\n${readFileSync(hba, 'utf8')}`);
  await admin.query('select pg_reload_conf()');
}
