import type { HttpMethod, HttpRequest, HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import type { App } from '../app.ts';
import type { ErrorCode } from '../error-codes.ts';
import type { AppName } from '../model/names.ts';
import type { Caller } from './auth.ts';
import type { Role } from './authorize.ts';

/**
 * What a call needs: `anonymous` calls show nothing of anyone's; `signed` ones prove by a signature over their body that
 * they come from a cluster; the others need a token with the role, or one above it. A `deployer` must be one of the
 * environment concerned, and whoever is limited to some orgs sees no others.
 */
export type Access = 'anonymous' | 'signed' | Role;

/** A call as its handler sees it: who calls is known, what was sent has been read by the route's own schemas. */
export interface Call<Query = unknown, Body = unknown> {
  readonly request: HttpRequest;
  readonly caller: Caller;
  readonly query: Query;
  readonly body: Body;
}

/** An answer that the API documents; `schema` is what shapes it there. */
export interface Reply {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Where it is not JSON. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly example?: unknown;
}

/** One call of the API, as data: served by the table, described by the OpenAPI document. */
export interface Route<Query = unknown, Body = unknown> {
  readonly name: string;
  readonly method: HttpMethod;
  /** Below `/api/`. */
  readonly route: string;
  readonly access: Access;
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly bodyExample?: unknown;
  /** A call without one is taken for `{}`. */
  readonly isBodyOptional?: boolean;
  /** Request headers that it reads, and what they are for. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly replies: Readonly<Record<number, Reply>>;
  /** Beside those that any call may have. */
  readonly problems?: readonly ErrorCode[];
  readonly handle: (app: App, call: Call<Query, Body>) => Promise<HttpResponseInit>;
}

/** Infers what its handler gets from the schemas beside it. */
export function defineRoute<Query = unknown, Body = unknown>(route: Route<Query, Body>): Route {
  return route as Route;
}

/** An answer in JSON, of the form that its schema says. */
export function reply<Schema extends z.ZodType>(
  status: number,
  _schema: Schema,
  value: z.input<Schema>,
  headers: Record<string, string> = {},
): HttpResponseInit {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(value),
  };
}

/** `{org}` and `{app}` of the route: checked before the handler is called. */
export const appName = ({ request }: Call): AppName => ({
  org: request.params.org ?? '',
  app: request.params.app ?? '',
});

/** `{id}` of the route. */
export const idOf = ({ request }: Call): string => request.params.id ?? '';

const MAX_PAGE = 100;

/** A whole number in a query: text on the wire, and shown by the document as the number that it is. */
export function integerText(minimum: number, maximum: number, what = `must be a number from ${minimum} to ${maximum}`) {
  return z
    .string()
    .regex(/^(0|[1-9][0-9]{0,15})$/, what)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, what)
    .meta({ type: 'integer', minimum, maximum });
}

export const pageQuerySchema = z.strictObject({
  limit: integerText(1, MAX_PAGE).optional().describe('Most items of a page; 20 when left out.'),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,100}$/, 'must be the nextCursor of an earlier page')
    .optional()
    .describe('`nextCursor` of the page before.'),
});
