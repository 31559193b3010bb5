import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { type Config, type Env, loadConfig, loadDatabaseConfig } from '../src/config.ts';
import { readEnvironments } from '../src/environments-file.ts';
import { SETTINGS } from '../src/settings.ts';
import { tableIn } from './model/read-table.ts';
import { AZURE_SETTINGS } from './support/azure-settings.ts';

const top = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const SAMPLE = top('environments.sample.yaml');
const folder = mkdtempSync(join(tmpdir(), 'config-'));
after(() => rmSync(folder, { recursive: true }));

const IN_AZURE: Env = { ENVIRONMENTS_FILE: SAMPLE, ...AZURE_SETTINGS };
const LOCAL: Env = {
  ENVIRONMENTS_FILE: SAMPLE,
  AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
  STUDIO_STORAGE: 'UseDevelopmentStorage=true',
  DATABASE_URL: 'postgres://studio@127.0.0.1:5432/studio',
  GITEA_URL: 'http://127.0.0.1:3000',
};

function problemsOf(env: Env): string[] {
  const loaded = loadConfig(env);
  if (!('problems' in loaded)) return [];
  assert.ok(loaded.problems.every(({ code }) => code === 'CONFIGURATION_INVALID'));
  return loaded.problems.map(({ message }) => message);
}

function configOf(env: Env): Config {
  const loaded = loadConfig(env);
  if ('problems' in loaded) assert.fail(loaded.problems.map(({ message }) => message).join('\n'));
  return loaded.config;
}

const AS_FUNCTION_APP = { as: 'managed-identity', clientId: undefined } as const;

