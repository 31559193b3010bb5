import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { inflateEntry } from '../../src/zip/inflate.ts';
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
    for (const size of [1_000, 200_000]) {
      const before = process.memoryUsage();
      await assertWrong(entry({ data: bomb, size }), /does not inflate to/);
      assert.ok(process.memoryUsage().rss - before.rss < 64 * 2 ** 20, 'it kept what it inflated');
    }
  });
});
