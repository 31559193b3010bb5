import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readJson } from '../../src/accept/read-json.ts';

const MAX = 8 * 2 ** 20;
const read = (text: string | Buffer) => readJson('artifact.json', Buffer.from(text), MAX);

function assertRefused(code: 'YAML_INVALID' | 'YAML_UNSAFE', text: string | Buffer, message = /./): void {
  const { value, problems } = read(text);
  const shown = JSON.stringify(String(text).slice(0, 60));
  assert.deepEqual([value, problems.length, problems[0]?.code], [undefined, 1, code], shown);
  assert.match(problems[0]?.message ?? '', message, shown);
}

describe('readJson', () => {
  it('reads any JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, '\t'), (text, indent) => {
        const value: unknown = JSON.parse(text);
        assert.deepEqual(read(JSON.stringify(value, null, indent)), { value, problems: [] });
      }),
    );
  });

  it('refuses what is not JSON', () => {
    for (const text of [
      '',
      ' ',
      '{',
      '{"a":1,}',
      "{'a': 1}",
      '{a: 1}',
      '[1,]',
      '01',
      '"\n"',
      'NaN',
      '{} {}',
      '{"a" 1}',
      '// x\n{}',
      '"x',
      '{"a":"b\\"}',
    ])
      assertRefused('YAML_INVALID', text);
    assertRefused('YAML_INVALID', Buffer.from([0x22, 0xff, 0x22]), /UTF-8/);
    assertRefused('YAML_INVALID', '\ufeff{}');
  });

  it('refuses the same key twice in one object, however it is written', () => {
    for (const text of [
      '{"a":1,"a":2}',
      '{"a":1,"\\u0061":2}',
      '{"x":[{"a":{},"b":":","a":1}]}',
      '{"a":{"a":1},"b":0,"a":1}',
      '{"__proto__":1,"__proto__":2}',
    ])
      assertRefused('YAML_UNSAFE', text, /twice/);
    for (const text of [
      '{"a":{"a":1},"b":{"a":1}}',
      '[{"a":1},{"a":1}]',
      '{"a":"a","b":"a"}',
      '{"a":"\\"a\\":1,","b":1}',
    ])
      assert.deepEqual(read(text).problems, [], text);
  });

  it('finds every doubled key that JSON.parse would drop', () => {
    const key = fc.constantFrom('a', 'b', 'c', '', ':', '"', '\\');
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.json({ maxDepth: 1 })), { maxLength: 6 }), (pairs) => {
        const text = `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
        const doubled = new Set(pairs.map(([name]) => name)).size < pairs.length;
        assert.equal(read(text).problems.length > 0, doubled, text);
      }),
    );
  });

  it('refuses what is nested too deeply, before it is parsed', () => {
    for (const open of ['[', '{"a":']) assertRefused('YAML_UNSAFE', open.repeat(1_000_000), /deeper than 64/);
    assertRefused('YAML_UNSAFE', '['.repeat(65) + ']'.repeat(65), /deeper than 64/);
    assert.deepEqual(read('['.repeat(64) + ']'.repeat(64)).problems, []);
  });

  it('refuses more bytes than are taken', () => {
    const { problems } = readJson('artifact.json', Buffer.from('[1,2,3]'), 6);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['YAML_UNSAFE'],
    );
    assert.deepEqual(readJson('artifact.json', Buffer.from('[1,2,3]'), 7).problems, []);
  });

  it('keeps a key named __proto__ an own property', () => {
    const { value } = read('{"__proto__":{"polluted":true}}');
    assert.ok(Object.hasOwn(value as object, '__proto__'));
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it('takes the largest texts in little time', () => {
    const started = performance.now();
    for (const text of [
      `{"a":"${'x'.repeat(7e6)}"}`,
      `{"a":"${'\\n'.repeat(3e6)}"}`,
      `[${'[],'.repeat(1e6)}[]]`,
      ','.repeat(2e6),
      '"'.repeat(2e6),
    ])
      read(text);
    assert.ok(performance.now() - started < 5_000, `${performance.now() - started} ms`);
  });
});
