import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toJsonDocument, toYaml } from '../../src/build/emit.ts';
import { readValues } from '../../src/build/read-values.ts';
import { findKubernetesTools } from '../support/kubernetes-tools.ts';
import { kustomize } from '../support/sample-kustomize.ts';

/*
 * kustomize reads YAML with the parser that the former pipeline's tools read it with, Go's yaml.v3: what it makes of a
 * document is what "as Go reads it" means.
 */

const { skip, kubectl } = await findKubernetesTools();

/** What Go reads below `spec`; the text after it is as it is in the file. */
async function readByGo(spec: string): Promise<unknown> {
  const object = `apiVersion: example.com/v1\nkind: Example\nmetadata: {name: example}\nspec:${spec}\n`;
  const { objects, error } = await kustomize(kubectl, {
    'example.yaml': object,
    'kustomization.yaml': 'resources: [example.yaml]\n',
  });
  if (objects === undefined) throw new Error(error);
  return objects[0].spec;
}

const below = (text: string): string => `\n${text.replace(/^(?=.)/gm, '  ')}`;

describe('an app’s values are read as Go reads them', { skip }, () => {
  const SCALARS = [
    ...[
      '0400',
      '0o400',
      '-0400',
      '-0o17',
      '0_400',
      '08',
      '089',
      '00',
      '0',
      '-1',
      '+12',
      '1_000',
      '1__0_',
      '12345678901',
    ],
    ...['0x1f', '-0x1f', '0xDEAD_BEEF', '0b1010', '-0b11', '0x', '0xg', '0b12', '0b', '0o8', '0o', '1,000', '1.2.3'],
    ...['1.10', '1.', '.5', '-.5', '+.5e-3', '1_000.5', '12e03', '1e3', '1E-2', '1e+2', '1e', 'e1', '.', '._5', '_1'],
    ...['yes', 'no', 'on', 'off', 'y', 'N', 'true', 'True', 'TRUE', 'tRUE', 'false', 'null', 'Null', '~', '', 'nULL'],
    ...['1:30', '190:20:30', 'Infinity', 'NaN', 'inf', '=', '-_', '"0400"', "'1_000'", '!!str 12', '!!int "12"', '10e'],
    ...['0X1F', '0O17', '0B11'],
  ];
  it('number, truth value, null or text', async () => {
    const file = SCALARS.map((scalar, i) => `k${i}: ${scalar}\n`).join('');
    const byGo = (await readByGo(below(file))) as Record<string, unknown>;
    const ours = readValues(file);
    const readAs = (values: Record<string, unknown>) => SCALARS.map((scalar, i) => [scalar, values[`k${i}`]]);
    assert.deepEqual(readAs(ours), readAs(byGo));
  });

  it('with underscores in places where nobody puts them', async () => {
    for (const scalar of ['+_1', '0_x1f', '1_0e1_0', '-_0400', '.5_5'])
      assert.deepEqual(readValues(`a: ${scalar}\n`), await readByGo(below(`a: ${scalar}\n`)), scalar);
  });

  const FILES: Readonly<Record<string, string>> = {
    'aliases and merge keys': `
a: &a {x: 1, y: [1, 2]}
b: &b {x: 5, z: 1}
c: *a
d:
  <<: [*a, *b]
e:
  <<: *a
  x: 9
f:
  x: 9
  <<: *b
`,
    'blocks of text': `
literal: |
  one
    two

  three
folded: >-
  one
  two

  three
kept: |+
  one

plain: one
  two
quoted: "one
  two\\
  three\\n"
single: 'it''s
  two'
`,
    'keys that look like something else': 'yes: 1\non: 2\n"1": 3\n"true": 4\nnull-ish: 5\n',
    'lists and maps on one line': 'a: [1, yes, {b: c, "d": [e]}, ]\nf: {g: [], h: {}}\n',
  };
  for (const [title, file] of Object.entries(FILES))
    it(title, async () => {
      assert.deepEqual(readValues(file), await readByGo(below(file.trim())));
    });
});

const ODD_STRINGS = [
  ...['yes', 'no', 'on', 'off', 'y', 'N', 'True', 'null', '~', '', ' ', '0400', '0o17', '0x1f', '0b11', '1_000', '1e3'],
  ...[
    '1.10',
    '.inf',
    '.nan',
    '2024-01-01',
    '2024-01-01T10:00:00Z',
    '1:30',
    '=',
    '<<',
    '-',
    '?',
    ':',
    '- a',
    'a: b',
    'a #b',
  ],
  ...['#', '*a', '&a', '!a', '%a', '@a', '`a', '{', '[', '}', ']', ',', '|', '>', '---', '...', '"', "'", '\\', '\\n'],
  ...[
    'a\nb',
    '\n',
    'a\n\n',
    ' a',
    'a ',
    '\t',
    'a\r\nb',
    'æøå',
    'e\u0301',
    '\u00a0',
    '\u{1f389}',
    'x'.repeat(2_000),
    'a$',
  ],
];
const GO_NUMBERS = ['0X1F', '0O17', '0B11', '+_1', '0_x1f', '1_0e1_0'];
/** Longer ones are refused where values are read, and merge keys in quotes too: kustomize can't take them. */
const isTakenAsKey = (string: string): boolean => string.length <= 1_000 && string !== '<<';

describe('the text that we write is read by Go as the same text', { skip }, () => {
  const asKeys = (strings: readonly string[]) =>
    Object.fromEntries(strings.filter(isTakenAsKey).map((string, i) => [string, i]));

  it('in the JSON that is published', async () => {
    const strings = [...ODD_STRINGS, ...GO_NUMBERS, '\ufeff', 'a\ufeffb'];
    assert.deepEqual(await readByGo(` ${toJsonDocument(strings)}`), strings);
    assert.deepEqual(await readByGo(` ${toJsonDocument(asKeys(strings))}`), asKeys(strings));
  });

  it('in the YAML of the artifact', async () => {
    assert.deepEqual(await readByGo(below(toYaml(ODD_STRINGS))), ODD_STRINGS);
    assert.deepEqual(await readByGo(below(toYaml(asKeys(ODD_STRINGS)))), asKeys(ODD_STRINGS));
  });

  it('in the YAML of the artifact, where only Go sees a number', async () => {
    assert.deepEqual(await readByGo(below(toYaml(GO_NUMBERS))), GO_NUMBERS);
  });
});
