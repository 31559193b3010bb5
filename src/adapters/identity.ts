import type { TokenCredential } from '@azure/identity';
import { AppError } from '../errors.ts';

/** An access token, and when it ends in milliseconds since 1970: `AccessToken` of `@azure/core-auth`. */
export interface IdentityToken {
  readonly token: string;
  readonly expiresOnTimestamp: number;
}

/** Who signs in: the function app, or with an operator's command whoever is signed in with the Azure CLI. */
export type SignIn =
  /** @property clientId of a user-assigned identity; undefined means the system-assigned one */
  { readonly as: 'managed-identity'; readonly clientId: string | undefined } | { readonly as: 'azure-cli' };

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
/** To start the Azure CLI alone takes a second or two. */
const CLI_TIMEOUT_MS = 20_000;
const RETRIES = { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 };

const identities = new Map<string, Identity>();

/** One for the process, so that storage, database and telemetry share its tokens. */
export function identityOf(signIn: SignIn): Identity {
  const key = JSON.stringify(signIn);
  const known = identities.get(key);
  if (known !== undefined) return known;
  let loading: Promise<TokenCredential> | undefined;
  const ask = async (scope: string): Promise<IdentityToken> => {
    loading ??= loadCredential(signIn);
    const token = await (await loading).getToken(scope);
    if (token === null) throw new Error('no token');
    return token;
  };
  const identity = keepTokens(ask, signIn.as);
  identities.set(key, identity);
  return identity;
}

/** With the first token: to load the SDK takes as long as all else that is loaded before the functions are registered. */
async function loadCredential(signIn: SignIn): Promise<TokenCredential> {
  const { AzureCliCredential, ManagedIdentityCredential } = await import('@azure/identity');
  if (signIn.as === 'azure-cli') return new AzureCliCredential({ processTimeoutInMs: CLI_TIMEOUT_MS });
  const { clientId } = signIn;
  return new ManagedIdentityCredential({ retryOptions: RETRIES, ...(clientId ? { clientId } : {}) });
}

/**
 * Keeps each token while it is valid. MSAL drops one five minutes before its end and then fails with the platform's token
 * service; here it is renewed beside the calls from that moment on, and they go on with the one that they have.
 */
export function keepTokens(
  ask: AskForToken,
  as: SignIn['as'] = 'managed-identity',
  now: () => number = Date.now,
): Identity {
  const kept = new Map<string, KeptToken>();
  return {
    async getToken(scopes) {
      const scope = [scopes].flat().join(' ');
      const token = kept.get(scope) ?? new KeptToken(() => askInTime(ask, scope, as), now);
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
async function askInTime(ask: AskForToken, scope: string, as: SignIn['as']): Promise<IdentityToken> {
  const timeoutMs = as === 'azure-cli' ? CLI_TIMEOUT_MS : ASK_TIMEOUT_MS;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([ask(scope), late]);
  } catch (cause) {
    const who = as === 'azure-cli' ? 'the Azure CLI (az login)' : 'the managed identity';
    throw new AppError('IDENTITY_UNAVAILABLE', `${who} got no token for ${scope}`, {
      cause,
      retryAfterSeconds: 5,
    });
  } finally {
    clearTimeout(timer);
  }
}
