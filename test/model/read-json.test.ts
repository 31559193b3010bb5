import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type JsonReading, readJson } from '../../src/model/read-json.ts';

const LIMITS = { maxBytes: 8 * 2 ** 20, maxDepth: 64, maxTokens: 2 ** 23 };
const read = (text: string | Buffer): JsonReading => readJson(Buffer.from(text), LIMITS);

function readValue(text: string): unknown {
  const reading = read(text);
  assert.equal(reading.fault, undefined, text);
  return 'value' in reading ? reading.value : undefined;
}

function assertRefused(fault: 'invalid' | 'unsafe', text: string | Buffer, message = /./): void {
  const reading = read(text);
  const shown = JSON.stringify(String(text).slice(0, 60));
  assert.equal(reading.fault, fault, shown);
  assert.match('message' in reading ? reading.message : '', message, shown);
}

describe('readJson', () => {
  it('reads any JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, '\t'), (text, indent) => {
        const value: unknown = JSON.parse(text);
        assert.deepEqual(read(JSON.stringify(value, null, indent)), { value });
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
      '{"a":1,:2}',
      '{:1,:2}',
      '{"a":"\\\\","a\\\\":"}',
    ])
      assertRefused('invalid', text);
    assertRefused('invalid', Buffer.from([0x22, 0xff, 0x22]), /UTF-8/);
    assertRefused('invalid', '\ufeff{}');
  });

  it('refuses the same key twice in one object, however it is written', () => {
    for (const text of [
      '{"a":1,"a":2}',
      '{"a":1,"\\u0061":2}',
      '{"x":[{"a":{},"b":":","a":1}]}',
      '{"a":{"a":1},"b":0,"a":1}',
      '{"__proto__":1,"__proto__":2}',
    ])
      assertRefused('unsafe', text, /twice/);
    for (const text of [
      '{"a":{"a":1},"b":{"a":1}}',
      '[{"a":1},{"a":1}]',
      '{"a":"a","b":"a"}',
      '{"a":"\\"a\\":1,","b":1}',
    ])
      assert.equal(read(text).fault, undefined, text);
  });

  it('finds every doubled key that JSON.parse would drop', () => {
    const key = fc.constantFrom('a', 'b', 'c', '', ':', '"', '\\');
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.json({ maxDepth: 1 })), { maxLength: 6 }), (pairs) => {
        const text = `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
        const doubled = new Set(pairs.map(([name]) => name)).size < pairs.length;
        assert.equal(read(text).fault !== undefined, doubled, text);
      }),
    );
  });

  it('refuses what is nested too deeply, before it is parsed', () => {
    for (const open of ['[', '{"a":']) assertRefused('unsafe', open.repeat(1_000_000), /deeper than 64/);
    assertRefused('unsafe', '['.repeat(65) + ']'.repeat(65), /deeper than 64/);
    assert.equal(read('['.repeat(64) + ']'.repeat(64)).fault, undefined);
  });

  it('refuses more bytes than are taken', () => {
    const most = (maxBytes: number) => readJson(Buffer.from('[1,2,3]'), { ...LIMITS, maxBytes }).fault;
    assert.deepEqual([most(6), most(7)], ['unsafe', undefined]);
  });

  it('refuses more tokens than are taken', () => {
    const most = (maxTokens: number) => readJson(Buffer.from('{"a":["b",1]}'), { ...LIMITS, maxTokens }).fault;
    assert.deepEqual([most(7), most(8)], ['unsafe', undefined]);
  });

  it('keeps a key named __proto__ an own property', () => {
    const value = readValue('{"__proto__":{"polluted":true}}');
    assert.ok(Object.hasOwn(value as object, '__proto__'));
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it('survives the largest texts', () => {
    for (const text of [
      `{"a":"${'x'.repeat(7e6)}"}`,
      `{"a":"${'\\n'.repeat(3e6)}"}`,
      `[${'[],'.repeat(1e6)}[]]`,
      ','.repeat(2e6),
      '"'.repeat(2e6),
    ])
      read(text);
  });
});
