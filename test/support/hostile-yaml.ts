import { createHash } from 'node:crypto';
import { HELM_RELEASE_DOCUMENT, VALUES_DOCUMENT } from '../../src/model/artifact.ts';
import { added, edited, file, type Hostile, type HostileFamily, ORIGINAL } from './hostile-alterations.ts';
import type { Alterations } from './make-artifact.ts';

const values = (text: string | Buffer): Alterations => added(VALUES_DOCUMENT, text);
const before = (text: string | Buffer): Hostile =>
  file(VALUES_DOCUMENT, Buffer.concat([Buffer.from(text), ORIGINAL.get(VALUES_DOCUMENT) as Buffer]));

const LAUGHS = Array.from({ length: 9 }, (_, i) => {
  const of = i === 0 ? '"lol"' : `*l${i - 1}`;
  return `l${i}: &l${i} [${Array(9).fill(of).join(', ')}]\n`;
}).join('');

/** What a parser expands. */
const REFERENCES: HostileFamily = {
  'YAML_UNSAFE.anchor': values('a: &a 1\n'),
  'YAML_UNSAFE.anchor-on-a-map': values('a: &a {b: 1}\n'),
  'YAML_UNSAFE.alias': file(VALUES_DOCUMENT, 'a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n'),
  'YAML_UNSAFE.alias-as-a-key': values('a: &a x\n*a : 1\n'),
  'YAML_UNSAFE.alias-of-itself': values('a: &a [*a]\n'),
  'YAML_UNSAFE.billion-laughs': values(LAUGHS),
  'YAML_UNSAFE.quadratic-blow-up': values(`a: &a ${'x'.repeat(5_000)}\nb: [${Array(50).fill('*a').join(', ')}]\n`),
  'YAML_UNSAFE.merge-key': values('<<: {replicaCount: 9}\n'),
  'YAML_UNSAFE.merge-key-of-an-alias': values('a: &a {b: 1}\nc:\n  <<: *a\n'),
  'YAML_UNSAFE.merge-key-in-quotes': values('"<<": {replicaCount: 9}\n'),
  'YAML_UNSAFE.merge-key-in-the-release': edited(HELM_RELEASE_DOCUMENT, [
    'spec:\n',
    'spec:\n  <<: {serviceAccountName: admin}\n',
  ]),
};

const tagged = (tag: string, value = '"x"'): Hostile => values(`a: ${tag} ${value}\n`);

/** What says how a parser is to read on. */
const TAGS: HostileFamily = {
  'YAML_UNSAFE.tag-str': tagged('!!str', '1'),
  'YAML_UNSAFE.tag-omap': tagged('!!omap', '[a: 1]'),
  'YAML_UNSAFE.tag-binary': tagged('!!binary', 'aGVsbG8='),
  'YAML_UNSAFE.tag-timestamp': tagged('!!timestamp', '2024-01-01'),
  'YAML_UNSAFE.tag-merge': values('!!merge a: {b: 1}\n'),
  'YAML_UNSAFE.tag-python-object': tagged('!!python/object/apply:os.system', '["id"]'),
  'YAML_UNSAFE.tag-js-function': tagged('!!js/function', '"function () { return 1 }"'),
  'YAML_UNSAFE.tag-custom': tagged('!mine'),
  'YAML_UNSAFE.tag-not-specific': tagged('!', '1'),
  'YAML_UNSAFE.tag-verbatim': tagged('!<tag:yaml.org,2002:str>', '1'),
  'YAML_UNSAFE.tag-on-a-key': values('!!str a: 1\n'),
  'YAML_UNSAFE.directive-yaml-1.1': before('%YAML 1.1\n---\n'),
  'YAML_UNSAFE.directive-tag': before('%TAG ! tag:example.org,2024:\n---\n'),
  'YAML_UNSAFE.directive-unknown': before('%FOO bar\n---\n'),
};

/** Keys and documents of which there is more than one, or none that JSON knows. */
const KEYS: HostileFamily = {
  'YAML_INVALID.key-twice': values('service: {}\n'),
  'YAML_INVALID.key-twice-escaped': values('"\\x73ervice": {name: other}\n'),
  'YAML_INVALID.key-twice-within': values('a: {b: 1, b: 2}\n'),
  'YAML_INVALID.key-twice-in-the-release': added(HELM_RELEASE_DOCUMENT, 'spec: {}\n'),
  'YAML_UNSAFE.key-number': values('1: a\n'),
  'YAML_UNSAFE.key-boolean': values('true: a\n'),
  'YAML_UNSAFE.key-null': values('null: a\n'),
  'YAML_UNSAFE.key-empty': values(': a\n'),
  'YAML_UNSAFE.key-list': values('? [a, b]\n: c\n'),
  'YAML_INVALID.two-documents': file(HELM_RELEASE_DOCUMENT, 'a: 1\n---\nkind: Namespace\n'),
  'YAML_INVALID.two-documents-behind-an-end': added(
    HELM_RELEASE_DOCUMENT,
    '...\n---\napiVersion: v1\nkind: Namespace\n',
  ),
};

