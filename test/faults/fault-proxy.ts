import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';

/** What a server or a network does to a call. */
export const HTTP_FAULTS = [
  'too-many-requests',
  'unavailable',
  'conflict',
  'precondition-failed',
  'reset-first',
  'reset-middle',
  'reset-last',
  'lost-answer',
  'hang',
  'slow',
] as const;
export type HttpFault = (typeof HTTP_FAULTS)[number];

/** `reset`: the statement never arrives. `lost-answer`: it is done, and nobody hears of it. */
export const TCP_FAULTS = ['reset', 'lost-answer', 'hang'] as const;
export type TcpFault = (typeof TCP_FAULTS)[number];

export interface FaultProxy {
  readonly port: number;
  close(): Promise<void>;
}

const STATUS: Partial<Record<HttpFault, number>> = {
  'too-many-requests': 429,
  unavailable: 503,
  conflict: 409,
  'precondition-failed': 412,
};

/** Stands before an HTTP server; `choose` is asked at each request. */
export async function startHttpFaultProxy(
  targetPort: number,
  choose: (method: string, path: string) => HttpFault | undefined,
): Promise<FaultProxy> {
  const server = createHttpServer((incoming, outgoing) => {
    const fault = choose(incoming.method ?? 'GET', incoming.url ?? '/');
    const status = fault && STATUS[fault];
    if (fault === 'reset-first') incoming.socket.destroy();
    else if (fault === 'hang') incoming.resume();
    else if (status !== undefined) {
      incoming.resume();
      outgoing.writeHead(status, { 'retry-after': '0', 'content-length': '0' }).end();
    } else forward(targetPort, incoming, outgoing, fault);
  });
  return listen(server);
}

function forward(
  port: number,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: HttpFault | undefined,
): void {
  const { method, url, headers } = incoming;
  const forwarded = request(
    { host: '127.0.0.1', port, ...(method ? { method } : {}), path: url, headers, agent: false },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', () => outgoing.destroy());
      answer.on('end', () => respond(outgoing, answer, Buffer.concat(chunks), fault));
    },
  );
  forwarded.on('error', () => outgoing.destroy());
  incoming.on('error', () => forwarded.destroy());
  incoming.pipe(forwarded);
}

function respond(outgoing: ServerResponse, answer: IncomingMessage, body: Buffer, fault: HttpFault | undefined): void {
  if (fault === 'lost-answer' || outgoing.destroyed) return void outgoing.destroy();
  const { 'transfer-encoding': _encoding, ...headers } = answer.headers;
  const isHead = body.length === 0;
  outgoing.writeHead(answer.statusCode ?? 502, { ...headers, ...(isHead ? {} : { 'content-length': body.length }) });
  const cutAt = fault === 'reset-middle' ? Math.floor(body.length / 2) : body.length - 1;
  if (fault === 'reset-middle' || fault === 'reset-last')
    return void outgoing.write(body.subarray(0, Math.max(0, cutAt)), () => outgoing.destroy());
  if (fault !== 'slow') return void outgoing.end(body);
  outgoing.write(body.subarray(0, 1));
  setTimeout(() => outgoing.end(body.subarray(1)), 50);
}

/** Stands before any server; `choose` is asked at each piece that the client sends. */
export async function startTcpFaultProxy(targetPort: number, choose: () => TcpFault | undefined): Promise<FaultProxy> {
  const server = createTcpServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    let isLosing = false;
    let isHanging = false;
    const destroy = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', destroy).on('close', destroy);
    client.on('data', (chunk) => {
      const fault = choose();
      if (fault === 'reset') return destroy();
      if (fault === 'lost-answer') isLosing = true;
      if (fault === 'hang') isHanging = true;
      if (!isHanging) upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (isLosing) destroy();
      else client.write(chunk);
    });
  });
  return listen(server);
}

async function listen(
  server: ReturnType<typeof createHttpServer> | ReturnType<typeof createTcpServer>,
): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
