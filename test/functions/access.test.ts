import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type FunctionsHost, startFunctionsHost } from '../../local/host/functions-host.ts';
import { makeApp } from '../../src/app.ts';
import { makeAuthenticate } from '../../src/functions/auth.ts';
import { ROLES, type Role } from '../../src/functions/authorize.ts';
import type { Route } from '../../src/functions/route.ts';
import { makeTable, ROUTES } from '../../src/functions/table.ts';
import { type Answer, call, post, waitForEnd } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const TENANT = '11111111-1111-1111-1111-111111111111';
const CONFIG = { mode: 'entra', tenantId: TENANT, audience: '22222222-2222-2222-2222-222222222222' } as const;
const APP = 'parking-permit';

/** All that anyone may call, and all that a cluster proves itself to by its signature. */
const ANONYMOUS = ['health', 'openapi'];
const SIGNED = ['receiveFluxEvent'];

const isRole = (access: string): access is Role => (ROLES as readonly string[]).includes(access);
const withToken = ROUTES.filter(({ access }) => isRole(access));
const ofOrg = withToken.filter(({ route }) => route.includes('{org}'));
/** Those that change what runs in an environment. */
const CHANGING = [
  'createDeployment',
  'previewDeployment',
  'rollbackDeployment',
  'blockDeployment',
  'unblockDeployment',
  'undeploy',
];

