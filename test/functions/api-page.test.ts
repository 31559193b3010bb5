import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ERROR_CODES } from '../../src/error-codes.ts';
import { ROUTES } from '../../src/functions/table.ts';
import { tableIn } from '../model/read-table.ts';
import { assertValid, bodySchema, DOCUMENT, findOperation, operationNamed, STRICT } from '../support/api-document.ts';

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
/** Headings with what is below them, up to the next heading. */
const sections = new Map(
  page
    .split(/^#{2,3} /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf('\n')), text] as const),
);
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, inside = '']) => inside);

interface Curl {
  readonly method: string;
  readonly url: URL;
  readonly body: string | undefined;
}

/** What a command on the page would send, with an id in place of `$ID`. */
function curls(text: string): Curl[] {
  const commands = blocks(text, 'sh').flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'));
  return commands
    .filter((line) => line.startsWith('curl '))
    .map((line) => ({
      method: /-X ([A-Z]+)/.exec(line)?.[1] ?? 'GET',
      url: new URL(
        (/"\$BASE([^"]*)"/.exec(line)?.[1] ?? assert.fail(line)).replace('$ID', '3f0f2c1e-6d8b-4a2f-9b1d-0c5a7e9f2b11'),
        'http://localhost',
      ),
      body: /-d '([^']*)'/.exec(line)?.[1],
    }));
}

describe('docs/api.md', () => {
  it('lists every call with its name, method, path and role, and no other', () => {
    assert.deepEqual(
      tableIn(page, 'Call'),
      ROUTES.map(({ name, method, route, access, summary }) => [
        `[\`${name}\`](#${name.toLowerCase()})`,
        `\`${method} /${route}\``,
        access === 'anonymous' || access === 'signed' ? '–' : `\`${access}\``,
        summary,
      ]),
    );
  });

  for (const { name } of ROUTES)
    it(`shows how to call ${name}, as it can be called`, () => {
      const text = sections.get(name) ?? assert.fail(`no section '### ${name}'`);
      const shown = curls(text);
      assert.ok(shown.length > 0, 'no curl');
      for (const { method, url, body } of shown) {
        const operation = findOperation(method, `/api${url.pathname}`);
        assert.equal(operation?.operationId, name, `${method} ${url.pathname}`);
        for (const [parameter, value] of url.searchParams) {
          const found = operation.parameters.find((one) => one.in === 'query' && one.name === parameter);
          assert.ok(found, `${name} has no parameter ${parameter}`);
          assertValid(found.schema, found.schema.type === 'integer' ? Number(value) : value, parameter);
        }
        if (body !== undefined || operation.requestBody?.required)
          assertValid(bodySchema(operation), JSON.parse(body ?? 'null'), `${name} -d`);
      }
      for (const block of blocks(text, 'json')) {
        const replies = Object.entries(operationNamed(name).responses).filter(([status]) => Number(status) < 300);
        assertValid(replies[0]?.[1].content?.['application/json']?.schema, JSON.parse(block), `the answer of ${name}`);
      }
    });

  it('promises no code that a call does not answer', () => {
    for (const { name } of ROUTES) {
      const answered = Object.values(operationNamed(name).responses).flatMap((one) => one['x-codes'] ?? []);
      const warnings = Object.entries(ERROR_CODES).flatMap(([code, { kind }]) => (kind === 'warning' ? [code] : []));
      const told = [...(sections.get(name) ?? '').matchAll(/`([A-Z]{2,}(?:_[A-Z]+)+)`/g)].map(([, code = '']) => code);
      assert.deepEqual(
        told.filter((code) => code in ERROR_CODES && ![...answered, ...warnings].includes(code)),
        [],
        name,
      );
    }
  });

  it('names every field of a body, every filter and every header', () => {
    for (const { name, headers = {} } of ROUTES) {
      const { parameters, requestBody } = operationNamed(name);
      const reference = String(requestBody?.content['application/json']?.schema?.$ref ?? '');
      const body = DOCUMENT.components.schemas[reference.split('/').at(-1) ?? ''] ?? {};
      const query = parameters.filter((one) => one.in === 'query').map((one) => one.name);
      for (const word of [...Object.keys(body.properties ?? {}), ...query, ...Object.keys(headers)])
        assert.ok(page.includes(word), `${name}: ${word}`);
    }
  });

  it('shows a problem as it is answered', () => {
    const [shown = ''] = blocks(sections.get('Errors') ?? '', 'json');
    const problem = JSON.parse(shown);
    assertValid(STRICT.components.schemas.Problem, problem, 'the problem');
    const { meaning, whatToDo } = ERROR_CODES[problem.code as keyof typeof ERROR_CODES];
    assert.deepEqual([problem.title, problem.whatToDo], [meaning, whatToDo]);
  });

  it('leads to its own headings', () => {
    const slugs = [...sections.keys()].map((heading) => heading.toLowerCase().replaceAll(' ', '-'));
    for (const [, link = ''] of page.matchAll(/\]\(#([^)]*)\)/g)) assert.ok(slugs.includes(link), link);
  });
});
