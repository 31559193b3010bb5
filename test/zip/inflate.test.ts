import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import type { AppError } from '../../src/errors.ts';
import { sha256 } from '../../src/model/digest.ts';
import { digestEntry, inflateEntry } from '../../src/zip/inflate.ts';
import type { ZipEntry } from '../../src/zip/read-entry.ts';

const TEXT = Buffer.from('What was packed. '.repeat(100));

function entry(changes: Partial<ZipEntry> & { content?: Buffer } = {}): ZipEntry {
  const { content = TEXT, ...rest } = changes;
  return {
    path: 'a',
    deflated: true,
    data: deflateRawSync(content),
    crc32: crc32(content),
    size: content.length,
    ...rest,
  };
}

const assertWrong = (broken: ZipEntry, message: RegExp) =>
  assert.rejects(inflateEntry(broken), { name: 'AppError', code: 'ZIP_DATA', message });

describe('inflateEntry', () => {
  it('gives the content of deflated, stored, empty and large entries', async () => {
    const large = Buffer.alloc(300_000, 'large ');
    for (const content of [TEXT, Buffer.alloc(0), large]) {
      assert.deepEqual(await inflateEntry(entry({ content })), content);
      assert.deepEqual(await inflateEntry(entry({ content, deflated: false, data: content })), content);
    }
  });

  for (const deflated of [true, false])
    it(`refuses a CRC-32 that does not fit, ${deflated ? 'deflated' : 'stored'}`, async () => {
      const data = deflated ? deflateRawSync(TEXT) : TEXT;
      await assertWrong(entry({ deflated, data, crc32: crc32(TEXT) ^ 1 }), /CRC-32/);
    });

  it('refuses a size that is said too large or too small', async () => {
    for (const size of [TEXT.length + 1, TEXT.length * 1_000]) {
      await assertWrong(entry({ size }), /bytes instead of/);
      await assertWrong(entry({ size, deflated: false, data: TEXT }), /bytes instead of/);
    }
    for (const size of [TEXT.length - 1, 1, 0]) await assertWrong(entry({ size }), /does not inflate to/);
    await assertWrong(entry({ content: Buffer.from('x'), size: 0 }), /bytes instead of 0/);
  });

  it('refuses bytes behind the end of the deflate stream', async () => {
    await assertWrong(entry({ data: Buffer.concat([deflateRawSync(TEXT), Buffer.alloc(1)]) }), /behind the end/);
    const large = Buffer.alloc(300_000, 'x');
    const data = Buffer.concat([deflateRawSync(large), deflateRawSync(large)]);
    await assertWrong(entry({ content: large, data }), /behind the end/);
  });

  it('refuses a stream that is cut short, or is none', async () => {
    const data = deflateRawSync(TEXT);
    for (let length = 0; length < data.length; length++)
      await assertWrong(entry({ data: data.subarray(0, length) }), /a: /);
    await assertWrong(entry({ data: Buffer.from([0xff, 0xff]) }), /does not inflate/);
  });

  it('stops a bomb at the size that is declared', async () => {
    const bomb = deflateRawSync(Buffer.alloc(100 * 2 ** 20));
    for (const size of [1_000, 200_000])
      await assert.rejects(inflateEntry(entry({ data: bomb, size })), (error: AppError) => {
        assert.match(error.message, /does not inflate to/);
        const { code } = error.cause as NodeJS.ErrnoException;
        assert.equal(code, 'ERR_BUFFER_TOO_LARGE', 'it was inflated whole, and measured then');
        return true;
      });
  });
});

describe('digestEntry', () => {
  const LARGE = Buffer.from(Array.from({ length: 2 ** 17 }, (_, i) => `line ${i}\n`).join(''));
  const data = deflateRawSync(LARGE);
  const damaged = (change: Partial<ZipEntry>): ZipEntry => entry({ content: LARGE, data, ...change });
  const read = async (large: ZipEntry) => sha256(await inflateEntry(large));
  const digest = async (large: ZipEntry) => (await digestEntry(large)).sha256;
  const outcome = (promise: Promise<string>) => promise.catch(({ code, message }) => `${code} ${message}`);

  it('is of what inflateEntry gives, whatever the size', async () => {
    for (const size of [0, 10, 2 ** 20, 2 ** 20 + 1, LARGE.length])
      for (const deflated of [true, false]) {
        const content = LARGE.subarray(0, size);
        const some = entry({ content, deflated, data: deflated ? deflateRawSync(content) : content });
        assert.deepEqual(await digestEntry(some), { path: 'a', size, sha256: sha256(content) });
      }
  });

  const wrong: [string, Partial<ZipEntry>, RegExp][] = [
    ['a CRC-32 that does not fit', { crc32: crc32(LARGE) ^ 1 }, /a: the CRC-32 does not fit/],
    ['a size that is said too large', { size: LARGE.length + 1 }, /a: \d+ bytes instead of \d+/],
    ['a size that is said one too small', { size: LARGE.length - 1 }, /a: does not inflate to/],
    ['a size that is said much too small', { size: 2 ** 20 + 1 }, /a: does not inflate to/],
    ['one byte behind the stream', { data: Buffer.concat([data, Buffer.alloc(1)]) }, /a: bytes behind the end/],
    ['a second stream', { data: Buffer.concat([data, data]) }, /a: bytes behind the end/],
    ['a stream without its last byte', { data: data.subarray(0, -1) }, /a: does not inflate to/],
    ['half a stream', { data: data.subarray(0, data.length / 2) }, /a: does not inflate to/],
    ['no stream', { data: Buffer.alloc(0) }, /a: does not inflate to/],
    ['what is no stream', { data: Buffer.from([0xff, 0xff]) }, /a: does not inflate to/],
    ['a zlib header', { data: Buffer.concat([Buffer.from([0x78, 0x9c]), data]) }, /a: /],
  ];
  for (const [what, change, message] of wrong)
    it(`refuses ${what}, in the words of inflateEntry`, async () => {
      await assert.rejects(digestEntry(damaged(change)), { name: 'AppError', code: 'ZIP_DATA', message });
      assert.equal(await outcome(digest(damaged(change))), await outcome(read(damaged(change))));
    });

  it('says what inflateEntry says of any damaged stream', async () => {
    const flip = fc.record({ at: fc.nat({ max: data.length - 1 }), bit: fc.nat({ max: 7 }) });
    await fc.assert(
      fc.asyncProperty(flip, async ({ at, bit }) => {
        const bytes = Buffer.from(data);
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        const broken = damaged({ data: bytes });
        assert.equal(await outcome(digest(broken)), await outcome(read(broken)));
      }),
      { numRuns: 100 },
    );
  });
});
