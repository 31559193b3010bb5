import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createLocalJWKSet, errors, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { type Authenticate, makeAuthenticate } from '../../src/functions/auth.ts';

const TENANT = '11111111-1111-1111-1111-111111111111';
const OTHER_TENANT = '22222222-2222-2222-2222-222222222222';
const AUDIENCE = '22222222-2222-2222-2222-222222222222';
const ISSUER = `https://login.microsoftonline.com/${TENANT}/v2.0`;
const CONFIG = { mode: 'entra', tenantId: TENANT, audience: AUDIENCE } as const;
const CLAIMS = { oid: 'object-1', tid: TENANT, name: 'Kari', roles: ['deployer'] };

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
interface Changes {
  readonly claims?: JWTPayload;
  readonly header?: Record<string, unknown>;
  readonly issuer?: string;
  readonly audience?: string | string[];
  /** Seconds from now. */
  readonly expires?: number;
  readonly notBefore?: number;
  readonly key?: Keys['privateKey'] | Uint8Array;
}

const now = () => Math.floor(Date.now() / 1000);
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('authentication with Entra ID tokens', () => {
  let ours: Keys;
  let strangers: Keys;
  let authenticate: Authenticate;
  before(async () => {
    ours = await generateKeyPair('RS256', { extractable: true });
    strangers = await generateKeyPair('RS256');
    const jwk = await exportJWK(ours.publicKey);
    authenticate = makeAuthenticate(
      CONFIG,
      createLocalJWKSet({ keys: [{ ...jwk, kid: 'k1', use: 'sig', alg: 'RS256' }] }),
    );
  });

  function sign(changes: Changes = {}): Promise<string> {
    return new SignJWT({ ...CLAIMS, ...changes.claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...changes.header })
      .setIssuer(changes.issuer ?? ISSUER)
      .setAudience(changes.audience ?? AUDIENCE)
      .setNotBefore(now() + (changes.notBefore ?? -10))
      .setExpirationTime(now() + (changes.expires ?? 300))
      .sign(changes.key ?? ours.privateKey);
  }

  async function assertRefused(header: string | null, message = /./): Promise<void> {
    await assert.rejects(authenticate(header), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'UNAUTHENTICATED');
      assert.match(error.message, message);
      assert.ok(
        header === null || header === '' || !error.message.includes(header.slice(7, 60) || '\0'),
        'shows the token',
      );
      return true;
    });
  }
  const refusedToken = async (changes: Changes, message?: RegExp) =>
    assertRefused(`Bearer ${await sign(changes)}`, message);

  it('takes a good token for who it says', async () => {
    const caller = await authenticate(`Bearer ${await sign()}`);
    assert.deepEqual(caller, { id: 'object-1', name: 'Kari', roles: new Set(['deployer']) });
  });

  it('takes a service without name and roles for its object id', async () => {
    const caller = await authenticate(`Bearer ${await sign({ claims: { name: undefined, roles: undefined } })}`);
    assert.deepEqual(caller, { id: 'object-1', name: 'object-1', roles: new Set() });
  });

  it('takes no role from a claim that is no list of texts', async () => {
    for (const roles of ['operator', { operator: true }, [['operator']], [1, null]])
      assert.deepEqual((await authenticate(`Bearer ${await sign({ claims: { roles } as never })}`)).roles, new Set());
  });

  it('forgives clocks that differ by up to a minute', async () => {
    await authenticate(`Bearer ${await sign({ expires: -30 })}`);
    await authenticate(`Bearer ${await sign({ notBefore: 30 })}`);
  });

  it('refuses a token that has expired, or is not valid yet', async () => {
    await refusedToken({ expires: -120 }, /ERR_JWT_EXPIRED/);
    await refusedToken({ notBefore: 120 }, /not valid/);
  });

  it('refuses a token for someone else, or from someone else', async () => {
    for (const audience of ['api://other', `${AUDIENCE}/`, [], 'https://graph.microsoft.com'])
      await refusedToken({ audience });
    for (const issuer of [
      ISSUER.replace(TENANT, OTHER_TENANT),
      `https://sts.windows.net/${TENANT}/`,
      `${ISSUER}/`,
      'https://evil.example',
    ])
      await refusedToken({ issuer });
    await refusedToken({ claims: { tid: OTHER_TENANT } }, /another tenant/);
  });

  it('refuses a token without one of the claims that are needed', async () => {
    for (const claim of ['oid', 'tid']) await refusedToken({ claims: { [claim]: undefined } });
    for (const missing of ['exp', 'nbf', 'iss', 'aud']) {
      const payload: JWTPayload = { ...CLAIMS, iss: ISSUER, aud: AUDIENCE, exp: now() + 300, nbf: now() - 10 };
      delete payload[missing];
      const token = await new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(ours.privateKey);
      await assertRefused(`Bearer ${token}`);
    }
  });

  it('refuses a token without a signature', async () => {
    const payload = base64url({ ...CLAIMS, iss: ISSUER, aud: AUDIENCE, exp: now() + 300, nbf: now() - 10 });
    for (const alg of ['none', 'None', 'NONE'])
      for (const signature of ['', 'x'])
        await assertRefused(`Bearer ${base64url({ alg, kid: 'k1' })}.${payload}.${signature}`);
  });

  it('refuses a token signed with HS256, with the public key as the secret', async () => {
    const { n } = await exportJWK(ours.publicKey);
    for (const secret of [Buffer.from(String(n)), Buffer.from(JSON.stringify(await exportJWK(ours.publicKey)))])
      await refusedToken({ header: { alg: 'HS256' }, key: secret });
  });

  it('refuses other algorithms, though of a key of ours', async () => {
    for (const alg of ['RS512', 'PS256']) {
      const keys = await generateKeyPair(alg);
      await refusedToken({ header: { alg }, key: keys.privateKey });
    }
  });

  it('refuses a key that is not ours, known by name or not', async () => {
    await refusedToken({ key: strangers.privateKey }, /ERR_JWS_SIGNATURE/);
    await refusedToken({ header: { kid: 'k2' }, key: strangers.privateKey }, /ERR_JWKS_NO_MATCHING_KEY/);
    await refusedToken({ header: { kid: 'k2' } }, /ERR_JWKS_NO_MATCHING_KEY/);
  });

  it('refuses a key that the token brings along', async () => {
    const jwk = await exportJWK(strangers.publicKey);
    await refusedToken({ header: { jwk, jku: 'https://evil.example/keys' }, key: strangers.privateKey });
  });

  it('refuses critical extensions that it does not know', async () => {
    const [, payload, signature] = (await sign()).split('.');
    await assertRefused(`Bearer ${base64url({ alg: 'RS256', kid: 'k1', crit: ['x'], x: 1 })}.${payload}.${signature}`);
  });

  it('refuses a token that was changed', async () => {
    const [header, , signature] = (await sign()).split('.');
    const payload = base64url({
      ...CLAIMS,
      roles: ['operator'],
      iss: ISSUER,
      aud: AUDIENCE,
      exp: now() + 300,
      nbf: now() - 10,
    });
    await assertRefused(`Bearer ${header}.${payload}.${signature}`, /ERR_JWS_SIGNATURE/);
  });

  it('refuses a call without a token, or with something else', async () => {
    const token = await sign();
    for (const header of [
      null,
      '',
      'Bearer',
      'Bearer ',
      `Basic ${token}`,
      token,
      `Bearer ${token}, Bearer ${token}`,
      'Bearer a.b.c',
      'Bearer x',
      `Bearer ${token} x`,
    ])
      await assertRefused(header);
  });

  it('refuses a token over 8 kB before it looks into it', async () => {
    const token = await sign({ claims: { groups: 'g'.repeat(8_000) } as never });
    assert.ok(token.length > 8 * 1024);
    await assertRefused(`Bearer ${token}`, /send an access token/);
  });

  it('says that the keys could not be read when that is so', async () => {
    const unreachable = makeAuthenticate(CONFIG, async () => {
      throw new TypeError('fetch failed');
    });
    await assert.rejects(unreachable(`Bearer ${await sign()}`), {
      retryAfterSeconds: 5,
      message: /keys could not be read/,
    });
  });

  it('says so too when Entra ID answers with an error', async () => {
    const failing = makeAuthenticate(CONFIG, async () => {
      throw new errors.JOSEError('Expected 200 OK from the JSON Web Key Set HTTP response');
    });
    await assert.rejects(failing(`Bearer ${await sign()}`), {
      retryAfterSeconds: 5,
      message: /keys could not be read/,
    });
  });

  it('is left out in Development, where everyone is an operator who calls by a loopback name', async () => {
    const development = makeAuthenticate({ mode: 'development' });
    for (const url of ['http://localhost:7071/api', 'http://127.0.0.1/', 'http://[::1]:7071/']) {
      const { roles } = await development(null, new URL(url).hostname);
      assert.deepEqual(roles, new Set(['operator']));
    }
    for (const hostname of [undefined, '', '192.168.1.20', 'localhost.evil.example', '127.0.0.1.evil.example'])
      await assert.rejects(development(null, hostname), { code: 'UNAUTHENTICATED' }, hostname);
  });
});
