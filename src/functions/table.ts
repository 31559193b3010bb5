import type { HttpMethod } from '@azure/functions';
import { z } from 'zod';
import type { App } from '../app.ts';
import { deployBodySchema } from '../deploy/deploy-request.ts';
import { AppError, type Problem } from '../errors.ts';
import { INCOMING_CONTAINER } from '../model/names.ts';
import { misconfigured } from '../operate/check-health.ts';
import { deploymentUrl, viewDeployment } from '../operate/deployment-view.ts';
import { DEFAULT_PAGE, MAX_PAGE } from '../operate/show-deployments.ts';
import type { Authenticate, Role } from './auth.ts';
import {
  type Call,
  type HttpHandler,
  httpHandler,
  jsonResponse,
  readAppName,
  readBody,
  readOrg,
  readQuery,
} from './http.ts';
import { readIdempotencyKey, readTraceContext } from './read-headers.ts';
import {
  acceptHandler,
  type BlobHandler,
  poisonHandler,
  type QueueHandler,
  type TimerHandler,
  timerHandler,
} from './triggers.ts';

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

export interface QueueFunction {
  readonly trigger: 'queue';
  readonly name: string;
  readonly queue: string;
  readonly connection: string;
  readonly handler: QueueHandler;
}

export type FunctionDefinition = HttpFunction | BlobFunction | TimerFunction | QueueFunction;

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
  {
    name: 'undeploy',
    method: 'POST',
    route: 'v1/{org}/{app}/undeploy',
    role: 'deployer',
    handle: undeploy,
  },
  { name: 'registerApp', method: 'PUT', route: 'v1/{org}/{app}', role: 'deployer', handle: registerApp },
  { name: 'getApp', method: 'GET', route: 'v1/{org}/{app}', role: 'reader', handle: getApp },
  { name: 'listApps', method: 'GET', route: 'v1/{org}', role: 'reader', handle: listApps },
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
    {
      trigger: 'queue',
      name: 'drainPoison',
      queue: 'webjobs-blobtrigger-poison',
      connection: 'STUDIO_STORAGE',
      handler: poisonHandler(app),
    },
    {
      trigger: 'timer',
      name: 'reconcileSources',
      schedule: '0 * * * * *',
      handler: timerHandler((now) => app.reconcileSources(now)),
    },
    // Apart from the other, which a hostile blob must not stop.
    {
      trigger: 'timer',
      name: 'sweepIncoming',
      schedule: '30 * * * * *',
      handler: timerHandler((now) => app.sweepIncoming(now)),
    },
    {
      trigger: 'timer',
      name: 'discoverApps',
      schedule: '15 */10 * * * *',
      handler: timerHandler((now) => app.discoverApps(now)),
    },
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

const pageQuerySchema = z.strictObject({
  limit: z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/, `must be a number from 1 to ${MAX_PAGE}`)
    .transform(Number)
    .refine((limit) => limit <= MAX_PAGE, `must be at most ${MAX_PAGE}`)
    .optional(),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,100}$/, 'must be the nextCursor of an earlier page')
    .optional(),
});
const listQuerySchema = pageQuerySchema.extend({ envName: z.string().min(1).max(40).optional() });

const undeployBodySchema = z.strictObject({ envName: deployBodySchema.shape.envName });

async function createDeployment(app: App, { request, caller }: Call) {
  const name = readAppName(request);
  const body = await readBody(request, deployBodySchema);
  const deployment = await app.deploy({
    ...name,
    envName: body.envName,
    tagName: body.tagName,
    commit: body.commit,
    caller,
    idempotencyKey: readIdempotencyKey(request.headers),
    ...readTraceContext(request.headers),
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

async function undeploy(app: App, { request, caller }: Call) {
  const name = readAppName(request);
  const { envName } = await readBody(request, undeployBodySchema);
  const deployment = await app.undeploy({
    ...name,
    envName,
    caller,
    idempotencyKey: readIdempotencyKey(request.headers),
  });
  return jsonResponse(202, viewDeployment(deployment), { location: deploymentUrl(deployment) });
}

async function registerApp(app: App, { request }: Call) {
  const { view, isNew } = await app.registerApp(readAppName(request));
  return jsonResponse(isNew ? 201 : 200, view);
}

async function getApp(app: App, { request }: Call) {
  return jsonResponse(200, await app.showApp(readAppName(request)));
}

async function listApps(app: App, { request }: Call) {
  const { limit, cursor } = readQuery(request, pageQuerySchema);
  return jsonResponse(200, await app.listApps(readOrg(request), { limit: limit ?? DEFAULT_PAGE, cursor }));
}

async function health(app: App) {
  const found = await app.checkHealth();
  return jsonResponse(found.status === 'unhealthy' ? 503 : 200, found);
}