describe('the configuration in Azure', () => {
  it('uses managed identity for everything, and tokens', () => {
    const config = configOf({ ...IN_AZURE, AZURE_CLIENT_ID: 'me', GITEA_TOKEN: 'token' });
    const signIn = { as: 'managed-identity', clientId: 'me' };
    assert.deepEqual(config.studioStorage, { blobServiceUri: 'https://studio.example.net', signIn });
    assert.deepEqual(config.environmentStorage.get('tt02'), {
      blobServiceUri: 'https://pulldeploytt02.blob.core.windows.net',
      signIn,
    });
    assert.deepEqual(config.database, {
      ...{ host: 'db.example.net', port: 5432, database: 'studio', user: 'pull-deploy' },
      signIn,
    });
    assert.deepEqual(config.gitea, { url: 'https://studio.example.net/repos', token: 'token' });
    assert.equal(config.auth.mode, 'entra');
  });

  it('tells all that is wrong at once', () => {
    const problems = problemsOf({
      STUDIO_STORAGE: 'UseDevelopmentStorage=true',
      GITEA_URL: 'ftp://x',
      ENVIRONMENTS_FILE: '/none',
    });
    for (const name of [
      'STUDIO_STORAGE',
      'PGHOST',
      'PGUSER',
      'GITEA_URL',
      'AUTH_TENANT_ID',
      'AUTH_AUDIENCE',
      'FLUX_EVENTS_KEY',
      'ENVIRONMENTS_FILE',
    ])
      assert.ok(
        problems.some((message) => message.startsWith(`${name} `)),
        `${name} in:\n${problems.join('\n')}`,
      );
  });

  it('names every setting that is missing, and takes blanks for nothing', () => {
    for (const env of [{}, Object.fromEntries(Object.keys(IN_AZURE).map((name) => [name, ' \t']))])
      assert.deepEqual(
        problemsOf(env).map((message) => message.split(' ')[0]),
        [
          'STUDIO_STORAGE__blobServiceUri',
          'PGHOST',
          'PGUSER',
          'GITEA_URL',
          'AUTH_TENANT_ID',
          'AUTH_AUDIENCE',
          'FLUX_EVENTS_KEY',
          'ENVIRONMENTS_FILE',
        ],
      );
  });

  it('takes no connection string and no password', () => {
    for (const name of ['STUDIO_STORAGE', 'DATABASE_URL'] as const)
      assert.deepEqual(problemsOf({ ...IN_AZURE, [name]: LOCAL[name] }), [
        `${name} may be set in Development only: use managed identity`,
      ]);
  });

  it('takes https only', () => {
    for (const name of ['STUDIO_STORAGE__blobServiceUri', 'GITEA_URL'])
      for (const url of ['http://127.0.0.1:3000', 'example.net', 'file:///etc', 'https//x'])
        assert.deepEqual(problemsOf({ ...IN_AZURE, [name]: url }), [`${name} must be an https URL`]);
  });

  it('takes no URI for the audience, which is a GUID in the tokens that are taken', () => {
    for (const AUTH_AUDIENCE of ['api://pull-deploy', `api://${AZURE_SETTINGS.AUTH_AUDIENCE}`])
      assert.deepEqual(problemsOf({ ...IN_AZURE, AUTH_AUDIENCE }), [
        'AUTH_AUDIENCE is an Application ID URI: set the Application (client) ID, which tokens are for',
      ]);
  });

  it('never runs without tokens unless it says Development, exactly', () => {
    const { AUTH_TENANT_ID: _tenant, AUTH_AUDIENCE: _audience, ...rest } = IN_AZURE;
    for (const AZURE_FUNCTIONS_ENVIRONMENT of [undefined, 'Production', 'development', 'Staging'])
      assert.equal(problemsOf({ ...rest, AZURE_FUNCTIONS_ENVIRONMENT }).length, 2);
  });

  it("takes two keys for clusters' events, while they are exchanged", () => {
    const [current, previous] = ['c'.repeat(32), 'p'.repeat(32)];
    assert.deepEqual(configOf({ ...IN_AZURE, FLUX_EVENTS_KEY: current }).fluxEventsKeys, [current]);
    const both = { ...IN_AZURE, FLUX_EVENTS_KEY: current, FLUX_EVENTS_PREVIOUS_KEY: previous };
    assert.deepEqual(configOf(both).fluxEventsKeys, [current, previous]);
  });

  it("takes no key for clusters' events that could be guessed", () => {
    const unresolved = '@Microsoft.KeyVault(SecretUri=https://vault.example.net/secrets/flux-events)';
    for (const name of ['FLUX_EVENTS_KEY', 'FLUX_EVENTS_PREVIOUS_KEY']) {
      assert.deepEqual(problemsOf({ ...IN_AZURE, [name]: 'k'.repeat(31) }), [
        `${name} must have at least 32 characters`,
      ]);
      assert.deepEqual(problemsOf({ ...IN_AZURE, [name]: unresolved }), [
        `${name} is a Key Vault reference that was not resolved`,
      ]);
    }
  });

  it('takes no reference to a vault for the token that it names', () => {
    assert.deepEqual(problemsOf({ ...IN_AZURE, GITEA_TOKEN: '@Microsoft.KeyVault(SecretUri=https://v/secrets/t)' }), [
      'GITEA_TOKEN is a Key Vault reference that was not resolved',
    ]);
  });

  it('shows no secret in a problem', () => {
    const env = {
      ...IN_AZURE,
      STUDIO_STORAGE: 'AccountKey=hunter2',
      DATABASE_URL: 'postgres://u:hunter2@x/y',
      GITEA_TOKEN: 'hunter2',
      FLUX_EVENTS_KEY: 'hunter2',
      GITEA_URL: 'http://u:hunter2@x',
    };
    assert.doesNotMatch(problemsOf(env).join('\n'), /hunter2/);
  });
});

