import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from '../../src/error-codes.ts';
import { DEPLOYMENT_KINDS, DEPLOYMENT_STATES } from '../../src/model/deployment.ts';
import { ATTRIBUTES, LOG_FIELDS, LOG_MESSAGES, METRICS, SPANS } from '../../src/model/telemetry-names.ts';
import { tableIn } from '../model/read-table.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const source = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('telemetry-names.ts'))
  .map((path) => read(join('src', path)))
  .join('\n');

interface Alert {
  readonly name: string;
  readonly query: string;
  readonly runbook: string;
}
interface Query {
  readonly where: string;
  readonly text: string;
}

const alerts: readonly Alert[] = JSON.parse(read('infra/alerts.json'));
const workbook = JSON.parse(read('infra/workbook.json'));
const operate = read('docs/operate.md');
const queries: readonly Query[] = [
  ...alerts.map(({ name, query }) => ({ where: `alert ${name}`, text: query })),
  ...queriesIn(workbook).map((text) => ({ where: 'workbook', text })),
  ...[...operate.matchAll(/```kusto\n([\s\S]*?)```/g)].map(([, text = '']) => ({ where: 'operate.md', text })),
];

function queriesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(queriesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === 'query' ? [String(inner)] : queriesIn(inner)));
}

/** Values that `column == 'a'`, `column in ('a', 'b')` and `!=` name. */
function valuesOf(text: string, column: string): string[] {
  const compared = new RegExp(`\\b${column}\\b\\)? *(?:==|!=|!?in) *(\\([^)]*\\)|'[^']*')`, 'g');
  return [...text.matchAll(compared)].flatMap(([, list = '']) =>
    [...list.matchAll(/'([^']*)'/g)].map(([, one]) => one as string),
  );
}

const TABLES = ['traces', 'customMetrics', 'dependencies', 'requests', 'exceptions'];
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  message: Object.keys(LOG_MESSAGES),
  code: Object.keys(ERROR_CODES),
  outcome: [...DEPLOYMENT_STATES, 'ok', 'failed'],
  kind: DEPLOYMENT_KINDS,
  state: ['in-step', 'behind', 'held', 'retired'],
  stage: Object.keys(SPANS),
  change: ['release', 'source'],
};
const metricNames = Object.values(METRICS).map(({ name }) => name as string);

