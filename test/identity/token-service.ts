import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What App Service gives a function app: the address of its token service and a header that proves who asks. */
export interface TokenService {
  readonly env: Readonly<Record<string, string>>;
  /** The resources that were asked for, with the identity's client id. */
  readonly asked: readonly string[];
  /** Seconds that the next tokens for a resource are valid. */
  readonly lifeSeconds: Map<string, number>;
  /** When the last token for a resource ends, in milliseconds since 1970. */
  readonly endsAt: Map<string, number>;
  /** Makes the token that whoever asks for one is given from now on. */
  prepare(resource: string, lifeSeconds: number): string;
  /** False: answers 500. */
  isUp: boolean;
  /** Answers nobody until the function that it returns is called. */
  hold(): () => void;
  close(): Promise<void>;
}

const HEADER = 'proof-of-the-test';
const HOUR_SECONDS = 3_600;

/** The managed identity endpoint of App Service, `api-version=2019-08-01`. */
export async function startTokenService(): Promise<TokenService> {
  const asked: string[] = [];
  const lifeSeconds = new Map<string, number>();
  const prepared = new Map<string, Token>();
  let gate = Promise.resolve();
  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    const resource = searchParams.get('resource') ?? '';
    if (request.headers['x-identity-header'] !== HEADER) return [401, {}];
    if (searchParams.get('api-version') !== '2019-08-01') return [400, {}];
    asked.push(`${resource} ${searchParams.get('client_id')}`);
    if (!service.isUp) return [500, { statusCode: 500, message: 'down for the test' }];
    await gate;
    const { text, endsAt } = prepared.get(resource) ?? makeToken(resource, lifeSeconds.get(resource) ?? HOUR_SECONDS);
    service.endsAt.set(resource, endsAt);
    const expires = String(endsAt / 1_000);
    return [200, { access_token: text, expires_on: expires, resource, token_type: 'Bearer' }];
  };
  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const service: TokenService = {
    env: {
      IDENTITY_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`,
      IDENTITY_HEADER: HEADER,
    },
    asked,
    lifeSeconds,
    endsAt: new Map(),
    isUp: true,
    prepare(resource, seconds) {
      const token = makeToken(resource, seconds);
      prepared.set(resource, token);
      return token.text;
    },
    hold() {
      let open = () => {};
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return open;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return service;
}

interface Token {
  readonly text: string;
  readonly endsAt: number;
}

/** A JWT that nobody has signed. */
function makeToken(aud: string, lifeSeconds: number): Token {
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
  const iss = 'https://sts.windows.net/00000000-0000-0000-0000-000000000000/';
  const iat = Math.floor(Date.now() / 1_000);
  const claims = { iss, aud, iat, nbf: iat - 5, exp: iat + lifeSeconds, jti: randomUUID() };
  return { text: `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`, endsAt: claims.exp * 1_000 };
}
