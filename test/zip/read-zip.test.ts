import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import type { ErrorCode } from '../../src/error-codes.ts';
import { readZip } from '../../src/zip/read-zip.ts';
import type { ZipLimits } from '../../src/zip/zip-limits.ts';
import { LIMITS } from '../support/make-artifact.ts';
import { extraField, type HeaderFields, type RawArchive, type RawEntry, u16, u32, writeZip } from './write-zip.ts';

const A: RawEntry = { name: 'a.txt', content: 'the first' };
const B: RawEntry = { name: 'folder/b.txt', content: 'the second, deflated', deflate: true };
const plain = (archive: RawArchive = {}): Buffer => writeZip([A, B], archive);
const altered = (change: Partial<RawEntry>): Buffer => writeZip([A, { ...B, ...change }]);
const mode = (bits: number) => (bits << 16) >>> 0;

function codesOf(zip: Buffer, limits = LIMITS): ErrorCode[] {
  return [...new Set(readZip(zip, 'artifact', limits).problems.map(({ code }) => code))];
}

function assertRefused(zip: Buffer, code: ErrorCode, message?: RegExp, limits = LIMITS): void {
  const { problems } = readZip(zip, 'artifact', limits);
  const found = problems.map((problem) => `${problem.code}: ${problem.message}`).join('\n');
  assert.ok(
    problems.some((problem) => problem.code === code && (message === undefined || message.test(problem.message))),
    `expected ${code} ${message ?? ''}, found ${found || 'no problem'}`,
  );
}

