import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import functions, { type HttpResponseInit } from '@azure/functions';
import { AppError } from '../../src/errors.ts';
import { problemResponse } from '../../src/functions/http.ts';
import type { FunctionDefinition, HttpFunction, TimerFunction } from '../../src/functions/table.ts';
import { BlobQueue } from './blob-queue.ts';
import { invocation } from './invocation.ts';
import { decodeSegment, readTarget } from './read-target.ts';

/** What the Functions host in Azure does, as far as our functions need it: routes, blob events, timers, runs on demand. */
export interface FunctionsHost {
  readonly url: string;
  /** A blob was written: its function runs soon. A blob that is waiting already is not queued twice. */
  blobWritten(container: string, name: string): void;
  /** Runs a function by its name, and waits for it. */
  run(name: string, input?: string): Promise<void>;
  /** Serves these from now on. */
  setDefinitions(definitions: readonly FunctionDefinition[]): void;
  /** Ends running work first. */
  close(): Promise<void>;
}

export interface FunctionsHostOptions {
  readonly definitions: readonly FunctionDefinition[];
  readonly port: number;
  /** Off in tests that fire timers themselves. */
  readonly timers?: boolean;
  /** A document in storage, shown at `/local/{environment}/{container}/{blob}`: storage itself asks for a signature. */
  readonly showDocument?: (environment: string, container: string, blob: string) => Promise<string | undefined>;
}

const MAX_BODY_BYTES = 100 * 2 ** 20;
const TICK_MS = 250;

/** @throws Error when the port is taken */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  let { definitions } = options;
  let routes = compileRoutes(definitions);
  const blobs = new BlobQueue(() => definitions);
  const run = (name: string, input = '') => runByName(definitions, name, input);
  const server = createServer((request, response) => {
    const served = request.url?.startsWith('/local/')
      ? showDocument(options, request, response)
      : serve(routes, run, request, response);
    served.catch((error) => refuse(request, response, error));
  });
  await listen(server, options.port);
  const timer = options.timers === false ? undefined : startTimers(() => definitions);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobWritten: (container, name) => blobs.add(container, name),
    run,
    setDefinitions(replacement) {
      definitions = replacement;
      routes = compileRoutes(definitions);
    },
    async close() {
      clearInterval(timer);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await blobs.drain();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface CompiledRoute {
  readonly pattern: RegExp;
  readonly definition: HttpFunction;
}

/** Literal segments before parameters, as the Functions host prefers them. */
function compileRoutes(definitions: readonly FunctionDefinition[]): CompiledRoute[] {
  const weight = ({ route }: HttpFunction) => route.replaceAll(/\{[^}]+\}/g, '~');
  return definitions
    .filter((one): one is HttpFunction => one.trigger === 'http')
    .sort((a, b) => (weight(a) < weight(b) ? -1 : 1))
    .map((definition) => {
      const pattern = definition.route.replaceAll(/\{([^}]+)\}/g, (_all, name: string) => `(?<${name}>[^/]+)`);
      return { definition, pattern: new RegExp(`^/api/${pattern}$`) };
    });
}

async function serve(
  routes: readonly CompiledRoute[],
  run: (name: string, input: string) => Promise<void>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = readTarget(request);
  const body = await readBody(request);
  const admin = /^\/admin\/functions\/([A-Za-z]+)$/.exec(url.pathname)?.[1];
  if (admin && request.method === 'POST') return send(response, await runOnDemand(run, admin, body));
  const matching = routes.filter(({ pattern }) => pattern.test(url.pathname));
  const route = matching.find(({ definition }) => definition.method === request.method);
  if (route === undefined) return send(response, notServed(url.pathname, matching));
  const call = new functions.HttpRequest({
    method: request.method as string,
    url: url.href,
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    params: decodeParams(route.pattern.exec(url.pathname)?.groups ?? {}),
    ...(body.length > 0 ? { body: { bytes: body } } : {}),
  });
  await sendWhole(response, await route.definition.handler(call, invocation(route.definition.name)));
}

/** Streams what is a stream, as the Functions host does. */
async function sendWhole(response: ServerResponse, answer: HttpResponseInit): Promise<void> {
  if (!(answer.body instanceof ReadableStream)) return send(response, answer);
  response.writeHead(answer.status ?? 200, answer.headers as Record<string, string>);
  await pipeline(Readable.fromWeb(answer.body as never), response);
}

