import * as z from 'zod';
import { ERROR_CODES, type ErrorCode } from '../error-codes.ts';
import { problemSchema } from '../model/api-schemas.ts';
import { APP, ORG } from '../model/names.ts';
import { statusOf } from './http.ts';
import type { Reply, Route } from './route.ts';
import { type Json, SchemaSet } from './schema-set.ts';

/** Any call may fail with these. */
const COMMON: readonly ErrorCode[] = ['REQUEST_INVALID', 'DATABASE_UNAVAILABLE', 'CONFIGURATION_INVALID', 'INTERNAL'];
const WITH_TOKEN: readonly ErrorCode[] = ['UNAUTHENTICATED', 'FORBIDDEN'];
const WITH_BODY: readonly ErrorCode[] = ['REQUEST_TOO_LARGE', 'CONTENT_TYPE_UNSUPPORTED'];

const PARAMETERS: Readonly<Record<string, { schema: Json; description: string }>> = {
  org: { schema: { type: 'string', pattern: ORG.source }, description: "The org's short name." },
  app: { schema: { type: 'string', pattern: APP.source }, description: "The app's repository name, without `--`." },
  id: { schema: { type: 'string', format: 'uuid' }, description: "A deployment's id." },
  envName: { schema: { type: 'string' }, description: "An environment's name." },
};

const RETRY_AFTER = { 'Retry-After': 'Seconds to wait before asking again, where that helps.' };
const PROBLEM_HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'WWW-Authenticate': '`Bearer`' },
  429: RETRY_AFTER,
  503: RETRY_AFTER,
};

/** An error's answer (RFC 9457). */
const problemAnswerSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: problemSchema.shape.code,
    detail: z.string(),
    instance: z.string(),
    whatToDo: z.string(),
    problems: z.array(problemSchema).describe('All that was found; the first gives the answer its code.'),
    deploymentId: z.uuid().optional().describe('The deployment that is kept as failed, where there is one.'),
  })
  .meta({ id: 'Problem' });

/**
 * The API as OpenAPI 3.1, made of the routes and the schemas that parse their requests and shape their answers.
 * @param version of this service
 */
export function makeOpenApi(routes: readonly Route[], version: string): Json {
  const schemas = new SchemaSet();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = `/${route.route}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'altinn-pull-deploy',
      version,
      description: 'Deploys Altinn Studio apps by pull. Times are ISO 8601 in UTC, digests SHA-256 in lower-case hex.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api' }],
    security: [{ entra: [] }],
    paths,
    components: {
      schemas: schemas.components(),
      securitySchemes: {
        entra: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A token of Entra ID for this API.',
        },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Signature',
          description: '`sha256=` and the HMAC-SHA256 of the raw body in hex.',
        },
      },
    },
  };
}

function operation(route: Route, schemas: SchemaSet): Json {
  const { name, summary, description, access, body, bodyExample, isBodyOptional, replies } = route;
  return {
    operationId: name,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(access === 'anonymous' ? { security: [] } : {}),
    ...(access === 'signed' ? { security: [{ signature: [] }] } : {}),
    // Shown beside an operation: OpenAPI itself has no place for roles of bearer tokens.
    ...(access === 'anonymous' || access === 'signed' ? {} : { 'x-role': access }),
    parameters: [...pathParameters(route), ...queryParameters(route, schemas), ...headerParameters(route)],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !isBodyOptional,
            content: {
              'application/json': {
                schema: schemas.refer(body, 'input'),
                ...(bodyExample === undefined ? {} : { example: bodyExample }),
              },
            },
          },
        }),
    responses: {
      ...Object.fromEntries(Object.entries(replies).map(([status, reply]) => [status, response(reply, schemas)])),
      ...problemResponses(route, schemas),
    },
  };
}

function pathParameters({ route }: Route): Json[] {
  return [...route.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    ...PARAMETERS[name],
  }));
}

function queryParameters({ query }: Route, schemas: SchemaSet): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemas.refer(query, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    ...{ name, in: 'query', required: required.includes(name), schema },
    ...(description === undefined ? {} : { description }),
  }));
}

const headerParameters = ({ headers = {} }: Route): Json[] =>
  Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));

function response({ description, schema, contentType, headers, example }: Reply, schemas: SchemaSet): Json {
  const content = schema
    ? { 'application/json': { schema: schemas.refer(schema, 'output'), ...(example === undefined ? {} : { example }) } }
    : contentType && { [contentType]: {} };
  return {
    description,
    ...(headers === undefined ? {} : { headers: describeHeaders(headers) }),
    ...(content ? { content } : {}),
  };
}

const describeHeaders = (headers: Readonly<Record<string, string>>): Json =>
  Object.fromEntries(
    Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
  );

/** One answer for each status, with the codes that it may have. */
function problemResponses(route: Route, schemas: SchemaSet): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(problemCodes(route)))
    byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code]);
  return Object.fromEntries(
    [...byStatus]
      // Health answers 503 in its own form.
      .filter(([status]) => route.replies[status] === undefined)
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        status,
        {
          description: codes.map((code) => `\`${code}\`: ${ERROR_CODES[code].meaning}`).join('\n\n'),
          ...(PROBLEM_HEADERS[status] === undefined ? {} : { headers: describeHeaders(PROBLEM_HEADERS[status]) }),
          content: { 'application/problem+json': { schema: schemas.refer(problemAnswerSchema, 'output') } },
          'x-codes': codes,
        },
      ]),
  );
}

function problemCodes({ access, route, body, problems = [] }: Route): ErrorCode[] {
  return [
    ...COMMON,
    ...(access === 'anonymous' ? [] : WITH_TOKEN),
    ...(access === 'signed' || access === 'anonymous' || !route.includes('{org}') ? [] : (['ORG_UNKNOWN'] as const)),
    ...(route.includes('{app}') ? (['APP_NAME_UNSUPPORTED'] as const) : []),
    ...(body === undefined ? [] : WITH_BODY),
    ...problems,
  ];
}