describe('readZip', () => {
  it('reads stored and deflated entries, in the order of the directory', () => {
    const { entries, problems } = readZip(plain(), 'artifact', LIMITS);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      entries.map(({ path, deflated, size }) => ({ path, deflated, size })),
      [
        { path: 'a.txt', deflated: false, size: 9 },
        { path: 'folder/b.txt', deflated: true, size: 20 },
      ],
    );
    assert.equal(entries[0]?.data.toString(), 'the first');
    assert.equal(entries[1]?.crc32, crc32('the second, deflated'));
  });

  it('reads an archive without entries', () => {
    assert.deepEqual(readZip(writeZip([]), 'artifact', LIMITS), { entries: [], problems: [] });
  });

  it('takes extra fields that only tell times and owners', () => {
    const extra = extraField(0x5455, Buffer.from([1, 0, 0, 0, 0]));
    assert.deepEqual(codesOf(altered({ both: { extra } })), []);
  });

  it('reports the problems of all entries, not only the first', () => {
    const { problems } = readZip(
      writeZip([
        { ...A, both: { method: 12 } },
        { ...B, name: '../b' },
        { name: 'c', both: { externalAttributes: mode(0o120777) } },
      ]),
      'artifact',
      LIMITS,
    );
    assert.deepEqual(
      problems.map(({ code, path }) => [code, path]),
      [
        ['ZIP_UNSUPPORTED', 'a.txt'],
        ['FILE_NAME_UNSAFE', '../b'],
        ['ZIP_TYPE', 'c'],
      ],
    );
  });

  describe('refuses as damaged', () => {
    const whole = plain();
    it('an archive cut short anywhere', () => {
      for (let length = 0; length < whole.length; length++)
        assert.deepEqual(codesOf(whole.subarray(0, length)), ['ZIP_STRUCTURE'], `${length} bytes`);
    });
    it('data before the first entry, whether the offsets know of it or not', () => {
      assertRefused(plain({ prefix: Buffer.from('MZ') }), 'ZIP_STRUCTURE', /byte 2 instead of 0/);
      assertRefused(Buffer.concat([Buffer.from('MZ'), whole]), 'ZIP_STRUCTURE');
    });
    it('data behind the end', () => assertRefused(plain({ suffix: Buffer.alloc(1) }), 'ZIP_STRUCTURE'));
    it('a second archive behind the first', () => assertRefused(Buffer.concat([whole, whole]), 'ZIP_STRUCTURE'));
    it('a comment', () => assertRefused(plain({ comment: Buffer.from('hi') }), 'ZIP_STRUCTURE'));
    it('an end record inside a comment', () => {
      assertRefused(plain({ comment: plain().subarray(-22) }), 'ZIP_STRUCTURE');
    });
    it('a gap between two entries', () => {
      assertRefused(altered({ before: Buffer.alloc(3) }), 'ZIP_STRUCTURE', /gap, overlap/);
    });
    it('a gap between the last entry and the directory, and between directory and end', () => {
      assertRefused(plain({ beforeDirectory: Buffer.alloc(3) }), 'ZIP_STRUCTURE', /the entries end at/);
      assertRefused(plain({ beforeEnd: Buffer.alloc(3) }), 'ZIP_STRUCTURE', /does not reach/);
    });
    it('a directory in another order than the entries lie in', () => {
      assertRefused(plain({ directoryOrder: [1, 0] }), 'ZIP_STRUCTURE', /another order than the directory's/);
    });
    it('an entry hidden between two others', () => {
      const hidden = writeZip([{ name: 'hidden', content: 'x' }]);
      const local = hidden.subarray(0, hidden.readUInt32LE(hidden.length - 6));
      assertRefused(altered({ before: local }), 'ZIP_STRUCTURE', /gap, overlap/);
    });
    it('two entries over the same bytes', () => {
      const overlap = writeZip([
        A,
        { ...A, name: 'a2txt', central: { name: Buffer.from('a2txt'), localHeaderOffset: 0 } },
      ]);
      assertRefused(overlap, 'ZIP_STRUCTURE', /gap, overlap/);
    });
    it('an entry that reaches into the next, or into the directory', () => {
      assertRefused(
        writeZip([{ ...A, both: { compressedBytes: 60, inflatedBytes: 60 } }, B]),
        'ZIP_STRUCTURE',
        /gap, overlap/,
      );
      assertRefused(altered({ both: { compressedBytes: 60 } }), 'ZIP_STRUCTURE', /the entries end at/);
    });
    it('an entry whose header is not where the directory says', () => {
      assertRefused(altered({ central: { localHeaderOffset: 7 } }), 'ZIP_STRUCTURE');
      assertRefused(altered({ central: { localHeaderOffset: 0xfffffff0 } }), 'ZIP_STRUCTURE');
      assertRefused(altered({ local: { signature: 0x04034b51 } }), 'ZIP_STRUCTURE', /no local header/);
    });
    it('a directory that does not hold as many entries as it says', () => {
      for (const entries of [0, 1, 3])
        assertRefused(plain({ end: { entries, entriesOnDisk: entries } }), 'ZIP_STRUCTURE', /whole entries/);
      assertRefused(altered({ central: { signature: 0x02014b51 } }), 'ZIP_STRUCTURE', /whole entries/);
    });
    it('a directory that is not where it should be', () => {
      const { length } = plain();
      for (const directoryOffset of [0, 1, length, 0xfffffff0])
        assertRefused(plain({ end: { directoryOffset } }), 'ZIP_STRUCTURE', /does not reach/);
      assertRefused(plain({ end: { directoryBytes: 0 } }), 'ZIP_STRUCTURE', /does not reach/);
    });
    it('an extra field whose lengths do not add up', () => {
      for (const extra of [u16(1), u16(0x5455, 9), Buffer.concat([u16(0x5455, 0), Buffer.alloc(1)])])
        assertRefused(altered({ both: { extra } }), 'ZIP_STRUCTURE', /extra field is cut/);
      assertRefused(altered({ local: { extra: u16(0x5455, 9) } }), 'ZIP_STRUCTURE', /extra field is cut/);
    });
    it('a stored entry of two sizes', () => {
      assertRefused(writeZip([{ ...A, both: { inflatedBytes: 8 } }, B]), 'ZIP_STRUCTURE', /stored, but/);
    });
    it('a name that is not ASCII without the flag that says UTF-8', () => {
      assertRefused(altered({ name: 'blåbær', both: { flags: 0 } }), 'ZIP_STRUCTURE', /not ASCII/);
    });
    it('the same name twice', () => assertRefused(writeZip([A, A]), 'ZIP_STRUCTURE', /twice/));

    const lies: { [F in keyof HeaderFields]?: HeaderFields[F] } = {
      versionNeeded: 10,
      flags: 2,
      method: 0,
      modified: 0x00220000,
      crc32: 1,
      compressedBytes: 5,
      inflatedBytes: 5,
      name: Buffer.from('folder/c.txt'),
    };
    for (const [field, value] of Object.entries(lies)) {
      it(`local and central headers that differ in ${field}`, () => {
        const expected = new RegExp(`differ in ${field}`);
        assertRefused(altered({ local: { [field]: value } }), 'ZIP_STRUCTURE', expected);
        assertRefused(altered({ central: { [field]: value } }), 'ZIP_STRUCTURE', expected);
      });
    }
  });

  describe('refuses as unsupported', () => {
    const both = (fields: Partial<HeaderFields>) => altered({ both: fields });
    it('encryption, strong encryption, masked headers and patches', () => {
      for (const flags of [1 << 0, 1 << 6, 1 << 13, 1 << 5]) assertRefused(both({ flags }), 'ZIP_UNSUPPORTED', /flags/);
    });
    it('data descriptors', () => {
      const data = deflateRawSync('the second, deflated');
      const descriptor = Buffer.concat([u32(0x08074b50), u32(crc32('the second, deflated'), data.length, 20)]);
      const zip = altered({
        both: { flags: 1 << 3 },
        local: { crc32: 0, compressedBytes: 0, inflatedBytes: 0 },
        after: descriptor,
      });
      assertRefused(zip, 'ZIP_UNSUPPORTED', /data descriptors/);
    });
    it('every method but stored and deflated', () => {
      for (const method of [1, 6, 9, 12, 14, 93, 95, 99, 0xffff])
        assertRefused(both({ method }), 'ZIP_UNSUPPORTED', /method/);
    });
    it('later versions of the format', () => {
      for (const versionNeeded of [45, 51, 63, 0x0114])
        assertRefused(both({ versionNeeded }), 'ZIP_UNSUPPORTED', /version/);
    });
    it('a comment on an entry', () => {
      assertRefused(altered({ central: { comment: Buffer.from('x') } }), 'ZIP_UNSUPPORTED', /comment/);
    });
    it('several disks', () => {
      assertRefused(altered({ central: { diskNumber: 1 } }), 'ZIP_UNSUPPORTED', /disk/);
      for (const end of [{ diskNumber: 1 }, { directoryDisk: 1 }, { entriesOnDisk: 1 }])
        assertRefused(plain({ end }), 'ZIP_UNSUPPORTED', /disks/);
    });
    it('zip64, wherever it shows', () => {
      for (const end of [
        { entries: 0xffff, entriesOnDisk: 0xffff },
        { directoryBytes: 0xffffffff },
        { directoryOffset: 0xffffffff },
      ])
        assertRefused(plain({ end }), 'ZIP_UNSUPPORTED', /zip64/);
      for (const fields of [{ compressedBytes: 0xffffffff }, { inflatedBytes: 0xffffffff }])
        assertRefused(both(fields), 'ZIP_UNSUPPORTED', /zip64/);
      assertRefused(altered({ central: { localHeaderOffset: 0xffffffff } }), 'ZIP_UNSUPPORTED', /zip64/);
      const extra = extraField(0x0001, Buffer.alloc(16));
      assertRefused(both({ extra }), 'ZIP_UNSUPPORTED', /zip64/);
      assertRefused(altered({ local: { extra } }), 'ZIP_UNSUPPORTED', /zip64/);
    });
    it('a second name in an extra field', () => {
      const extra = extraField(
        0x7075,
        Buffer.concat([Buffer.from([1]), u32(crc32('folder/b.txt')), Buffer.from('../up')]),
      );
      assertRefused(both({ extra }), 'ZIP_UNSUPPORTED', /second name/);
      assertRefused(altered({ local: { extra } }), 'ZIP_UNSUPPORTED', /second name/);
    });
  });

  describe('refuses by type', () => {
    const types = { 'a symlink': 0o120777, 'a folder': 0o040755, 'a device': 0o020644, 'a block device': 0o060644 };
    for (const [what, bits] of Object.entries({ ...types, 'a pipe': 0o010644, 'a socket': 0o140644 }))
      it(`${what}, whatever system the writer names`, () => {
        for (const versionMadeBy of [0x031e, 0x0014, 0x0a14])
          assertRefused(altered({ both: { externalAttributes: mode(bits), versionMadeBy } }), 'ZIP_TYPE', /mode/);
      });
    it('set-user-id, set-group-id and sticky bits', () => {
      for (const bits of [0o104755, 0o102755, 0o101755])
        assertRefused(altered({ both: { externalAttributes: mode(bits) } }), 'ZIP_TYPE', /mode/);
    });
    it('a folder by its DOS attribute or by its name', () => {
      assertRefused(altered({ both: { externalAttributes: 0x10 } }), 'ZIP_TYPE', /folder/);
      assertRefused(altered({ name: 'folder/b/', content: '' }), 'ZIP_TYPE', /folder/);
    });
    it('but takes executables, and files without a mode', () => {
      assert.deepEqual(codesOf(altered({ both: { externalAttributes: mode(0o100755) } })), []);
      assert.deepEqual(codesOf(altered({ both: { externalAttributes: 0 } })), []);
    });
  });

  describe('holds to its limits', () => {
    const limits = (changes: Partial<ZipLimits>): ZipLimits => ({ ...LIMITS, ...changes });
    it('takes what is just within them', () => {
      const zip = plain();
      const directory = zip.readUInt32LE(zip.length - 10);
      const exact = { maxZipBytes: zip.length, maxEntries: 2, maxInflatedBytes: 29, maxDirectoryBytes: directory };
      assert.deepEqual(codesOf(zip, limits(exact)), []);
      for (const [name, value] of Object.entries(exact))
        assertRefused(zip, 'ZIP_LIMIT', /at most/, limits({ ...exact, [name]: value - 1 }));
    });
    it('compares what is inflated with what is not, above 1 MiB', () => {
      const bomb = (bytes: number) => writeZip([{ name: 'zeros', content: Buffer.alloc(bytes), deflate: true }]);
      assertRefused(bomb(2 ** 20 + 1), 'ZIP_LIMIT', /more than 100 times/);
      assert.deepEqual(codesOf(bomb(2 ** 20)), []);
    });
    it('adds up what all entries say they inflate to', () => {
      const entries = Array.from({ length: 201 }, (_, index) => ({
        name: `f${index}`,
        data: Buffer.alloc(2 ** 15),
        both: { method: 8, inflatedBytes: 2 ** 20 },
      }));
      assertRefused(writeZip(entries), 'ZIP_LIMIT', /bytes inflated/);
    });
    it('refuses an overlap bomb at once', () => {
      const content = Buffer.alloc(1e6);
      const data = deflateRawSync(content);
      const kernel = { method: 8, crc32: crc32(content), compressedBytes: data.length, inflatedBytes: content.length };
      const many = Array.from({ length: 4_000 }, (_, index): RawEntry => {
        const name = `x${String(index).padStart(4, '0')}`;
        return { name, data: index === 0 ? data : Buffer.alloc(0), both: { ...kernel, localHeaderOffset: 0 } };
      });
      const zip = writeZip(many);
      assertRefused(zip, 'ZIP_STRUCTURE', /overlap/);
    });
  });

  describe("reading git's archives", () => {
    const git = (entries: RawEntry[], archive: RawArchive = {}) =>
      readZip(writeZip(entries, { comment: Buffer.from('c'.repeat(40)), ...archive }), 'git', LIMITS);
    it('takes the comment, and leaves folders out', () => {
      const { entries, problems } = git([
        { name: 'top/', both: { externalAttributes: 0x10 } },
        { ...A, name: 'top/a' },
      ]);
      assert.deepEqual(problems, []);
      assert.deepEqual(
        entries.map(({ path }) => path),
        ['top/a'],
      );
    });
    it('reports a symbolic link as such', () => {
      const { problems } = git([{ ...A, both: { externalAttributes: mode(0o120777) } }]);
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['SYMLINK_UNSUPPORTED'],
      );
    });
    it('finds the archive cut short', () => {
      const whole = writeZip([A, B], { comment: Buffer.from('c'.repeat(40)) });
      for (let length = 0; length < whole.length; length++)
        assert.deepEqual(
          readZip(whole.subarray(0, length), 'git', LIMITS).problems.map(({ code }) => code),
          ['ZIP_STRUCTURE'],
        );
    });
  });
});
