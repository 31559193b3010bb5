import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { makeOpenApi } from '../../src/functions/openapi.ts';
import { ROUTES } from '../../src/functions/table.ts';

type Json = Record<string, unknown>;

export interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Json }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content; readonly 'x-codes'?: readonly string[] }>>;
  readonly security?: readonly Json[];
}
type Content = Readonly<Record<string, { schema?: Json; example?: unknown }>>;

export interface ApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

export const DOCUMENT = makeOpenApi(ROUTES, '1.0.0') as unknown as ApiDocument;

/** A call of the API and its answer, as they were on the wire. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly contentType: string | null | undefined;
  /** Of the answer, parsed; of what is no JSON nothing is looked at. */
  readonly body: unknown;
  readonly requestBody?: unknown;
}

/**
 * Fails where an answer is not as the document says, or where what was taken is not what the document says is taken. Paths
 * and methods that nobody serves are the host's to answer, and outside of it.
 */
export function assertDocumented(exchange: Exchange): void {
  const { pathname, searchParams } = new URL(exchange.url);
  const operation = findOperation(exchange.method, pathname);
  if (operation === undefined) return;
  const { status, body, requestBody } = exchange;
  const what = `${operation.operationId} answered ${status} ${JSON.stringify(body)?.slice(0, 1_500)}`;
  const response = operation.responses[status];
  assert.ok(response, `${what}: the document has no such status; has the route all its problems?`);
  const type = exchange.contentType?.split(';')[0] ?? '';
  assert.deepEqual(Object.keys(response.content ?? {}), type ? [type] : [], `${what}: its content type`);
  assertValid(response.content?.[type]?.schema, body, what);
  if (type === 'application/problem+json') {
    const { code } = body as { code: string };
    assert.ok(response['x-codes']?.includes(code), `${what}: '${code}' is not among the route's problems`);
  }
  if (status >= 400) return;
  if (typeof requestBody === 'string')
    assertValid(bodySchema(operation), JSON.parse(requestBody), `${what}, to what it should not take`);
  assertQueryTaken(operation, searchParams, what);
}

function assertQueryTaken({ parameters }: Operation, query: URLSearchParams, what: string): void {
  for (const [name, text] of query) {
    const found = parameters.find((one) => one.in === 'query' && one.name === name);
    assert.ok(found, `${what}: the query parameter '${name}' is not documented`);
    assertValid(found.schema, found.schema.type === 'integer' ? Number(text) : text, `${what}, to ${name}=${text}`);
  }
}

export const bodySchema = ({ requestBody }: Operation): Json | undefined =>
  requestBody?.content['application/json']?.schema;

/** The operation that serves a path: literal segments go before parameters, as the host has it. */
export function findOperation(method: string, pathname: string): Operation | undefined {
  const found = templates.find(
    ({ template, pattern }) => pattern.test(pathname) && STRICT.paths[template]?.[method.toLowerCase()],
  );
  return found && STRICT.paths[found.template]?.[method.toLowerCase()];
}

export function operationNamed(name: string): Operation {
  const operations = Object.values(STRICT.paths).flatMap((methods) => Object.values(methods));
  return operations.find(({ operationId }) => operationId === name) ?? assert.fail(`no call '${name}'`);
}

/** With no properties but those that the document names: clients must bear more, but we are to document what we send. */
export const STRICT = closed(DOCUMENT) as ApiDocument;
const templates = Object.keys(STRICT.paths)
  .sort((a, b) => (a.replaceAll('{', '~') < b.replaceAll('{', '~') ? -1 : 1))
  .map((template) => ({ template, pattern: new RegExp(`^/api${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`) }));

/** Each schema is compiled when it is first needed, and once in a process. */
const compiled = new Map<Json, ValidateFunction>();
let ajv: Ajv2020 | undefined;

/** Holds a value against a schema of the strict document; anything is right where there is none. */
export function assertValid(schema: Json | undefined, value: unknown, what: string): void {
  if (schema === undefined) return;
  const validate = validatorOf(schema);
  if (validate(value)) return;
  const faults = validate.errors?.map(({ instancePath, message, params }) =>
    [instancePath || 'it', message, JSON.stringify(params)].join(' '),
  );
  assert.fail(`${what}: ${faults?.join('; ')}`);
}

export function validatorOf(schema: Json): ValidateFunction {
  const known = compiled.get(schema);
  if (known) return known;
  if (ajv === undefined) {
    ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
    formats.default(ajv);
    ajv.addVocabulary(['components']);
  }
  // References are to the components.
  const validate = ajv.compile({ ...schema, components: STRICT.components });
  compiled.set(schema, validate);
  return validate;
}

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(
    // The branches of an either-or name some of their schema's properties only.
    Object.entries(value).map(([key, inner]) => [key, key === 'oneOf' ? inner : closed(inner)]),
  );
  return copy.type === 'object' && 'properties' in copy ? { additionalProperties: false, ...copy } : copy;
}