async function showDocument(
  options: FunctionsHostOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = readTarget(request);
  const [environment = '', container = '', ...blob] = pathname.slice('/local/'.length).split('/').map(decodeSegment);
  const text = await options.showDocument?.(environment, container, blob.join('/')).catch(() => undefined);
  if (text === undefined) return send(response, notServed(pathname, []));
  send(response, { status: 200, headers: { 'content-type': 'application/yaml' }, body: text });
}

/** What we refuse is answered; after any other fault the connection ends, as it does in Azure when a worker dies. */
function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || !(error instanceof AppError)) response.destroy();
  else send(response, problemResponse(error, request.url ?? '/'));
}

function notServed(pathname: string, matching: readonly CompiledRoute[]): HttpResponseInit {
  if (matching.length === 0)
    return problemResponse(new AppError('ROUTE_UNKNOWN', `nothing is at ${pathname}`), pathname);
  const allowed = matching
    .map(({ definition }) => definition.method)
    .sort()
    .join(', ');
  const answer = problemResponse(new AppError('METHOD_NOT_ALLOWED', `${pathname} takes ${allowed}`), pathname);
  return { ...answer, headers: { ...(answer.headers as Record<string, string>), allow: allowed } };
}

/** `POST /admin/functions/{name}` with `{"input": "…"}`, as the Functions host takes it; answers when it has run. */
async function runOnDemand(
  run: (name: string, input: string) => Promise<void>,
  name: string,
  body: Buffer,
): Promise<HttpResponseInit> {
  const json = { 'content-type': 'application/json' };
  try {
    const input: unknown = body.length > 0 ? (JSON.parse(body.toString()) as { input?: unknown }).input : '';
    await run(name, typeof input === 'string' ? input : '');
    return { status: 202, headers: json, body: '{}' };
  } catch (error) {
    const status = error instanceof AppError && error.code === 'ROUTE_UNKNOWN' ? 404 : 500;
    return { status, headers: json, body: JSON.stringify({ error: (error as Error).message }) };
  }
}

async function runByName(definitions: readonly FunctionDefinition[], name: string, input: string): Promise<void> {
  const definition = definitions.find((one) => one.name === name && one.trigger !== 'http');
  if (definition?.trigger === 'timer') return runTimer(definition);
  if (definition?.trigger === 'blob') return definition.handler(undefined, invocation(name, { blobTrigger: input }));
  if (definition?.trigger === 'queue') return definition.handler(input, invocation(name));
  throw new AppError('ROUTE_UNKNOWN', `there is no timer, blob or queue function '${name}'`);
}

function runTimer(definition: TimerFunction): Promise<void> {
  const now = new Date().toISOString();
  const timer = {
    isPastDue: false,
    schedule: { adjustForDST: false },
    scheduleStatus: { last: now, next: now, lastUpdated: now },
  };
  return definition.handler(timer, invocation(definition.name));
}

/** Each timer at the seconds and minutes of its schedule, and never twice at once. */
function startTimers(definitions: () => readonly FunctionDefinition[]): NodeJS.Timeout {
  const running = new Set<string>();
  let last = '';
  return setInterval(() => {
    const now = new Date();
    const second = now.toISOString().slice(0, 19);
    if (second === last) return;
    last = second;
    for (const timer of definitions().filter((one): one is TimerFunction => one.trigger === 'timer')) {
      if (running.has(timer.name) || !isDue(timer.schedule, now)) continue;
      running.add(timer.name);
      // It has logged its failure; its next time is its next try.
      runTimer(timer)
        .catch(() => {})
        .finally(() => running.delete(timer.name));
    }
  }, TICK_MS);
}

/** Seconds and minutes of NCRONTAB, as far as our schedules use it: a number, `*`, or every so many. */
function isDue(schedule: string, now: Date): boolean {
  const [seconds = '*', minutes = '*'] = schedule.split(' ');
  const fits = (field: string, value: number) =>
    field === '*' || (field.startsWith('*/') ? value % Number(field.slice(2)) === 0 : Number(field) === value);
  return fits(seconds, now.getUTCSeconds()) && fits(minutes, now.getUTCMinutes());
}

function decodeParams(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, value]) => {
      try {
        return [name, decodeURIComponent(value)];
      } catch {
        return [name, value];
      }
    }),
  );
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, answer: HttpResponseInit): void {
  response.writeHead(answer.status ?? 200, answer.headers as Record<string, string>);
  response.end(answer.body);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? portTaken(port) : error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

export function portTaken(port: number): Error {
  return new Error(`port ${port} is taken: end what uses it, or choose another with --port`);
}
