import type { HttpMethod, HttpRequest } from '@azure/functions';
import { z } from 'zod';
import { INCOMING_CONTAINER } from '../adapters/artifact-store.ts';
import type { App } from '../app.ts';
import { deployBodySchema } from '../deploy/deploy-request.ts';
import { AppError, type Problem } from '../errors.ts';
import { misconfigured } from '../operate/check-health.ts';
import { deploymentUrl, viewDeployment } from '../operate/deployment-view.ts';
import { MAX_PAGE } from '../operate/show-deployments.ts';
import type { Authenticate, Role } from './auth.ts';
import { type Call, type HttpHandler, httpHandler, jsonResponse, readAppName, readBody, readQuery } from './http.ts';
import { acceptHandler, type BlobHandler, reconcileHandler, type TimerHandler } from './triggers.ts';

export interface HttpFunction {
  readonly trigger: 'http';
  readonly name: string;
  readonly method: HttpMethod;
  /** Below `/api/`. */
  readonly route: string;
  readonly role: Role;
  readonly handler: HttpHandler;
}

export interface BlobFunction {
  readonly trigger: 'blob';
  readonly name: string;
  readonly container: string;
  /** Of the setting that names the storage account. */
  readonly connection: string;
  readonly handler: BlobHandler;
}

export interface TimerFunction {
  readonly trigger: 'timer';
  readonly name: string;
  /** NCRONTAB, six fields, UTC. */
  readonly schedule: string;
  readonly handler: TimerHandler;
}

export type FunctionDefinition = HttpFunction | BlobFunction | TimerFunction;

interface Route {
  readonly name: string;
  readonly method: HttpMethod;
  readonly route: string;
  readonly role: Role;
  readonly handle: (app: App, call: Call) => ReturnType<HttpHandler>;
}

/** Every call of the API: the one truth about routes and who may use them. */
const ROUTES: readonly Route[] = [
  {
    name: 'createDeployment',
    method: 'POST',
    route: 'v1/{org}/{app}/deployments',
    role: 'deployer',
    handle: createDeployment,
  },
  {
    name: 'listDeployments',
    method: 'GET',
    route: 'v1/{org}/{app}/deployments',
    role: 'reader',
    handle: listDeployments,
  },
  {
    name: 'getDeployment',
    method: 'GET',
    route: 'v1/{org}/{app}/deployments/{id}',
    role: 'reader',
    handle: getDeployment,
  },
  { name: 'health', method: 'GET', route: 'health', role: 'anonymous', handle: health },
];

/** Every function, for the Functions host in Azure and for the local one. */
export function makeTable(app: App, authenticate: Authenticate): FunctionDefinition[] {
  return [
    ...ROUTES.map(
      ({ handle, ...definition }): HttpFunction => ({
        ...definition,
        trigger: 'http',
        handler: httpHandler(definition.role, authenticate, app.log, (call) => handle(app, call)),
      }),
    ),
    {
      trigger: 'blob',
      name: 'acceptArtifact',
      container: INCOMING_CONTAINER,
      connection: 'STUDIO_STORAGE',
      handler: acceptHandler(app, INCOMING_CONTAINER),
    },
    { trigger: 'timer', name: 'reconcileSources', schedule: '0 * * * * *', handler: reconcileHandler(app) },
  ];
}

/** What is served while the configuration is wrong: health says what is, every other call that it is. No trigger runs. */
export function makeMisconfiguredTable(problems: readonly [Problem, ...Problem[]]): HttpFunction[] {
  const log = { info() {}, warn() {}, error() {} };
  return ROUTES.map(({ name, method, route, role }) => ({
    ...{ trigger: 'http', name, method, route, role },
    handler: httpHandler(
      'anonymous',
      async () => Promise.reject(new Error('not called')),
      log,
      async () => {
        if (name === 'health') return jsonResponse(503, misconfigured(problems));
        throw new AppError('CONFIGURATION_INVALID', 'the service is wrongly configured: see /api/health', {
          retryAfterSeconds: 60,
        });
      },
    ),
  }));
}

const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters')
  .optional();
const listQuerySchema = z.strictObject({
  envName: z.string().min(1).max(40).optional(),
  limit: z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/, `must be a number from 1 to ${MAX_PAGE}`)
    .transform(Number)
    .refine((limit) => limit <= MAX_PAGE, `must be at most ${MAX_PAGE}`)
    .optional(),
  cursor: z.string().max(100).optional(),
});

async function createDeployment(app: App, { request, caller }: Call) {
  const name = readAppName(request);
  const body = await readBody(request, deployBodySchema);
  const idempotencyKey = idempotencyKeySchema.safeParse(request.headers.get('idempotency-key') ?? undefined);
  if (!idempotencyKey.success)
    throw new AppError('REQUEST_INVALID', `Idempotency-Key: ${idempotencyKey.error.issues[0]?.message}`, {
      path: 'Idempotency-Key',
    });
  const deployment = await app.deploy({
    ...name,
    envName: body.envName,
    tagName: body.tagName,
    commit: body.commit,
    caller,
    idempotencyKey: idempotencyKey.data,
    ...readTraceContext(request),
  });
  return jsonResponse(202, viewDeployment(deployment), { location: deploymentUrl(deployment) });
}

async function listDeployments(app: App, { request }: Call) {
  const { envName, limit, cursor } = readQuery(request, listQuerySchema);
  return jsonResponse(200, await app.listDeployments({ ...readAppName(request), envName, limit, cursor }));
}

async function getDeployment(app: App, { request }: Call) {
  return jsonResponse(200, await app.showDeployment(readAppName(request), request.params.id ?? ''));
}

async function health(app: App) {
  const found = await app.checkHealth();
  return jsonResponse(found.status === 'unhealthy' ? 503 : 200, found);
}

/** W3C trace context; what is not well-formed is left out, as the specification asks. */
function readTraceContext(request: HttpRequest): { traceparent: string | undefined; tracestate: string | undefined } {
  const traceparent = request.headers.get('traceparent')?.trim();
  if (!traceparent || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent))
    return { traceparent: undefined, tracestate: undefined };
  const tracestate = request.headers.get('tracestate')?.trim();
  return { traceparent, tracestate: tracestate && /^[\x20-\x7e]{1,512}$/.test(tracestate) ? tracestate : undefined };
}
