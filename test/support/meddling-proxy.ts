import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Meddle = (
  body: Buffer,
  path: string,
) => { body: Buffer; status?: number; cutSocket?: boolean; contentLength?: number } | undefined;

/** Stands between us and a server and changes its answers. */
export async function startMeddlingProxy(
  target: string,
  meddle: Meddle,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    const forwarded = request(
      `${target}${incoming.url}`,
      { method: incoming.method ?? 'GET', headers: incoming.headers },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const whole = Buffer.concat(chunks);
          const changed = meddle(whole, incoming.url ?? '') ?? { body: whole };
          const { 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = answer.headers;
          const length = changed.contentLength ?? changed.body.length;
          outgoing.writeHead(changed.status ?? answer.statusCode ?? 200, { ...headers, 'content-length': length });
          if (changed.cutSocket) outgoing.write(changed.body, () => outgoing.destroy());
          else outgoing.end(changed.body);
        });
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