describe('names of telemetry', () => {
  it('are all used in the source', () => {
    for (const name of Object.keys(SPANS)) assert.match(source, new RegExp(`span\\(\\s*'${name}'`), name);
    for (const name of Object.keys(METRICS).filter((name) => name !== 'stageDuration'))
      assert.match(source, new RegExp(`record\\(\\s*'${name}'`), name);
    assert.match(source, /instruments\.stageDuration\(/);
    for (const message of Object.keys(LOG_MESSAGES))
      assert.match(source, new RegExp(`log\\s*\\.(info|warn|error)\\(\\s*'${message}'`), message);
  });

  it('are listed in docs/telemetry.md, and no others', () => {
    const text = read('docs/telemetry.md');
    const pairs = (names: object) => Object.entries(names).map(([name, meaning]) => [`\`${name}\``, meaning]);
    const under = (heading: string) => tableIn(text.slice(text.indexOf(`\n${heading}\n`)), 'Name');
    assert.deepEqual(under('### Spans'), pairs(SPANS));
    assert.deepEqual(under('### Attributes'), pairs(ATTRIBUTES));
    assert.deepEqual(tableIn(text, 'Message'), pairs(LOG_MESSAGES));
    assert.deepEqual(tableIn(text, 'Field'), pairs(LOG_FIELDS));
    assert.deepEqual(
      under('## Metrics'),
      Object.values(METRICS).map(({ name, kind, unit, attributes, meaning }) => [
        ...[`\`${name}\``, kind, unit],
        attributes.map((one) => `\`${one}\``).join(', ') || '–',
        meaning,
      ]),
    );
  });
});

describe('queries in the workbook, the alerts and operate.md', () => {
  it('are found by this test', () => {
    assert.ok(alerts.length >= 10 && queriesIn(workbook).length >= 15);
    assert.ok(queries.filter(({ where }) => where === 'operate.md').length >= 10);
  });

  it('ask tables that Application Insights has in its own scope', () => {
    for (const { where, text } of queries) {
      const alone = text.matchAll(/(?:^|\(|join kind=\w+ \()\s*([A-Za-z]+)\s*(?=\n?\s*\|)/g);
      const together = /^union ([a-zA-Z, ]+)$/m.exec(text)?.[1]?.split(', ') ?? [];
      const tables = [...[...alone].map(([, name]) => name as string), ...together];
      assert.ok(tables.length > 0, text);
      for (const table of tables) assert.ok(TABLES.includes(table), `${where}: ${table}`);
      assert.doesNotMatch(
        text,
        /\b(App(Traces|Metrics|Requests|Dependencies|Exceptions)|Properties|TimeGenerated)\b/,
        where,
      );
    }
  });

  it('ask for dimensions that are sent, each made a text or a number', () => {
    const known = [...Object.keys(ATTRIBUTES), ...Object.keys(LOG_FIELDS)];
    for (const { where, text } of queries) {
      const used = [...text.matchAll(/(\w+\()?customDimensions\.(\w+)/g)];
      for (const [, convert, name = ''] of used) {
        assert.ok(known.includes(name), `${where}: ${name}`);
        assert.ok(['tostring(', 'todouble(', 'toint('].includes(convert ?? ''), `${where}: ${name} is dynamic`);
      }
      assert.doesNotMatch(text, /customDimensions(?!\.\w)/, where);
    }
  });

  it('ask for messages, codes, outcomes and states that there are', () => {
    for (const { where, text } of queries)
      for (const [column, allowed] of Object.entries(ALLOWED))
        for (const value of valuesOf(text, column)) assert.ok(allowed.includes(value), `${where}: ${column} ${value}`);
  });

  it('ask for metrics and spans that are sent, and of a metric for its own attributes', () => {
    for (const { where, text } of queries) {
      const names = valuesOf(text, 'name');
      if (text.startsWith('customMetrics')) {
        assert.ok(names.length > 0, `${where}: ${text}`);
        for (const name of names) assert.ok(metricNames.includes(name), `${where}: ${name}`);
        const attributes: readonly string[] = Object.values(METRICS)
          .filter(({ name }) => names.includes(name))
          .flatMap(({ attributes }) => [...attributes]);
        for (const [, name = ''] of text.matchAll(/customDimensions\.(\w+)/g))
          assert.ok(attributes.includes(name), `${where}: ${names} has no ${name}`);
      } else for (const name of names) assert.ok(Object.hasOwn(SPANS, name), `${where}: ${name}`);
    }
  });

  it('leave no metric and no message unasked for', () => {
    const all = queries.map(({ text }) => text).join('\n');
    const unused = [...metricNames, ...Object.keys(LOG_MESSAGES)].filter((name) => !all.includes(`'${name}'`));
    assert.deepEqual(unused, []);
  });
});

describe('alerts', () => {
  it('have a section each that says what to do', () => {
    const headings = [...operate.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replace(/[^a-z0-9 _-]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const { name, runbook } of alerts) {
      assert.equal(runbook, `docs/operate.md#alert-${name}`);
      assert.ok(headings.includes(`alert-${name}`), `no section for ${name}`);
    }
    const sections = headings
      .filter((heading) => heading.startsWith('alert-'))
      .map((heading) => heading.slice('alert-'.length));
    assert.deepEqual(sections.sort(), alerts.map(({ name }) => name).sort());
  });
});

describe('the workbook', () => {
  it('has the form that the portal takes', () => {
    assert.equal(workbook.version, 'Notebook/1.0');
    const VERSIONS: Readonly<Record<number, string | undefined>> = { 3: 'KqlItem/1.0', 9: 'KqlParameterItem/1.0' };
    for (const { type, content, name } of workbook.items) {
      assert.ok([1, 3, 9].includes(type), name);
      assert.equal(content.version, VERSIONS[type], name);
      if (type === 1) assert.equal(typeof content.json, 'string');
      if (type === 3)
        assert.deepEqual([content.queryType, content.resourceType], [0, 'microsoft.insights/components'], name);
    }
    const names = workbook.items.map(({ name }: { name: string }) => name);
    assert.equal(new Set(names).size, names.length, 'a name twice');
  });

  it('uses the parameters that it has', () => {
    const { content } = workbook.items.find(({ type }: { type: number }) => type === 9);
    const parameters = content.parameters.map(({ name }: { name: string }) => name);
    const used = queriesIn(workbook).flatMap((text) =>
      [...text.matchAll(/\{([A-Z]\w*)(?::\w+)?\}/g)].map(([, name]) => name),
    );
    assert.deepEqual([...new Set(used)].sort(), parameters.sort());
  });
});
