import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { deployBodySchema, previewBodySchema } from '../../src/deploy/deploy-request.ts';
import { statusOf } from '../../src/functions/http.ts';
import { ROUTES } from '../../src/functions/table.ts';
import {
  assertDocumented,
  assertValid,
  bodySchema,
  DOCUMENT,
  type Exchange,
  operationNamed,
  STRICT,
  validatorOf,
} from '../support/api-document.ts';

type Json = Record<string, unknown>;

const operations = Object.entries(STRICT.paths).flatMap(([template, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ template, method, operation })),
);

/** Every schema of the document with the place where it stands, those inside of others too. */
function* schemasIn(value: unknown, at: string): Generator<{ at: string; schema: Json | boolean }> {
  if (typeof value === 'boolean') yield { at, schema: value };
  if (typeof value !== 'object' || value === null) return;
  const schema = value as Json;
  yield { at, schema };
  for (const keyword of ['items', 'additionalProperties'])
    if (keyword in schema) yield* schemasIn(schema[keyword], `${at}/${keyword}`);
  for (const keyword of ['properties', 'oneOf', 'anyOf', 'allOf'])
    for (const [name, inner] of Object.entries((schema[keyword] ?? {}) as Json))
      yield* schemasIn(inner, `${at}/${keyword}/${name}`);
}

const roots: [string, Json][] = [
  ...Object.entries(DOCUMENT.components.schemas),
  ...Object.entries(DOCUMENT.paths).flatMap(([template, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters, requestBody, responses }]) => {
      const contents = [requestBody, ...Object.values(responses)].flatMap((one) => Object.entries(one?.content ?? {}));
      return [
        ...parameters.map(({ name, schema }): [string, Json] => [`${method} ${template} ${name}`, schema]),
        ...contents.flatMap(([type, { schema }]): [string, Json][] =>
          schema ? [[`${method} ${template} ${type}`, schema]] : [],
        ),
      ];
    }),
  ),
];
const schemas = roots.flatMap(([at, schema]) => [...schemasIn(schema, at)]);

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1, as a linter of another maker reads it', async () => {
    const config = await createConfig({
      extends: ['recommended'],
      rules: {
        // Below, by the schemas alone: this one forbids what stands beside an either-or.
        'no-invalid-media-type-examples': 'off',
        // It knows no patterns of parameters: no org is named `flux-events`, which is too long for one.
        'no-ambiguous-paths': 'off',
      },
    });
    const problems = await lintFromString({ source: JSON.stringify(DOCUMENT), config });
    assert.deepEqual(
      problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`),
      [],
    );
  });

  it('has every call of the API, each with a name of its own and a summary', () => {
    const shown = operations.map(({ template, method, operation }) => [operation.operationId, method, template]);
    const routes = ROUTES.map(({ name, method, route }) => [name, method.toLowerCase(), `/${route}`]);
    assert.deepEqual(shown.sort(), routes.sort());
    assert.equal(new Set(shown.map(([name]) => name)).size, shown.length);
    for (const { operation } of operations) assert.ok((operation.summary ?? '').length > 10, operation.operationId);
  });

  it('declares the parameters of each path, and no others', () => {
    for (const { template, operation } of operations) {
      const inPath = operation.parameters.filter((one) => one.in === 'path');
      assert.deepEqual(
        inPath.map(({ name }) => name),
        [...template.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name),
        template,
      );
      assert.ok(
        inPath.every(({ required, schema }) => required && schema),
        template,
      );
    }
  });

  it('says of every schema something', () => {
    const empty = schemas.filter(({ schema }) => typeof schema === 'object' && Object.keys(schema).length === 0);
    assert.deepEqual(
      empty.map(({ at }) => at),
      [],
    );
  });

  it('refers to schemas that are there, and to each of them', () => {
    const references = schemas.flatMap(({ schema }) => (typeof schema === 'object' ? [schema.$ref] : []));
    const used = new Set(references.filter((one) => one !== undefined));
    const there = Object.keys(DOCUMENT.components.schemas).map((name) => `#/components/schemas/${name}`);
    assert.deepEqual([...used].sort(), there.sort());
    for (const [name, schema] of Object.entries(DOCUMENT.components.schemas))
      assert.equal(schema.$ref, undefined, `${name} is nothing but a reference`);
  });

  it('has schemas that compile under strict rules, and examples that are right', () => {
    let examples = 0;
    for (const { operation } of operations) {
      const contents = [operation.requestBody, ...Object.values(operation.responses)].map((one) => one?.content ?? {});
      for (const { schema, example } of contents.flatMap((content) => Object.values(content))) {
        if (schema) validatorOf(schema);
        if (example !== undefined) assertValid(schema, example, `the example of ${operation.operationId}`);
        examples += example === undefined ? 0 : 1;
      }
    }
    assert.ok(examples > 15, `${examples}`);
  });

  it('shows an example of every body, asked for and answered', () => {
    for (const { operation } of operations) {
      const shown = [operation.requestBody, operation.responses[200], operation.responses[202]];
      for (const { example } of shown.flatMap((one) => Object.values(one?.content ?? {})))
        if (!['downloadArtifact', 'openapi'].includes(operation.operationId))
          assert.notEqual(example, undefined, operation.operationId);
    }
  });

  it('takes no properties that it does not name', () => {
    for (const { operation } of operations) {
      const schema = bodySchema(operation);
      if (schema === undefined) continue;
      const name = String(schema.$ref).split('/').at(-1) as string;
      assert.equal(DOCUMENT.components.schemas[name]?.additionalProperties, false, operation.operationId);
    }
  });

  it('gives each problem the status that it is answered with', () => {
    for (const { operation } of operations)
      for (const [status, response] of Object.entries(operation.responses))
        for (const code of response['x-codes'] ?? []) assert.equal(String(statusOf(code as never)), status, code);
  });
});