describe('the configuration in Development', () => {
  it('takes connection strings, http and calls without a token', () => {
    const config = configOf(LOCAL);
    assert.deepEqual(config.auth, { mode: 'development' });
    assert.deepEqual(config.studioStorage, { connectionString: 'UseDevelopmentStorage=true' });
    assert.deepEqual(config.database, { url: 'postgres://studio@127.0.0.1:5432/studio' });
  });

  it("needs no key for clusters' events, and then has none", () => {
    assert.deepEqual(configOf(LOCAL).fluxEventsKeys, []);
    assert.deepEqual(problemsOf({ ...LOCAL, FLUX_EVENTS_PREVIOUS_KEY: 'p'.repeat(32) }), [
      'FLUX_EVENTS_PREVIOUS_KEY is set without FLUX_EVENTS_KEY',
    ]);
  });

  it('checks tokens once it is told of a tenant or an audience, and then needs both', () => {
    assert.equal(configOf({ ...LOCAL, AUTH_TENANT_ID: 't', AUTH_AUDIENCE: 'a' }).auth.mode, 'entra');
    assert.equal(problemsOf({ ...LOCAL, AUTH_TENANT_ID: 't' }).length, 1);
    assert.equal(problemsOf({ ...LOCAL, AUTH_AUDIENCE: 'a' }).length, 1);
  });
});

describe('Development in Azure', () => {
  it('is refused, by whatever Azure tells of itself', () => {
    for (const name of ['WEBSITE_SITE_NAME', 'WEBSITE_INSTANCE_ID']) {
      assert.deepEqual(problemsOf({ ...LOCAL, [name]: 'x' }), [
        `AZURE_FUNCTIONS_ENVIRONMENT is Development, but this runs in Azure (${name} is set): remove it`,
      ]);
      // With tokens, too: it takes connection strings.
      assert.equal(problemsOf({ ...LOCAL, [name]: 'x', AUTH_TENANT_ID: 't', AUTH_AUDIENCE: 'a' }).length, 1);
      assert.deepEqual(problemsOf({ ...IN_AZURE, [name]: 'x' }), []);
    }
  });
});

describe('the configuration of the database alone', () => {
  it('needs no other setting', () => {
    assert.ok('database' in loadDatabaseConfig({ PGHOST: 'h', PGUSER: 'u' }));
    for (const PGPORT of ['0', '65536', '5432x', '-1'])
      assert.ok('problems' in loadDatabaseConfig({ PGHOST: 'h', PGUSER: 'u', PGPORT }), PGPORT);
    const wrong = loadDatabaseConfig({});
    assert.deepEqual('problems' in wrong && wrong.problems.map(({ path }) => path), ['PGHOST', 'PGUSER']);
  });
});