describe('who may do what', () => {
  let stack: TestStack;
  let folder: string;
  let host: FunctionsHost;
  let sign: (roles: readonly string[]) => Promise<string>;
  /** By environment. */
  const deployments = new Map<string, string>();
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    for (const org of ['ttd', 'brg']) await writeApp(folder, org, APP, minimalApp(org, APP));
    stack = await startTestStack({ apps: folder });
    for (const envName of ['tt02', 'production']) {
      const url = `${stack.run.functionsUrl}/api/v1/ttd/${APP}/deployments`;
      const { body } = await post(url, { envName, tagName: '1' });
      await waitForEnd(`${url}/${body.id}`);
      deployments.set(envName, body.id);
    }
    const keys = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', use: 'sig', alg: 'RS256' };
    const authenticate = makeAuthenticate(CONFIG, createLocalJWKSet({ keys: [jwk] }));
    const app = makeApp(stack.connection.ports, stack.config.studio);
    host = await startFunctionsHost({ definitions: makeTable(app, authenticate), port: 0, timers: false });
    sign = (roles) =>
      new SignJWT({ oid: 'object-1', tid: TENANT, name: 'Kari', roles })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .setIssuer(`https://login.microsoftonline.com/${TENANT}/v2.0`)
        .setAudience(CONFIG.audience)
        .setNotBefore('-10s')
        .setExpirationTime('5m')
        .sign(keys.privateKey);
  });
  after(async () => {
    await host.close();
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  interface Asked {
    /** Absent: without a token. */
    readonly roles?: readonly string[];
    readonly org?: string;
    readonly envName?: string;
    readonly headers?: Record<string, string>;
  }

  /** A call as its own example has it, for one environment. */
  async function ask(route: Route, { roles, org = 'ttd', envName = 'tt02', headers = {} }: Asked): Promise<Answer> {
    const names: Record<string, string> = { org, app: APP, envName, id: deployments.get(envName) ?? '' };
    const path = route.route.replaceAll(/\{(\w+)\}/g, (_all, name: string) => names[name] ?? '');
    const example = route.bodyExample as Record<string, unknown> | undefined;
    const body = example && { ...example, ...('envName' in example ? { envName } : {}) };
    return call(`${host.url}/api/${path}`, {
      method: route.method,
      headers: {
        ...(roles === undefined ? {} : { authorization: `Bearer ${await sign(roles)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
  const route = (name: string): Route => ROUTES.find((one) => one.name === name) as Route;
  const refusal = ({ status, body }: Answer) => [status, body?.code];
  const isLetIn = ({ status }: Answer) => status !== 401 && status !== 403;

  it('is said by every call: nobody is let in because it was forgotten', () => {
    for (const { name, access } of ROUTES)
      if (access === 'anonymous') assert.ok(ANONYMOUS.includes(name), `${name} is for anyone`);
      else if (access === 'signed') assert.ok(SIGNED.includes(name), `${name} is for whoever signs`);
      else assert.ok(isRole(access), `${name}: ${access}`);
    assert.ok(withToken.length >= 15);
  });

  it('lets anyone see whether the service is well, and the document', async () => {
    for (const name of ANONYMOUS) assert.equal((await ask(route(name), {})).status, 200, name);
  });

  for (const one of withToken)
    it(`lets nobody ${one.name} without a token, or with too low a role`, async () => {
      const without = await ask(one, {});
      assert.deepEqual(refusal(without), [401, 'UNAUTHENTICATED']);
      assert.equal(without.headers.get('www-authenticate'), 'Bearer');
      const tooLow = ROLES.slice(0, ROLES.indexOf(one.access as Role));
      for (const roles of [[], ['Operator'], ['org.ttd'], ...tooLow.map((role) => [role])])
        assert.deepEqual(refusal(await ask(one, { roles })), [403, 'FORBIDDEN'], `${roles}`);
    });

  it('lets whoever has the role, or one above it, do it', async () => {
    for (const one of withToken)
      for (const role of ROLES.slice(ROLES.indexOf(one.access as Role)))
        for (const roles of [[role], [role, 'org.ttd']]) {
          const answer = await ask(one, { roles });
          assert.ok(isLetIn(answer), `${roles} may ${one.name}: ${answer.status} ${JSON.stringify(answer.body)}`);
        }
  });

  it('lets a deployer of one environment change what runs there and nowhere else', async () => {
    for (const name of CHANGING) {
      const allowed = await ask(route(name), { roles: ['deployer.tt02'] });
      assert.ok(isLetIn(allowed), `${name}: ${allowed.status}`);
      const refused = await ask(route(name), { roles: ['deployer.tt02'], envName: 'production' });
      assert.deepEqual(refusal(refused), [403, 'FORBIDDEN'], name);
      assert.match(refused.body.detail, /'deployer', or 'deployer.production'/);
    }
    for (const { name, access } of withToken)
      if (access === 'deployer')
        assert.ok([...CHANGING, 'registerApp'].includes(name), `${name}: in which environment?`);
  });

  it('lets him see all that a reader sees', async () => {
    for (const one of withToken.filter(({ access }) => access === 'reader'))
      assert.ok(isLetIn(await ask(one, { roles: ['deployer.tt02'], envName: 'production' })), one.name);
  });

  it('does not let him register an app, which is for every environment', async () => {
    const refused = await ask(route('registerApp'), { roles: ['deployer.tt02', 'deployer.production'] });
    assert.deepEqual(refusal(refused), [403, 'FORBIDDEN']);
    assert.match(refused.body.detail, /every environment/);
    assert.equal((await ask(route('registerApp'), { roles: ['deployer'] })).status, 200);
  });

  it('shows whoever is limited to some orgs no other, be there one or not', async () => {
    assert.ok(ofOrg.length >= 15);
    for (const one of ofOrg) {
      const roles = ['operator', 'org.ttd'];
      const [there, none] = [await ask(one, { roles, org: 'brg' }), await ask(one, { roles, org: 'nope' })];
      assert.deepEqual(refusal(there), [404, 'ORG_UNKNOWN'], one.name);
      const asIfOf = (org: string, { body }: Answer) => JSON.parse(JSON.stringify(body).replaceAll(org, '{org}'));
      assert.deepEqual(asIfOf('brg', there), asIfOf('nope', none), one.name);
      const headers = (answer: Answer) =>
        [...answer.headers.keys()].filter((name) => !['date', 'content-length'].includes(name));
      assert.deepEqual([there.status, headers(there)], [none.status, headers(none)], one.name);
      assert.ok((await ask(one, { roles: ['operator'], org: 'brg' })).body?.code !== 'ORG_UNKNOWN', one.name);
    }
  });

  it('believes no header but Authorization', async () => {
    const principal = {
      ...{ auth_typ: 'aad', name_typ: 'name', role_typ: 'roles' },
      claims: [{ typ: 'roles', val: 'operator' }],
    };
    const headers = {
      'x-ms-client-principal': Buffer.from(JSON.stringify(principal)).toString('base64'),
      'x-ms-client-principal-id': 'object-1',
      'x-ms-client-principal-name': 'Kari',
      'x-ms-client-principal-idp': 'aad',
      'x-functions-key': 'master',
      'x-forwarded-host': 'localhost',
    };
    for (const one of withToken) {
      assert.deepEqual(refusal(await ask(one, { headers })), [401, 'UNAUTHENTICATED'], one.name);
      const asked = await ask(one, { headers, roles: ['reader'] });
      if (one.access !== 'reader') assert.deepEqual(refusal(asked), [403, 'FORBIDDEN'], one.name);
    }
  });
});
