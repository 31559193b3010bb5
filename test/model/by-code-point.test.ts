import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { byCodePoint, sortedSet } from '../../src/model/by-code-point.ts';

describe('byCodePoint', () => {
  it('sorts a surrogate pair behind every character of one unit', () => {
    const sorted = ['a', 'å', '\ue000', '\uffff', '\u{10000}', '\u{1f600}'];
    assert.deepEqual([...sorted].reverse().sort(byCodePoint), sorted);
    assert.ok('\u{10000}' < '\uffff', 'which is not what comparing strings does');
  });

  it('sorts as UTF-8 bytes do', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const points = (s: string) => [...s].map((char) => char.codePointAt(0) ?? 0);
        const [x, y] = [points(a), points(b)];
        const at = x.findIndex((point, index) => point !== y[index]);
        const expected = at === -1 ? Math.sign(x.length - y.length) : Math.sign((x[at] ?? 0) - (y[at] ?? -1));
        assert.equal(Math.sign(byCodePoint(a, b)), expected);
      }),
    );
  });

  it('puts capitals first and a folder behind what sorts before the slash, in any locale', () => {
    assert.deepEqual(['b', 'a/b', 'a-b', 'B', 'a'].sort(byCodePoint), ['B', 'a', 'a-b', 'a/b', 'b']);
  });
});

describe('sortedSet', () => {
  it('is the same for lists that differ in order and repetitions', () => {
    const list = ['b', 'a', '\u{10000}', 'b', '\uffff'];
    assert.deepEqual(sortedSet(list), ['a', 'b', '\uffff', '\u{10000}']);
    assert.deepEqual(sortedSet([...list].reverse()), sortedSet(list));
    assert.equal(list.length, 5, 'it was changed');
  });
});
