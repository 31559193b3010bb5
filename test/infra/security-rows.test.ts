import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { ROLES } from '../../src/functions/authorize.ts';
import { tableIn } from '../model/read-table.ts';
import { readBicepFiles } from '../support/read-bicep.ts';

const top = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const SECURITY = readFileSync(top('docs/security.md'), 'utf8');

/** Ids of Azure's own roles, from its documentation of built-in roles. */
const BUILT_IN: Readonly<Record<string, string>> = {
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
  '4633458b-17de-408a-b874-0445c86b69e6': 'Key Vault Secrets User',
  'b86a8fe4-44ce-4948-aee5-eccb2c155cd7': 'Key Vault Secrets Officer',
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1': 'Storage Blob Data Reader',
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': 'Storage Queue Data Contributor',
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Storage Table Data Contributor',
};
const OUR_OWN = /^(publisher|archivist|producer)RoleId$/;

interface Assignment {
  /** `studio-storage`: `functionArchives`, as the table has it. */
  readonly place: string;
  readonly role: string;
  readonly text: string;
}

const assignments: Assignment[] = readBicepFiles().flatMap(({ path, text }) =>
  [...text.matchAll(/^resource (\w+) 'Microsoft\.Authorization\/roleAssignments@[\s\S]*?^[\]}]$/gm)].map(
    ([body, name]) => {
      const module = path.replace('modules/', '').replace('.bicep', '');
      const role =
        /roleDefinitionId: (?:subscriptionResourceId\('[^']+', )?(\w+)\)?$/m.exec(body)?.[1] ?? assert.fail(body);
      return { place: `\`${module}\`: \`${name}\``, role: nameOf(role, text), text: body };
    },
  ),
);

function nameOf(role: string, text: string): string {
  const own = OUR_OWN.exec(role)?.[1];
  if (own !== undefined) return `Pull deploy ${own}`;
  const id = new RegExp(`^var ${role} = '([0-9a-f-]{36})'$`, 'm').exec(text)?.[1] ?? assert.fail(`no id for ${role}`);
  const name = BUILT_IN[id] ?? assert.fail(`${id} is no known role`);
  assert.equal(
    role,
    name.replaceAll(' ', '').replace(/^./, (first) => first.toLowerCase()),
    "a name that is not the id's",
  );
  return name;
}

describe('the rights in docs/security.md', () => {
  const rows = tableIn(SECURITY, 'Who');

  it('are those that the Bicep modules give, each with its role', () => {
    const given = rows
      .filter(([, , , , where]) => where !== 'by hand')
      .map(([, right = '', , , where]) => [where, right.replace(/, with a condition$/, '')]);
    assert.deepEqual(given.sort(), assignments.map(({ place, role }) => [place, role]).sort());
  });

  it('say who has them, on what and why', () => {
    for (const row of rows) assert.ok(row.length === 5 && row.every((cell) => cell.length > 2), row.join(' | '));
  });

  it('have a condition exactly where the modules set one, of version 2.0', () => {
    for (const { place, text } of assignments) {
      const row = rows.find(([, , , , where]) => where === place) ?? assert.fail(place);
      assert.equal(/condition: /.test(text), /, with a condition$/.test(row[1] ?? ''), place);
      assert.equal(/condition: /.test(text), /conditionVersion: '2\.0'/.test(text), place);
    }
  });

  it('have conditions whose brackets and quotes are balanced, on names without a wildcard before the org', () => {
    const conditions = assignments.flatMap(
      ({ text }) => /\bcondition: '(.*)'$/m.exec(text)?.[1]?.replaceAll("\\'", "'") ?? [],
    );
    assert.equal(conditions.length, 2);
    for (const condition of conditions) {
      for (const [open = '', close = ''] of ['()', '[]', '{}'])
        assert.equal(condition.split(open).length, condition.split(close).length, condition);
      assert.equal(condition.split("'").length % 2, 1, condition);
      assert.match(condition, /^\(\(!\(ActionMatches\{.*\}\)\) OR \(.*\)\)$/);
      for (const [, pattern = ''] of condition.matchAll(/String\w+ '([^']*)'/g))
        assert.match(pattern, /^[^*]*\$\{\w+\.org\}(-\*|\/\*)?$/);
    }
  });
});

describe('what docs/security.md says is kept of what was deleted', () => {
  it('is what the modules set', () => {
    const modules = readBicepFiles().filter(({ path }) => /(studio|environment)-storage/.test(path));
    const daysOf = (text: string, key: RegExp) => [...text.matchAll(key)].map(([, days]) => days);
    assert.deepEqual(
      modules.flatMap(({ text }) => daysOf(text, /eleteRetentionPolicy: \{\s+enabled: true\s+days: (\d+)/g)),
      ['30', '30', '30', '30'],
    );
    const main = readBicepFiles().find(({ path }) => path === 'main.bicep')?.text ?? '';
    const daysNamed = (name: string) =>
      new RegExp(`(?:^param ${name} int = |^ +${name}: )(\\d+)$`, 'm').exec(main)?.[1] ?? name;
    const versions = modules.flatMap(({ text }) =>
      daysOf(text, /version: \{\s+delete: \{\s+daysAfterCreationGreaterThan: (\w+)/g),
    );
    const said = tableIn(SECURITY, 'Blobs').map(([, when = '']) => /\d+/.exec(when)?.[0]);
    assert.deepEqual(versions.map((days = '') => daysNamed(days)).sort(), said.sort());
  });
});

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

/** What Azure would say, for as much of its language as is used here. */
function isAllowed(name: string, org: string, action: string, attributes: Readonly<Record<string, string>>): boolean {
  const { text } = assignments.find(({ place }) => place.endsWith(`\`${name}\``)) ?? assert.fail(name);
  const source = readBicepFiles().find((file) => file.text.includes(text))?.text ?? '';
  const filled = (/\bcondition: '(.*)'$/m.exec(text)?.[1] ?? '')
    .replaceAll("\\'", "'")
    .replace(/\$\{(\w+)\}/g, (_, variable) => new RegExp(`^var ${variable} = '(.*)'$`, 'm').exec(source)?.[1] ?? '')
    .replace(/\$\{\w+\.org\}/g, org);
  const isLike = (value: string, pattern: string) =>
    pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
  const expression = filled
    .replace(/ActionMatches\{'([^']+)'\}/g, (_, of) => String(of === action))
    .replace(/@Resource\[[^\]]+:(\w+)\] (StringEquals|StringLike) '([^']+)'/g, (_, key, operator, value) =>
      String(operator === 'StringLike' ? isLike(attributes[key] ?? '', value) : attributes[key] === value),
    )
    .replaceAll(' AND ', ' && ')
    .replaceAll(' OR ', ' || ');
  assert.match(expression, /^(true|false|[()!&| ])+$/, 'something of the condition was not understood');
  return runInNewContext(expression) as boolean;
}

describe('a condition', () => {
  it("lets a cluster read its org's containers and no others", () => {
    const read = (container: string) => isAllowed('clustersRead', 'ttd', `${BLOBS}/read`, { name: container });
    for (const own of ['cluster-ttd', 'app-ttd-parking', 'app-ttd-parking-permit']) assert.equal(read(own), true, own);
    for (const other of [
      'cluster-ttd2',
      'cluster-brg',
      'app-ttd2-parking',
      'app-brg-ttd',
      'xapp-ttd-a',
      'app-ttd',
      'incoming',
    ])
      assert.equal(read(other), false, other);
  });

  it("lets a producer write below its org's folder and nowhere else", () => {
    for (const action of ['write', 'add/action']) {
      const write = (path: string) => isAllowed('producersDrop', 'ttd', `${BLOBS}/${action}`, { path });
      assert.equal(write('ttd/parking/tt02/x.zip'), true);
      for (const other of ['brg/parking/tt02/x.zip', 'ttd2/x.zip', 'ttd', 'x/ttd/y.zip'])
        assert.equal(write(other), false, other);
    }
  });
});

describe('the sample of app roles', () => {
  it('has every kind of role that a call may need, with ids of their own', () => {
    const roles = JSON.parse(readFileSync(top('infra/app-roles.sample.json'), 'utf8')) as {
      id: string;
      value: string;
    }[];
    assert.deepEqual(
      roles.map(({ value }) => value.replace(/\..*/, '.')).sort(),
      [...ROLES, 'deployer.', 'org.'].sort(),
    );
    assert.equal(new Set(roles.map(({ id }) => id)).size, roles.length);
  });
});