describe('what the document says of a request', () => {
  const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
  const commit = 'a'.repeat(40);
  const bodies: Json[] = [
    { envName: 'tt02' },
    { tagName: '1' },
    { envName: 'tt02', tagName: '1' },
    { envName: 'tt02', fromDeploymentId: ID },
    { envName: 'tt02', tagName: '1', fromDeploymentId: ID },
    { envName: 'tt02', tagName: '1', commit },
    { envName: 'tt02', fromDeploymentId: ID, commit },
    { envName: 'tt02', commit },
    { envName: 'TT02', tagName: '1' },
    { envName: 'tt02', tagName: '-1' },
    { envName: 'tt02', tagName: 1 },
    { envName: 'tt02', tagName: '1', commit: 'main' },
    { envName: 'tt02', fromDeploymentId: ID.toUpperCase() },
    { envName: 'tt02', tagName: '1', force: true },
  ];

  it('is what is taken: either a tag or an earlier deployment, a commit with the tag only', () => {
    for (const [name, zod] of [
      ['createDeployment', deployBodySchema],
      ['previewDeployment', previewBodySchema],
    ] as const)
      for (const body of bodies) {
        const isTaken = zod.safeParse(body).success;
        const check = () => assertValid(bodySchema(operationNamed(name)), body, name);
        if (isTaken) check();
        else assert.throws(check, `${name} refuses ${JSON.stringify(body)}, the document does not`);
      }
  });

  it('is a number with its bounds where a query has one', () => {
    const bounds = new Map<string, string>();
    for (const { operation } of operations)
      for (const { name, schema } of operation.parameters.filter((one) => one.in === 'query')) {
        const { type, minimum, maximum } = schema as { type: string; minimum: number; maximum?: number };
        if (!['limit', 'after', 'wait'].includes(name)) continue;
        bounds.set(name, `${type} ${minimum}..${maximum ?? ''}`);
        const taken = (value: number) =>
          ROUTES.find((route) => route.name === operation.operationId)?.query?.safeParse({ [name]: String(value) })
            .success;
        assert.deepEqual([taken(minimum - 1), taken(minimum)], [false, true], name);
        if (maximum !== undefined) assert.deepEqual([taken(maximum), taken(maximum + 1)], [true, false], name);
      }
    assert.deepEqual(Object.fromEntries(bounds), {
      limit: 'integer 1..100',
      after: 'integer 0..',
      wait: 'integer 0..30',
    });
  });
});

describe('an answer held against the document', () => {
  const url = 'http://localhost/api/v1/ttd/parking-permit';
  const right: Exchange = {
    ...{ method: 'GET', url, status: 200, contentType: 'application/json' },
    body: { org: 'ttd', app: 'parking-permit', environments: [] },
  };
  const problem = {
    ...{ type: 'x', title: 'x', status: 404, code: 'APP_UNKNOWN', detail: 'x', instance: 'x', whatToDo: 'x' },
    problems: [{ code: 'APP_UNKNOWN', message: 'x' }],
  };
  const refused: Exchange = { ...right, status: 404, contentType: 'application/problem+json', body: problem };

  it('passes when it is as it says, or of no path or method of ours', () => {
    for (const exchange of [
      right,
      refused,
      { ...right, url: `${url}?`, contentType: 'application/json; charset=utf-8' },
      { ...right, url: 'http://localhost/api/v2/ttd', status: 404 },
      { ...right, method: 'DELETE', status: 405 },
    ])
      assertDocumented(exchange);
  });

  const wrong: [string, Exchange, RegExp][] = [
    ['another status', { ...right, status: 201 }, /no such status/],
    ['another content type', { ...right, contentType: 'text/plain' }, /its content type/],
    ['a property that is missing', { ...right, body: { org: 'ttd', app: 'x' } }, /'environments'/],
    ['a property too many', { ...right, body: { ...(right.body as Json), secret: 1 } }, /secret/],
    ['a property of another type', { ...right, body: { ...(right.body as Json), org: 1 } }, /org must be string/],
    ['a query that is not documented', { ...right, url: `${url}?fresh=1` }, /'fresh' is not documented/],
    ['a code that is not the route’s', { ...refused, body: { ...problem, code: 'DEPLOYMENT_UNKNOWN' } }, /not among/],
    ['a problem without what to do', { ...refused, body: { ...problem, whatToDo: undefined } }, /whatToDo/],
    [
      'a body that should have been refused',
      { ...right, method: 'POST', url: `${url}/undeploy`, status: 202, requestBody: '{"env":"tt02"}' },
      /undeploy answered 202/,
    ],
  ];
  for (const [what, exchange, message] of wrong)
    it(`fails for ${what}`, () => {
      assert.throws(() => assertDocumented(exchange), { message });
    });
});