/** Values that one parser has and another has not. */
const SCALARS: HostileFamily = {
  'YAML_UNSAFE.integer-beyond-2-to-the-53': values('a: 9007199254740993\n'),
  'YAML_UNSAFE.integer-in-hex': values('a: 0xffffffffffffffff\n'),
  'YAML_UNSAFE.float-that-is-a-large-integer': values('a: 1e300\n'),
  'YAML_UNSAFE.float-too-large': values('a: 1e999\n'),
  'YAML_UNSAFE.infinity': values('a: .inf\n'),
  'YAML_UNSAFE.not-a-number': values('a: .nan\n'),
  'YAML_UNSAFE.nul': values('a: "\0"\n'),
  'YAML_UNSAFE.control-character': values('a: x\x07y\n'),
  'YAML_UNSAFE.control-character-in-comment': values('# \x1b[2J\n'),
  'YAML_UNSAFE.c1-control': values('a: x\x9by\n'),
  'YAML_UNSAFE.nul-escaped': values('a: "\\0"\n'),
  'YAML_UNSAFE.control-character-escaped': values('a: "\\x07"\n'),
  'YAML_UNSAFE.control-character-escaped-in-a-key': values('"a\\x01": 1\n'),
  'YAML_UNSAFE.line-separator': values('a: "x\u2028y"\n'),
  'YAML_UNSAFE.line-separator-escaped': values('a: "x\\Ly"\n'),
  'YAML_UNSAFE.next-line': values('a: "x\\Ny"\n'),
  'YAML_UNSAFE.key-of-1010-characters': values(`${'k'.repeat(1_010)}: 1\n`),
  'YAML_UNSAFE.byte-order-mark': before('\ufeff'),
  'YAML_UNSAFE.high-half-of-a-surrogate-pair': values('a: "\\ud800"\n'),
  'YAML_UNSAFE.low-half-of-a-surrogate-pair': values('a: "\\udc00x"\n'),
};

/** Text that does not parse, or is too much to parse. */
const TEXTS: HostileFamily = {
  'YAML_INVALID.tab-as-indentation': values('a:\n\tb: 1\n'),
  'YAML_INVALID.list-unfinished': values('a: [1, 2\n'),
  'YAML_INVALID.map-unfinished': values('a: {b: 1\n'),
  'YAML_INVALID.quote-unfinished': values('a: "b\n'),
  'YAML_INVALID.not-utf-8': values(Buffer.from('a: caf\xe9\n', 'latin1')),
  'YAML_INVALID.utf-16': file(VALUES_DOCUMENT, Buffer.from(`\ufeff${ORIGINAL.get(VALUES_DOCUMENT)}`, 'utf16le')),
  'YAML_UNSAFE.nested-lists': values(`a: ${'['.repeat(5_000)}${']'.repeat(5_000)}\n`),
  'YAML_UNSAFE.nested-lists-unfinished': values(`a: ${'['.repeat(20_000)}`),
  'YAML_UNSAFE.nested-maps': values(`a: ${'{a: '.repeat(100)}1${'}'.repeat(100)}\n`),
  'YAML_UNSAFE.nested-blocks': values(Array.from({ length: 100 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')),
  'YAML_UNSAFE.nested-list-dashes': values(`a:\n${'- '.repeat(1_000)}x\n`),
  'YAML_UNSAFE.over-a-mebibyte': values(`# ${noise(24_000)}${'x'.repeat(2 ** 20)}\n`),
  'YAML_UNSAFE.faults': values(']'.repeat(140_000)),
  'YAML_UNSAFE.tokens': values(`a: 1\n${'#\n'.repeat(80_000)}`),
  'YAML_UNSAFE.items': values(`a: [${'1,'.repeat(30_000)}]\n`),
  'YAML_UNSAFE.pairs-without-a-key': values(':\n\n'.repeat(30_000)),
};

/** Text that hardly compresses, so that its size is not taken for a bomb's. The same each time. */
function noise(bytes: number): string {
  let text = '';
  for (let i = 0; text.length < bytes; i++) text += createHash('sha256').update(String(i)).digest('hex');
  return text.slice(0, bytes);
}

export const HOSTILE_YAML: HostileFamily = { ...REFERENCES, ...TAGS, ...KEYS, ...SCALARS, ...TEXTS };
