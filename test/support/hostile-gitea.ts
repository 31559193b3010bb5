import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import dns from 'node:dns';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Readable } from 'node:stream';

export type HostileAnswer = (response: ServerResponse, request: IncomingMessage) => void;

export interface HostileGitea {
  readonly url: string;
  readonly port: number;
  /** Path and Authorization of each call, in order. */
  readonly calls: readonly { readonly path: string; readonly authorization: string | undefined }[];
  /** Calls whose answer has neither ended nor been given up. fetch keeps a connection ready for the next: not counted. */
  openCalls(): number;
  /** What went out on all connections. */
  sentBytes(): number;
  close(): Promise<void>;
}

/** A server in Gitea's place that answers every call as a test wants it. */
export async function startHostileGitea(answer: HostileAnswer, { https = false } = {}): Promise<HostileGitea> {
  const calls: { path: string; authorization: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  let open = 0;
  let ended = 0;
  const listener: RequestListener = (request, response) => {
    calls.push({ path: request.url ?? '', authorization: request.headers.authorization });
    open++;
    response.on('error', () => {}).on('close', () => open--);
    answer(response, request);
  };
  const server = https ? createTlsServer(selfSigned(), listener) : createServer(listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      ended += socket.bytesWritten;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${https ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    calls,
    openCalls: () => open,
    sentBytes: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, ended),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const json = (value: unknown, status = 200): HostileAnswer =>
  answerWith(status, { 'content-type': 'application/json;charset=utf-8' }, JSON.stringify(value));

export const answerWith =
  (status: number, headers: Record<string, string>, body: string | Buffer = ''): HostileAnswer =>
  (response) =>
    void response.writeHead(status, headers).end(body);

/** Bytes as they are on the wire, and then the end of the connection. */
export const raw =
  (...parts: (string | Buffer)[]): HostileAnswer =>
  (response) => {
    for (const part of parts) response.socket?.write(part);
    response.socket?.end();
  };

/** Zeros for as long as someone reads. */
export function endless(headers: Record<string, string>): HostileAnswer {
  return (response) => {
    response.writeHead(200, headers);
    const chunk = Buffer.alloc(64 * 1024);
    const pour = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', pour);
    pour();
  };
}

/** A byte every few milliseconds, for ever. */
export function dripping(headers: Record<string, string>): HostileAnswer {
  return (response) => {
    response.writeHead(200, headers);
    const timer = setInterval(() => response.write(' '), 5);
    response.on('close', () => clearInterval(timer));
  };
}

export const sendStream =
  (headers: Record<string, string>, body: Readable): HostileAnswer =>
  (response) => {
    response.writeHead(200, headers);
    response.on('close', () => body.destroy());
    body.on('error', () => response.destroy());
    body.pipe(response);
  };

/** Lets every name below `.example` lead to this machine, until the function that it returns is called. */
export function resolveExampleNames(): () => void {
  const { lookup } = dns;
  const ours = (_name: string, options: { all?: boolean }, done: (...found: unknown[]) => void) =>
    options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
  dns.lookup = ((name: string, ...rest: never[]) =>
    name.endsWith('.example')
      ? (ours as (...all: unknown[]) => void)(name, ...rest)
      : (lookup as (...all: unknown[]) => void)(name, ...rest)) as typeof dns.lookup;
  return () => {
    dns.lookup = lookup;
  };
}

/** A key, and a certificate that nobody vouches for: no key has to lie in the repository for it. */
function selfSigned(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const ecdsaWithSha256 = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
  const name = der(0x30, der(0x31, der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('test')))));
  const validity = der(0x30, der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('491231235959Z')));
  const serial = der(0x02, Buffer.from([1]), randomBytes(8));
  const body = der(0x30, serial, ecdsaWithSha256, name, validity, name, spki);
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const certificate = der(0x30, body, ecdsaWithSha256, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}

/** ASN.1's tag, length and content (X.690, 8.1). */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}
