import type { ManagedIdentityCredential } from '@azure/identity';
import { AppError } from '../errors.ts';

/** An access token, and when it ends in milliseconds since 1970: `AccessToken` of `@azure/core-auth`. */
export interface IdentityToken {
  readonly token: string;
  readonly expiresOnTimestamp: number;
}

/** Who we are in Azure. Every SDK there takes it as its `TokenCredential`. */
export interface Identity {
  /** @throws AppError IDENTITY_UNAVAILABLE, only where no valid token is left */
  getToken(scopes: string | string[]): Promise<IdentityToken>;
}

type AskForToken = (scope: string) => Promise<IdentityToken>;

/** MSAL answers from its own cache before that, and asks the platform from then on. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** Between two tries to renew a token that is still valid. */
const TRY_AGAIN_MS = 30_000;
/** Of one token, all tries together: less than a connection to the database may take. */
const ASK_TIMEOUT_MS = 4_000;
const RETRIES = { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 };

const identities = new Map<string, Identity>();

/**
 * The function app's managed identity: one for the process, so that storage, database and telemetry share its tokens.
 * @param clientId of a user-assigned identity; undefined means the system-assigned one
 */
export function managedIdentity(clientId: string | undefined): Identity {
  const known = identities.get(clientId ?? '');
  if (known !== undefined) return known;
  let loading: Promise<ManagedIdentityCredential> | undefined;
  const identity = keepTokens(async (scope) => {
    loading ??= loadCredential(clientId);
    return (await loading).getToken(scope);
  });
  identities.set(clientId ?? '', identity);
  return identity;
}

/** With the first token: to load the SDK takes as long as all else that is loaded before the functions are registered. */
async function loadCredential(clientId: string | undefined): Promise<ManagedIdentityCredential> {
  const { ManagedIdentityCredential } = await import('@azure/identity');
  return new ManagedIdentityCredential({ retryOptions: RETRIES, ...(clientId ? { clientId } : {}) });
}

/**
 * Keeps each token while it is valid. MSAL drops one five minutes before its end and then fails with the platform's token
 * service; here it is renewed beside the calls from that moment on, and they go on with the one that they have.
 */
export function keepTokens(ask: AskForToken, now: () => number = Date.now): Identity {
  const kept = new Map<string, KeptToken>();
  return {
    async getToken(scopes) {
      const scope = [scopes].flat().join(' ');
      const token = kept.get(scope) ?? new KeptToken(() => askInTime(ask, scope), now);
      kept.set(scope, token);
      return token.get();
    },
  };
}

class KeptToken {
  private token: IdentityToken | undefined;
  private renewing: Promise<IdentityToken> | undefined;
  private tryAgainAt = 0;
  private readonly ask: () => Promise<IdentityToken>;
  private readonly now: () => number;

  constructor(ask: () => Promise<IdentityToken>, now: () => number) {
    this.ask = ask;
    this.now = now;
  }

  get(): IdentityToken | Promise<IdentityToken> {
    const { token } = this;
    const leftMs = token === undefined ? 0 : token.expiresOnTimestamp - this.now();
    if (token === undefined || leftMs <= 0) return this.renew();
    if (leftMs <= RENEW_BEFORE_MS) this.renewBeside();
    return token;
  }

  private renewBeside(): void {
    if (this.now() < this.tryAgainAt) return;
    this.tryAgainAt = this.now() + TRY_AGAIN_MS;
    this.renew().catch(() => {}); // whoever has no valid token any more is told
  }

  /** Asked for once, however many wait. */
  private renew(): Promise<IdentityToken> {
    this.renewing ??= this.ask()
      .then((token) => {
        this.token = token;
        return token;
      })
      .finally(() => {
        this.renewing = undefined;
      });
    return this.renewing;
  }
}

/** Ends the SDK's errors here. It has no time-out of its own, and takes no signal. */
async function askInTime(ask: AskForToken, scope: string): Promise<IdentityToken> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ASK_TIMEOUT_MS / 1_000} s`)), ASK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([ask(scope), late]);
  } catch (cause) {
    throw new AppError('IDENTITY_UNAVAILABLE', `the managed identity got no token for ${scope}`, {
      cause,
      retryAfterSeconds: 5,
    });
  } finally {
    clearTimeout(timer);
  }
}
