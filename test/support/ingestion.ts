import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { HttpClient } from '../../src/adapters/telemetry.ts';

/** One thing that was sent, as Application Insights takes it. */
export interface Envelope {
  readonly name: string;
  readonly time: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: {
    readonly baseType: 'RequestData' | 'RemoteDependencyData' | 'MessageData' | 'ExceptionData' | 'MetricData';
    // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they need
    readonly baseData: any;
  };
}

/** The part of Application Insights that takes what is sent; over plain HTTP, which its SDK would never speak. */
export interface Ingestion {
  readonly connectionString: string;
  readonly httpClient: HttpClient;
  /** Of requests, as they came. */
  readonly bodies: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
  envelopes(): Envelope[];
  close(): Promise<void>;
}

export const INSTRUMENTATION_KEY = '7e1e0000-0000-4000-8000-000000000001';

export async function startIngestion(): Promise<Ingestion> {
  // The SDK tells Microsoft how it is used; not from here.
  process.env.APPLICATION_INSIGHTS_NO_STATSBEAT = 'true';
  const bodies: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
    bodies.push(text);
    authorizations.push(request.headers.authorization);
    const items = (JSON.parse(text) as unknown[]).length;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ itemsReceived: items, itemsAccepted: items, errors: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    connectionString: `InstrumentationKey=${INSTRUMENTATION_KEY};IngestionEndpoint=https://${host}/`,
    httpClient: overHttp(),
    bodies,
    authorizations,
    envelopes: () => bodies.flatMap((body) => JSON.parse(body) as Envelope[]),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Takes the `s` of https away, and leaves all else as it is. */
function overHttp(): HttpClient {
  return {
    async sendRequest(request) {
      const answer = await fetch(request.url.replace(/^https:/, 'http:'), {
        method: request.method,
        headers: request.headers.toJSON(),
        body: String(request.body),
      });
      return { request, status: answer.status, headers: request.headers, bodyAsText: await answer.text() };
    },
  };
}