describe('the environments file', () => {
  const TT02 = { hostname: 'tt02.altinn.no', storage: 'https://tt02.example.net', orgs: ['ttd'] };
  const GOOD = { studio: { name: 'dev', chart: { version: '3.12.0' } }, environments: { tt02: TT02 } };
  const read = (value: unknown, development = false) =>
    readEnvironments(typeof value === 'string' ? value : stringify(value), { development, signIn: AS_FUNCTION_APP });

  function assertProblems(value: unknown, ...expected: RegExp[]): void {
    const { problems, studio } = read(value);
    const messages = problems.map(({ message }) => message);
    assert.equal(studio, undefined);
    assert.equal(messages.length, expected.length, messages.join('\n'));
    for (const pattern of expected)
      assert.ok(
        messages.some((message) => pattern.test(message)),
        `${pattern} in:\n${messages.join('\n')}`,
      );
  }
  const tt02With = (change: object) => ({ ...GOOD, environments: { tt02: { ...TT02, ...change } } });

  it('needs little, and fills in the rest', () => {
    const { studio, problems } = read(GOOD);
    assert.deepEqual(problems, []);
    assert.deepEqual(studio?.chart, { name: 'deployment', version: '3.12.0', repository: 'altinn-charts' });
    assert.equal(studio?.registryPattern, '{org}altinnregistry01.azurecr.io');
    assert.equal(studio?.clusterSilenceMinutes, 15);
    assert.ok(!('serviceAccountName' in (studio ?? {})));
  });

  it('takes drops everywhere but in production, unless it says otherwise', () => {
    const drops = (environments: object) =>
      read({ ...GOOD, environments }).studio?.environments.map(({ acceptDrops }) => acceptDrops);
    const other = { ...TT02, storage: 'https://other.example.net' };
    assert.deepEqual(drops({ tt02: TT02, production: other }), [true, false]);
    assert.deepEqual(drops({ tt02: { ...TT02, acceptDrops: false }, production: { ...other, acceptDrops: true } }), [
      false,
      true,
    ]);
  });

  it('is refused with all its problems', () => {
    assertProblems(
      {
        studio: { name: 'Dev', chart: { version: '3.x' }, color: 'red' },
        environments: { tt02: { ...TT02, orgs: ['TTD'], host: 1 } },
      },
      /studio\.name.*short name/,
      /studio\.chart\.version.*exact version/,
      /studio: Unrecognized key: "color"/,
      /environments\.tt02\.orgs\[0\].*org short name/,
      /environments\.tt02: Unrecognized key: "host"/,
    );
  });

  it('is refused when it is not YAML, empty, or of another form', () => {
    for (const text of ['a: [', 'studio: {}\nstudio: {}\n', '', '[]', 'text'])
      assert.ok(read(text).problems.length > 0, text);
    assertProblems(`${stringify(GOOD)}environments: {}\n`, /unique/);
    assertProblems({ ...GOOD, environments: {} }, /at least one environment/);
  });

  it('is refused for a chart version that is a range', () => {
    for (const version of ['3', '3.12', '^3.12.0', '>=3.12.0', '3.12.x', '3.12.0 || 4', 'latest', 3.12])
      assertProblems({ ...GOOD, studio: { name: 'dev', chart: { version } } }, /studio\.chart\.version/);
    assert.deepEqual(read({ ...GOOD, studio: { name: 'dev', chart: { version: '3.12.0-rc.1' } } }).problems, []);
  });

  it('is refused for a wrong org, an org named twice, a bad host name or storage', () => {
    assertProblems(tt02With({ orgs: ['t-d'] }), /orgs\[0\]/);
    assertProblems(tt02With({ orgs: ['ttd', 'ttd'] }), /each org once/);
    for (const hostname of ['', 'tt02', 'https://tt02.altinn.no', 'tt02.altinn.no/x', 'TT02.altinn.no'])
      assertProblems(tt02With({ hostname }), /hostname/);
    for (const storage of ['', 'tt02.example.net', 'ftp://x', 'https://x?sig=1', 'https://x#a'])
      assertProblems(tt02With({ storage }), /storage/);
    for (const receiver of ['', 'https://flux.example.net', 'flux.{org}.net', 'https://{org}.net?a=1'])
      assertProblems(tt02With({ receiver }), /receiver/);
    assertProblems(
      { ...GOOD, studio: { ...GOOD.studio, registry: 'shared.azurecr.io' } },
      /studio\.registry.*'\{org\}'/,
    );
  });

  it('is refused when two environments share an account, however it is written', () => {
    for (const storage of [TT02.storage, `${TT02.storage}/`, TT02.storage.toUpperCase().replace('HTTPS', 'https')])
      assertProblems(
        { ...GOOD, environments: { tt02: TT02, production: { ...TT02, storage } } },
        /production\.storage.*'tt02' too/,
      );
  });

  it('may say where the Receivers of its clusters are', () => {
    const { studio } = read(tt02With({ receiver: 'https://flux.{org}.example.net/' }));
    assert.equal(studio?.environments[0]?.receiverPattern, 'https://flux.{org}.example.net');
    assertProblems(tt02With({ receiver: 'http://flux.{org}.example.net' }), /receiver: must be https/);
  });

  it('is told of everything at once: its form, its addresses, accounts that are shared', () => {
    const plain = { ...TT02, storage: 'http://plain.example.net/', connectionString: 'x', hostname: 'tt02' };
    assertProblems(
      {
        studio: { ...GOOD.studio, chart: {} },
        environments: { tt02: plain, at22: { ...TT02, storage: plain.storage } },
      },
      /studio\.chart\.version/,
      /tt02\.hostname/,
      /tt02\.connectionString/,
      /tt02\.storage: must be https/,
      /at22\.storage: must be https/,
      /at22\.storage: is that of 'tt02' too/,
    );
    for (const environments of [undefined, [], 'x', { tt02: null }, { tt02: [] }])
      assertProblems({ ...GOOD, environments }, /environments/);
  });

  it('takes http and connection strings in Development only', () => {
    const local = tt02With({ storage: 'http://127.0.0.1:10000/tt02', connectionString: 'UseDevelopmentStorage=true' });
    assertProblems(local, /connectionString: may be set in Development only/, /storage: must be https/);
    const { problems, storage } = read(local, true);
    assert.deepEqual(problems, []);
    assert.deepEqual(storage.get('tt02'), { connectionString: 'UseDevelopmentStorage=true' });
  });

  it('holds artifacts to limits that it can change, within what a function can hold', () => {
    const limits = (changes: object) => ({ ...GOOD, policy: { limits: changes } });
    const defaults = { maxZipMebibytes: 50, maxInflatedMebibytes: 200, maxFiles: 5_000, maxRatio: 100 };
    const most = { maxZipMebibytes: 100, maxInflatedMebibytes: 1_024, maxFiles: 20_000, maxRatio: 1_032 };
    assert.deepEqual(read(GOOD).studio?.policy.limits, defaults);
    assert.deepEqual(read(limits({ maxFiles: 1 })).studio?.policy.limits, { ...defaults, maxFiles: 1 });
    assert.deepEqual(read(limits(most)).studio?.policy.limits, most);
    for (const [name, value] of Object.entries(most))
      for (const wrong of [value + 1, 0, -1, 1.5, '10', null])
        assertProblems(limits({ [name]: wrong }), new RegExp(`policy\\.limits\\.${name}`));
    assertProblems(
      limits({ maxZipBytes: 1, maxFiles: 0 }),
      /policy\.limits: Unrecognized key/,
      /policy\.limits\.maxFiles/,
    );
  });

  it('keeps things for as long as it says, and never less than what running deployments need', () => {
    const retention = (changes: object) => ({ ...GOOD, policy: { retention: changes } });
    const defaults = {
      ...{ keepLast: 20, keepDays: 90, keepGood: 3, immutableDays: 365 },
      ...{ rejectedDays: 30, idempotencyHours: 24 },
    };
    assert.deepEqual(read(GOOD).studio?.policy.retention, defaults);
    assert.deepEqual(read(retention({ keepDays: 30 })).studio?.policy.retention, { ...defaults, keepDays: 30 });
    const least = Object.fromEntries(Object.keys(defaults).map((name) => [name, name === 'immutableDays' ? 0 : 1]));
    assert.deepEqual(read(retention(least)).studio?.policy.retention, least);
    for (const [name, value] of Object.entries(least))
      for (const wrong of [value - 1, 1e9, 1.5, '10', null])
        assertProblems(
          retention({ [name]: wrong }),
          new RegExp(`^environments file: policy\\.retention\\.${name}: must be a whole number from ${value} to \\d+$`),
        );
    assertProblems(retention({ keepMonths: 3 }), /policy\.retention: Unrecognized key: "keepMonths"/);
  });

  it('allows the kinds that we make, or fewer, but never no HelmRelease', () => {
    const kinds = (list: unknown) => ({ ...GOOD, policy: { kinds: list } });
    assert.deepEqual(read(GOOD).studio?.policy.kinds, ['HelmRelease', 'MaskinportenClient']);
    assert.deepEqual(read(kinds(['HelmRelease'])).studio?.policy.kinds, ['HelmRelease']);
    for (const wrong of [
      [],
      ['MaskinportenClient'],
      ['HelmRelease', 'Pod'],
      'HelmRelease',
      ['helmrelease', 'HelmRelease'],
    ])
      assertProblems(kinds(wrong), /policy\.kinds/);
  });

  it('is told of by the name of its setting when it cannot be read', () => {
    const [message] = problemsOf({ ...IN_AZURE, ENVIRONMENTS_FILE: join(folder, 'none.yaml') });
    assert.match(message ?? '', /^ENVIRONMENTS_FILE '.*none\.yaml' can't be read: ENOENT$/);
    const bomb = join(folder, 'bomb.yaml');
    writeFileSync(
      bomb,
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((c, i) => `${c}: &${c} [${`*${'abcdefgh'[i]},`.repeat(9)}]\n`).join('')}`,
    );
    assert.equal(problemsOf({ ...IN_AZURE, ENVIRONMENTS_FILE: bomb }).length, 1);
  });
});

describe('the sample files', () => {
  it('environments.sample.yaml can be used as it is in Azure', () => {
    const { studio } = configOf(IN_AZURE);
    assert.deepEqual(
      studio.environments.map(({ name }) => name),
      ['tt02', 'production'],
    );
    assert.ok(studio.environments.every(({ blobEndpoint }) => blobEndpoint.startsWith('https://')));
  });

  it('environments.sample.yaml shows the defaults as they are', () => {
    const { studio, environments } = parse(readFileSync(SAMPLE, 'utf8'));
    const least = { studio: { name: studio.name, chart: { version: studio.chart.version } }, environments };
    const options = { development: false, signIn: AS_FUNCTION_APP };
    assert.deepEqual(readEnvironments(stringify(least), options).studio, configOf(IN_AZURE).studio);
  });

  it('environments.sample.yaml shows the defaults of a policy as they are, once it is no comment any more', () => {
    const [, commented = ''] = readFileSync(SAMPLE, 'utf8').split(/^(?=# policy:)/m);
    const { policy } = parse(commented.replaceAll(/^# /gm, ''));
    const { retention, limits } = configOf(IN_AZURE).studio.policy;
    assert.deepEqual([policy.retention, policy.limits], [retention, limits]);
  });

  it('local.settings.sample.json names only settings that exist, and works with them', () => {
    const { IsEncrypted, Values } = JSON.parse(readFileSync(top('local.settings.sample.json'), 'utf8'));
    assert.equal(IsEncrypted, false);
    const { FUNCTIONS_WORKER_RUNTIME, AzureWebJobsStorage, ...ours } = Values;
    assert.deepEqual([FUNCTIONS_WORKER_RUNTIME, AzureWebJobsStorage], ['node', 'UseDevelopmentStorage=true']);
    const known: readonly string[] = SETTINGS.map(({ name }) => name);
    for (const name of Object.keys(ours)) assert.ok(known.includes(name), name);
    assert.deepEqual(configOf({ ...ours, ENVIRONMENTS_FILE: SAMPLE }).auth, { mode: 'development' });
  });

  it('host.json keeps to what the code counts on', () => {
    const host = JSON.parse(readFileSync(top('host.json'), 'utf8'));
    assert.equal(host.version, '2.0');
    assert.equal(host.extensions.http.routePrefix, 'api', 'links and routes start with /api');
    assert.equal(host.extensions.blobs.poisonBlobThreshold, host.extensions.queues.maxDequeueCount);
    const [hours, minutes, seconds] = host.functionTimeout.split(':').map(Number);
    assert.ok(hours * 3600 + minutes * 60 + seconds > 230, 'an HTTP answer may take 230 s');
    assert.equal(host.telemetryMode, 'OpenTelemetry', "the host's requests and our steps are of one trace");
  });
});

describe('docs/settings.md', () => {
  it('lists every setting as src/config.ts has it, and no other', () => {
    const rows = tableIn(readFileSync(top('docs/settings.md'), 'utf8'), 'Name');
    const expected = SETTINGS.map((setting) => [
      `\`${setting.name}\``,
      setting.meaning,
      'default' in setting ? `\`${setting.default}\`` : '–',
      `\`${setting.example}\``,
    ]);
    assert.deepEqual(rows, expected);
  });
});
