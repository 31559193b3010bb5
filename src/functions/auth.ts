import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { AuthConfig } from '../config.ts';
import { AppError } from '../errors.ts';

export interface Caller {
  /** Stable: the object id of a user or of a service. */
  readonly id: string;
  readonly name: string;
  /** As the token has them; `authorize.ts` says what each allows. */
  readonly roles: ReadonlySet<string>;
}

/**
 * Who calls, by what the request carries; throws UNAUTHENTICATED. The host name that the request is for counts in
 * Development only.
 */
export type Authenticate = (authorization: string | null, hostname?: string) => Promise<Caller>;

const MAX_TOKEN_BYTES = 8 * 1024;
/** What jose throws when Entra ID answers too late, with an error, or with something else than keys. */
const NOT_THE_TOKEN: readonly string[] = ['ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID'];
const CLOCK_SKEW_SECONDS = 60;
const LOOPBACK: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Only in Development, which `config.ts` refuses in Azure, and only on loopback. */
const DEVELOPER: Caller = { id: 'developer', name: 'developer', roles: new Set(['operator']) };

export function makeAuthenticate(config: AuthConfig, keys?: JWTVerifyGetKey): Authenticate {
  if (config.mode === 'development') return authenticateDeveloper;
  const base = `https://login.microsoftonline.com/${config.tenantId}`;
  const keySet = keys ?? createRemoteJWKSet(new URL(`${base}/discovery/v2.0/keys`));
  return async (authorization) => {
    const token = /^Bearer ([A-Za-z0-9_.-]+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined || token.length > MAX_TOKEN_BYTES)
      throw new AppError('UNAUTHENTICATED', 'send an access token of Entra ID in the header Authorization: Bearer');
    return verify(token, keySet, { issuer: `${base}/v2.0`, audience: config.audience, tenantId: config.tenantId });
  };
}

/**
 * The local host listens on loopback alone, Core Tools on every interface. A page elsewhere whose name was made to lead
 * here (DNS rebinding) still sends its own name.
 */
async function authenticateDeveloper(_authorization: string | null, hostname = ''): Promise<Caller> {
  if (LOOPBACK.includes(hostname)) return DEVELOPER;
  throw new AppError('UNAUTHENTICATED', `calls without a token are for ${LOOPBACK.join(', ')} only, not '${hostname}'`);
}

async function verify(
  token: string,
  keys: JWTVerifyGetKey,
  expected: { issuer: string; audience: string; tenantId: string },
): Promise<Caller> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: expected.issuer,
      audience: expected.audience,
      algorithms: ['RS256'],
      clockTolerance: CLOCK_SKEW_SECONDS,
      requiredClaims: ['exp', 'nbf', 'oid', 'tid'],
    });
    if (payload.tid !== expected.tenantId) throw new AppError('UNAUTHENTICATED', 'the token is of another tenant');
    const roles = Array.isArray(payload.roles) ? payload.roles.filter((role) => typeof role === 'string') : [];
    const id = String(payload.oid);
    return { id, name: typeof payload.name === 'string' ? payload.name : id, roles: new Set(roles) };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    if (cause instanceof errors.JOSEError && !NOT_THE_TOKEN.includes(cause.code))
      throw new AppError('UNAUTHENTICATED', `the token is not valid: ${cause.code}`, { cause });
    throw new AppError('UNAUTHENTICATED', "Entra ID's keys could not be read; try again", {
      cause,
      retryAfterSeconds: 5,
    });
  }
}
