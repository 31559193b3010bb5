import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import * as z from 'zod';
import { toDotPath } from 'zod/v4/core';
import type { App } from '../app.ts';
import { DeploymentFailed } from '../deploy/deploy.ts';
import { ERROR_CODES, type ErrorCode, type ErrorKind } from '../error-codes.ts';
import { AppError, problem, throwIfAny, toAppError } from '../errors.ts';
import { appNameProblems, orgNameProblems } from '../model/names.ts';
import { deploymentUrl } from '../operate/deployment-view.ts';
import type { Log } from '../ports.ts';
import type { Authenticate, Caller } from './auth.ts';
import { authorizeOrg, authorizeRole } from './authorize.ts';
import { readJsonBody } from './read-json-body.ts';
import type { Route } from './route.ts';

export type HttpHandler = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  denied: 403,
  missing: 404,
  conflict: 409,
  rejected: 422,
  unavailable: 503,
  internal: 500,
  // Never thrown.
  warning: 500,
};
/** What a caller sent comes back in messages, so they could get as long as that. */
const MAX_MESSAGE = 500;
const MAX_PROBLEMS = 20;
const NOBODY: Caller = { id: '', name: '', roles: new Set() };

/**
 * The one place where callers are let in, where what they send is read, and where a kind of error becomes an HTTP status
 * (RFC 9457). The order: who calls, what he may see, what he may do; then names, query and body.
 */
export function httpHandler(route: Route, app: App, authenticate: Authenticate): HttpHandler {
  const handle = handleCall(app.log, async (request) => {
    const caller = await letIn(route, request, authenticate);
    assertNames(request);
    const query = readQuery(request, route.query ?? z.strictObject({}));
    const body = route.body && parse(route.body, await readRouteBody(route, request), 'body');
    return route.handle(app, { request, caller, query, body });
  });
  // In the trace that the host gave the invocation; it is the caller's, where he has one.
  return (request, context) => {
    const traceparent = context.traceContext?.traceParent ?? request.headers.get('traceparent') ?? undefined;
    return app.telemetry.within(traceparent, () => handle(request, context));
  };
}

/** Without a body the platform gives none, or an empty stream, and no type. */
async function readRouteBody({ isBodyOptional }: Route, request: HttpRequest): Promise<unknown> {
  const isLeftOut = request.body === null || !request.headers.has('content-type');
  return isBodyOptional && isLeftOut ? {} : readJsonBody(request);
}

async function letIn({ access }: Route, request: HttpRequest, authenticate: Authenticate): Promise<Caller> {
  if (access === 'anonymous' || access === 'signed') return NOBODY;
  const caller = await authenticate(request.headers.get('authorization'), new URL(request.url).hostname);
  if (request.params.org !== undefined) authorizeOrg(caller, request.params.org);
  authorizeRole(caller, access);
  return caller;
}

/** Turns what a call throws into its answer. */
export function handleCall(log: Log, handle: (request: HttpRequest) => Promise<HttpResponseInit>): HttpHandler {
  return async (request, context) => {
    try {
      return await handle(request);
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.kind === 'internal')
        log.error('call failed', {
          url: new URL(request.url).pathname,
          invocationId: context.invocationId,
          error: error.cause,
        });
      return problemResponse(error, new URL(request.url).pathname);
    }
  };
}

export function problemResponse(error: AppError, instance: string): HttpResponseInit {
  const facts = ERROR_CODES[error.code];
  const status = statusOf(error.code);
  const failed = error instanceof DeploymentFailed ? error.deployment : undefined;
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(failed === undefined ? {} : { location: deploymentUrl(failed) }),
    },
    body: JSON.stringify({
      type: `urn:altinn:pull-deploy:${error.code}`,
      title: facts.meaning,
      status,
      code: error.code,
      detail: error.message,
      instance,
      whatToDo: facts.whatToDo,
      problems: error.problems,
      ...(failed === undefined ? {} : { deploymentId: failed.id }),
    }),
  };
}

/** The HTTP status of an error's code. */
export function statusOf(code: ErrorCode): number {
  const { kind, httpStatus }: { kind: ErrorKind; httpStatus?: number } = ERROR_CODES[code];
  return httpStatus ?? STATUS[kind];
}

/** `{org}` and `{app}` of the route, checked before anything is asked about them. */
function assertNames({ params: { org, app } }: HttpRequest): void {
  if (org !== undefined && app !== undefined) throwIfAny(appNameProblems({ org, app }));
  else if (org !== undefined) throwIfAny(orgNameProblems(org));
}

/** Query parameters, each at most once. */
function readQuery<T>(request: HttpRequest, schema: z.ZodType<T>): T {
  const { search, searchParams } = new URL(request.url);
  if (!isDecodable(search)) throw new AppError('REQUEST_INVALID', 'query: not UTF-8 in percent encoding', QUERY);
  if ([...searchParams].flat().some((text) => text.includes('\0')))
    throw new AppError('REQUEST_INVALID', 'query: a NUL character', QUERY);
  const seen = new Set<string>();
  const repeated = [...searchParams.keys()].filter((name) => seen.size === seen.add(name).size);
  throwIfAny(
    [...new Set(repeated)]
      .slice(0, MAX_PROBLEMS)
      .map((name) => problem('REQUEST_INVALID', `${name}: given more than once`, name)),
  );
  return parse(schema, Object.fromEntries(searchParams), 'query');
}

const QUERY = { path: 'query' };

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined;
  } catch {
    return false;
  }
}

/** Instead of "expected string, received undefined". */
const sayMissing: z.core.$ZodErrorMap = ({ code, input }) =>
  code === 'invalid_type' && input === undefined ? 'is missing' : undefined;

function parse<T>(schema: z.ZodType<T>, value: unknown, root: string): T {
  const result = schema.safeParse(value, { error: sayMissing });
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const path = toDotPath(issue.path) || root;
    return problem('REQUEST_INVALID', `${path}: ${issue.message}`.slice(0, MAX_MESSAGE), path);
  });
  throwIfAny(problems);
  throw result.error;
}
