import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, filesDigest, sha256 } from '../../src/model/digest.ts';
import { isRecord } from '../../src/model/is-record.ts';

/** The same value with the keys of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reordered(inner)]),
  );
}

describe('canonicalJson', () => {
  it('gives equal values equal bytes, whatever the order of their keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => assert.equal(canonicalJson(reordered(value)), canonicalJson(value))),
    );
  });

  it('loses nothing', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        assert.deepEqual(JSON.parse(canonicalJson(value)), value);
      }),
    );
  });

  it('sorts keys by code point, at every depth, and leaves arrays as they are', () => {
    assert.equal(
      canonicalJson({ b: [{ d: 1, c: 2 }, 3], B: 0, '\u{1f600}': 1, '\uffff': 2 }),
      '{"B":0,"b":[{"c":2,"d":1},3],"\uffff":2,"\u{1f600}":1}',
    );
  });
});

describe('filesDigest', () => {
  const file = (path: string, content: string) => ({ path, size: content.length, sha256: sha256(content) });
  it('does not depend on the order of the files', () => {
    const files = [file('b', '1'), file('a', '2'), file('a/b', '3')];
    assert.equal(filesDigest(files), filesDigest([...files].reverse()));
  });
  it('changes with every path and content', () => {
    const digests = [[], [file('a', '1')], [file('a', '2')], [file('b', '1')], [file('a', '1'), file('b', '1')]].map(
      filesDigest,
    );
    assert.equal(new Set(digests).size, digests.length);
  });
  it('is what sha256sum gives for a list of sha256sum', () => {
    assert.equal(filesDigest([file('a', '1')]), sha256(`${sha256('1')}  a\n`));
  });
});
