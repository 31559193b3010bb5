import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readDocument } from '../../src/accept/read-document.ts';
import { toYaml } from '../../src/build/emit.ts';

const read = (text: string | Buffer) => readDocument('deploy/x.yaml', Buffer.from(text));

function assertRefused(code: 'YAML_INVALID' | 'YAML_UNSAFE', text: string | Buffer, message = /./): void {
  const { value, problems } = read(text);
  const shown = JSON.stringify(String(text).slice(0, 80));
  assert.ok(
    problems.some((problem) => problem.code === code && message.test(problem.message)),
    `${shown}: expected ${code} ${message}, found ${JSON.stringify(problems.slice(0, 5))}`,
  );
  assert.equal(value, undefined, shown);
  assert.ok(problems.every(({ path }) => path === 'deploy/x.yaml'));
}

describe('readDocument', () => {
  it('reads what the platform writes', () => {
    const value = { a: ['x', { b: null }], text: 'on', lines: 'one\ntwo\n', '0400': 0.5, empty: {} };
    assert.deepEqual(read(toYaml(value)), { value, problems: [] });
  });

  it('reads any JSON value back that our own writer wrote', () => {
    const text = fc
      .string({ unit: 'grapheme' })
      .filter((s) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufeff\ufffe\uffff]/u.test(s));
    const key = text.filter((s) => s !== '<<' && s !== '__proto__');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(key, tie('node'), { maxKeys: 5 }),
      node: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('node'), { maxLength: 4 }),
        tie('tree'),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        assert.deepEqual(read(toYaml(plain)), { value: plain, problems: [] });
      }),
      { numRuns: 300 },
    );
  });

  it('takes what YAML 1.1 would read as something else for what YAML 1.2 says it is', () => {
    assert.deepEqual(read('a: yes\nb: 0400\nc: 2001-01-01\nd: 1_000\ne: 12:30\n').value, {
      ...{ a: 'yes', b: 400, c: '2001-01-01', d: '1_000', e: '12:30' },
    });
  });

  it('takes an empty document for null', () => {
    for (const text of ['', '\n', '# nothing\n', '---\n']) assert.deepEqual(read(text), { value: null, problems: [] });
  });

  it('refuses what does not parse, and names the line', () => {
    for (const text of ['a: [', 'a: b: c', '"x', 'a:\n\t- b', '@x', 'a: 1\nb', '{a: 1'])
      assertRefused('YAML_INVALID', text);
    assertRefused('YAML_INVALID', 'a: 1\nb: [\n', /x\.yaml, line [23]:/);
    assertRefused('YAML_INVALID', Buffer.from([0x61, 0x3a, 0x20, 0xe5]), /UTF-8/);
  });

  it('refuses the same key twice', () => {
    for (const text of ['a: 1\na: 2\n', '{a: 1, "a": 2}', 'x:\n  a: 1\n  a: 1\n'])
      assertRefused('YAML_INVALID', text, /unique/);
  });

  it('refuses several documents', () => {
    for (const text of ['a: 1\n---\nb: 2\n', '---\na: 1\n---\n', '---\n---\n'])
      assertRefused('YAML_INVALID', text, /multiple documents/);
  });

  it('refuses anchors and aliases', () => {
    for (const text of ['a: &x 1\n', 'a: &x {b: 1}\n', '&x a: 1\n', 'a: &x\n'])
      assertRefused('YAML_UNSAFE', text, /an anchor/);
    assertRefused('YAML_UNSAFE', 'a: &x 1\nb: *x\n', /an alias/);
    assertRefused('YAML_UNSAFE', 'a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n', /an alias/);
  });

  it('refuses tags', () => {
    for (const tag of ['!!str', '!!int', '!!binary', '!!map', '!mine', '!', '!<tag:yaml.org,2002:str>'])
      assert.ok(read(`a: ${tag} x\n`).problems.length > 0, tag);
    assertRefused('YAML_UNSAFE', 'a: !!str 1\n', /the tag/);
    assertRefused('YAML_UNSAFE', 'a: !!map {}\n', /the tag/);
  });

  it('refuses merge keys, quoted or not, and keys that are not strings', () => {
    for (const key of ['<<', '"<<"', '1', '1.5', 'true', 'null', '~', '? [a]\n', '? {a: 1}\n', '.inf'])
      assertRefused('YAML_UNSAFE', `${key}: {a: 1}\n`, /only strings/);
    assertRefused('YAML_UNSAFE', ': a\n', /only strings/);
    assert.deepEqual(read('"1": a\n"true": b\n').problems, []);
  });

  it('refuses numbers that other parsers round', () => {
    for (const number of [
      '9007199254740993',
      '-9007199254740993',
      '1e300',
      '1e400',
      '.inf',
      '-.inf',
      '.nan',
      '0xffffffffffffffff',
    ])
      assertRefused('YAML_UNSAFE', `a: ${number}\n`, /2\^53|JSON lacks/);
    assert.deepEqual(read('a: 9007199254740991\n').value, { a: Number.MAX_SAFE_INTEGER });
  });

  it('refuses what is nested too deeply, in brackets or by indentation', () => {
    assertRefused('YAML_UNSAFE', '['.repeat(500_000), /deeper than 64/);
    assertRefused('YAML_UNSAFE', '{a: '.repeat(65) + '}'.repeat(65), /deeper than 64/);
    const indented = (depth: number) => Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:\n`).join('');
    assertRefused('YAML_UNSAFE', indented(70), /deeper than 64/);
    assertRefused('YAML_UNSAFE', `${'- '.repeat(200)}a`, /deeper than 64/);
    assert.deepEqual(read(indented(60)).problems, []);
    assert.deepEqual(read('['.repeat(60) + ']'.repeat(60)).problems, []);
  });

  it('refuses a byte order mark and control characters', () => {
    for (const char of ['\ufeff', '\0', '\u0007', '\u001b', '\u007f', '\u0084', '\u009f', '\uffff'])
      assertRefused('YAML_UNSAFE', `a: "x${char}"\n`, /control/);
    assertRefused('YAML_UNSAFE', '\ufeffa: 1\n', /control/);
  });

  it('refuses more than 1 MiB', () => {
    assertRefused('YAML_UNSAFE', `a: ${'x'.repeat(2 ** 20)}`, /at most 1048576/);
    assert.deepEqual(read(`a: ${'x'.repeat(2 ** 20 - 10)}`).problems, []);
  });

  it('makes an own property of __proto__, and changes no prototype', () => {
    const { value } = read('__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n');
    assert.ok(Object.hasOwn(value as object, '__proto__'));
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it('refuses control characters and half surrogates that are written as escapes', () => {
    for (const char of ['\\0', '\\x07', '\\e', '\\u009f', '\\ud800']) assertRefused('YAML_UNSAFE', `a: "${char}"\n`);
  });

  it('refuses directives', () => {
    assertRefused('YAML_UNSAFE', '%YAML 1.1\n---\na: yes\nb: 0400\n');
    assertRefused('YAML_UNSAFE', '%TAG ! tag:example.org,2000:\n---\na: 1\n');
  });

  it('reports a bounded number of problems', () => {
    assert.ok(read('"\n'.repeat(5_000)).problems.length <= 100);
  });

  it('survives sequences that are nested thousands deep', () => {
    const script = `
      import { readDocument } from './src/accept/read-document.ts';
      for (const n of [1000, 2000, 5000, 20000, 100000, 5000, 2000])
        for (const opening of ['- ', '? ', '- - a: '])
          if (readDocument('x', Buffer.from(opening.repeat(n) + 'a')).problems[0].code !== 'YAML_UNSAFE') process.exit(3);`;
    const child = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      cwd: new URL('../..', import.meta.url),
    });
    assert.equal(child.status, 0, `${child.signal ?? ''} ${child.stderr.toString().slice(0, 300)}`);
  });
});
