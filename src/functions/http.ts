import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { z } from 'zod';
import { DeploymentFailed } from '../deploy/deploy.ts';
import { AppError, ERROR_CODES, type ErrorKind, problem, throwIfAny, toAppError } from '../errors.ts';
import { type AppName, appNameProblems, isOrg } from '../model/names.ts';
import { deploymentUrl } from '../operate/deployment-view.ts';
import type { Log } from '../ports.ts';
import { type Authenticate, authorize, type Caller, type Role } from './auth.ts';
import { readJsonBody } from './read-json-body.ts';

export type HttpHandler = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

/** A call as the handlers in the table see it. */
export interface Call {
  readonly request: HttpRequest;
  readonly caller: Caller;
}

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  denied: 403,
  missing: 404,
  conflict: 409,
  rejected: 422,
  unavailable: 503,
  internal: 500,
};
/** What a caller sent comes back in messages, so they could get as long as that. */
const MAX_MESSAGE = 500;
const MAX_PROBLEMS = 20;
const NOBODY: Caller = { id: '', name: '', roles: new Set() };

/** The one place where a kind of error becomes an HTTP status (RFC 9457), and where callers are let in. */
export function httpHandler(
  role: Role,
  authenticate: Authenticate,
  log: Log,
  handle: (call: Call) => Promise<HttpResponseInit>,
): HttpHandler {
  return async (request, context) => {
    try {
      let caller = NOBODY;
      if (role !== 'anonymous') {
        caller = await authenticate(request.headers.get('authorization'));
        authorize(caller, role);
      }
      return await handle({ request, caller });
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
  const facts: { kind: ErrorKind; meaning: string; whatToDo: string; httpStatus?: number } = ERROR_CODES[error.code];
  const status = facts.httpStatus ?? STATUS[facts.kind];
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

export function jsonResponse(status: number, value: unknown, headers: Record<string, string> = {}): HttpResponseInit {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(value),
  };
}

/** `{org}` and `{app}` of the route, checked before anything is asked about them. */
export function readAppName(request: HttpRequest): AppName {
  const name = { org: request.params.org ?? '', app: request.params.app ?? '' };
  throwIfAny(appNameProblems(name));
  return name;
}

export function readOrg(request: HttpRequest): string {
  const org = request.params.org ?? '';
  if (!isOrg(org))
    throw new AppError('REQUEST_INVALID', `org '${org}': must be 2 to 6 of a-z and 0-9`, { path: 'org' });
  return org;
}

/** @throws AppError REQUEST_INVALID with every problem, REQUEST_TOO_LARGE, CONTENT_TYPE_UNSUPPORTED */
export async function readBody<T>(request: HttpRequest, schema: z.ZodType<T>): Promise<T> {
  return parse(schema, await readJsonBody(request), 'body');
}

/** Query parameters, each at most once. */
export function readQuery<T>(request: HttpRequest, schema: z.ZodType<T>): T {
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

function parse<T>(schema: z.ZodType<T>, value: unknown, root: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const path = z.core.toDotPath(issue.path) || root;
    return problem('REQUEST_INVALID', `${path}: ${issue.message}`.slice(0, MAX_MESSAGE), path);
  });
  throwIfAny(problems);
  throw result.error;
}
