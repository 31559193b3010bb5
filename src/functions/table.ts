import type { HttpMethod } from '@azure/functions';
import type { App } from '../app.ts';
import { AppError, type Problem } from '../errors.ts';
import { INCOMING_CONTAINER } from '../model/names.ts';
import { misconfigured } from '../operate/check-health.ts';
import type { Authenticate } from './auth.ts';
import { getApp, listApps, listOrgDeployments, registerApp } from './calls/apps.ts';
import { downloadArtifact } from './calls/artifact.ts';
import {
  blockDeployment,
  createDeployment,
  getDeployment,
  listDeployments,
  previewDeployment,
  rollbackDeployment,
  unblockDeployment,
  undeploy,
} from './calls/deployments.ts';
import { listEvents, listOrgEvents } from './calls/events.ts';
import { receiveFluxEvent } from './calls/flux-events.ts';
import { health, openapi } from './calls/service.ts';
import { type HttpHandler, handleCall, httpHandler } from './http.ts';
import { makeOpenApi } from './openapi.ts';
import type { Access, Route } from './route.ts';
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
  /** What a caller needs; the handler sees to it. */
  readonly access: Access;
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

/** Of the API; raised with the changes that its callers have to know. */
const VERSION = '1.0.0';

export type FunctionDefinition = HttpFunction | BlobFunction | TimerFunction | QueueFunction;

/** Every call of the API: the one truth about routes, who may use them, what they take and what they answer. */
export const ROUTES: readonly Route[] = [
  createDeployment,
  previewDeployment,
  listDeployments,
  getDeployment,
  listEvents,
  downloadArtifact,
  rollbackDeployment,
  blockDeployment,
  unblockDeployment,
  undeploy,
  registerApp,
  getApp,
  listApps,
  listOrgDeployments,
  listOrgEvents,
  receiveFluxEvent,
  health,
  openapi,
];

/** Every function, for the Functions host in Azure and for the local one. */
export function makeTable(app: App, authenticate: Authenticate): FunctionDefinition[] {
  return [
    ...ROUTES.map((route) => httpFunction(route, httpHandler(served(route), app, authenticate))),
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
      handler: timerHandler(app, (now) => app.reconcileSources(now)),
    },
    // Apart from the other, which a hostile blob must not stop.
    {
      trigger: 'timer',
      name: 'sweepIncoming',
      schedule: '30 * * * * *',
      handler: timerHandler(app, (now) => app.sweepIncoming(now)),
    },
    {
      trigger: 'timer',
      name: 'discoverApps',
      schedule: '15 */10 * * * *',
      handler: timerHandler(app, (now) => app.discoverApps(now)),
    },
    // By the database's time; whether it runs or not, deployments go on.
    {
      trigger: 'timer',
      name: 'removeExpired',
      schedule: '45 7 * * * *',
      handler: timerHandler(app, () => app.removeExpired()),
    },
  ];
}

const httpFunction = ({ name, method, route, access }: Route, handler: HttpHandler): HttpFunction => ({
  trigger: 'http',
  name,
  method,
  route,
  access,
  handler,
});

/** The document is made of the routes, so it can't be made beside them; and when it is asked for, since it takes a while. */
function served(route: Route): Route {
  if (route !== openapi) return route;
  let body: string | undefined;
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache' };
  const handle = async () => {
    body ??= JSON.stringify(makeOpenApi(ROUTES, VERSION));
    return { status: 200, headers, body };
  };
  return { ...route, handle };
}

/** What is served while the configuration is wrong: health says what is, every other call that it is. No trigger runs. */
export function makeMisconfiguredTable(problems: readonly [Problem, ...Problem[]]): HttpFunction[] {
  const log = { info() {}, warn() {}, error() {} };
  const answer = (route: Route): HttpHandler =>
    handleCall(log, async () => {
      if (route === health)
        return {
          status: 503,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(misconfigured(problems)),
        };
      throw new AppError('CONFIGURATION_INVALID', 'the service is wrongly configured: see /api/health', {
        retryAfterSeconds: 60,
      });
    });
  return ROUTES.map((route) => httpFunction(route, answer(route)));
}
