import type { ManagedIdentityCredential } from '@azure/identity';

type Credential = Pick<ManagedIdentityCredential, 'getToken'>;

/**
 * Tokens of the function app's identity. The SDK is loaded when the first is asked for: that takes as long as all else that
 * is loaded until the functions are registered. It keeps tokens until shortly before they expire.
 */
export function managedIdentity(clientId: string | undefined): Credential {
  let loading: Promise<Credential> | undefined;
  const load = async () => {
    const { ManagedIdentityCredential } = await import('@azure/identity');
    return new ManagedIdentityCredential(clientId ? { clientId } : {});
  };
  return {
    async getToken(scopes, options) {
      loading ??= load();
      return (await loading).getToken(scopes, options);
    },
  };
}
