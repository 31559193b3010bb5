import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { validateArtifact } from '../../src/accept/validate-artifact.ts';
import { sha256 } from '../../src/model/digest.ts';
import { inflateEntry } from '../../src/zip/inflate.ts';
import { readZip } from '../../src/zip/read-zip.ts';
import { EXPECTED, LIMITS, makeArtifact, PATH, STUDIO, TT02, unpack } from '../support/make-artifact.ts';
import { writeZip } from './write-zip.ts';

const isAccepted = async (zip: Buffer) => 'artifact' in (await validateArtifact(zip, PATH, TT02, STUDIO, EXPECTED));

describe('a damaged artifact', () => {
  let zip: Buffer;
  let digests: Map<string, string>;
  before(async () => {
    zip = await makeArtifact();
    digests = await digestsOf(zip);
  });

  /** Refused with a code of a rejection, or every file is what it was. */
  async function assertHarmless(damaged: Buffer): Promise<void> {
    const result = await validateArtifact(damaged, PATH, TT02, STUDIO, EXPECTED);
    if ('artifact' in result) assert.deepEqual(await digestsOf(damaged), digests);
    else assert.ok(result.problems.length > 0 && result.problems.every(({ code }) => code !== 'INTERNAL'));
  }

  it('is refused, or holds the same files, whichever bit is flipped', async () => {
    const bit = fc.record({ at: fc.nat({ max: zip.length - 1 }), bit: fc.nat({ max: 7 }) });
    await fc.assert(
      fc.asyncProperty(bit, async ({ at, bit: which }) => {
        const damaged = Buffer.from(zip);
        damaged[at] = (damaged[at] as number) ^ (1 << which);
        await assertHarmless(damaged);
      }),
      { numRuns: 1_500 },
    );
  });

  it('is refused, or holds the same files, whichever byte of its records is another', async () => {
    const directory = zip.readUInt32LE(zip.length - 6);
    const change = fc.record({ at: fc.integer({ min: directory, max: zip.length - 1 }), value: fc.nat({ max: 255 }) });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, value }) => {
        const damaged = Buffer.from(zip);
        damaged[at] = value;
        await assertHarmless(damaged);
      }),
      { numRuns: 1_500 },
    );
  });

  it('is refused when bytes are cut out, repeated, or put in', async () => {
    const place = fc.record({ from: fc.nat({ max: zip.length - 1 }), length: fc.integer({ min: 1, max: 200 }) });
    await fc.assert(
      fc.asyncProperty(place, fc.constantFrom('cut', 'repeat', 'zeros'), async ({ from, length }, how) => {
        const part = zip.subarray(from, from + length);
        const middle = { cut: Buffer.alloc(0), repeat: Buffer.concat([part, part]), zeros: Buffer.alloc(length * 2) }[
          how
        ];
        assert.ok(!(await isAccepted(Buffer.concat([zip.subarray(0, from), middle, zip.subarray(from + length)]))));
      }),
      { numRuns: 500 },
    );
  });

  it('is refused when two artifacts are put together', async () => {
    assert.ok(!(await isAccepted(Buffer.concat([zip, zip]))));
    const other = writeZip([{ name: 'artifact.json', content: '{}' }]);
    assert.ok(!(await isAccepted(Buffer.concat([other, zip]))));
    assert.ok(!(await isAccepted(Buffer.concat([zip, other]))));
  });
});

describe('anything at all', () => {
  const records = fc
    .constantFrom('PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', 'PK\x06\x06', 'artifact.json')
    .map(Buffer.from);
  const bytes = fc.uint8Array({ maxLength: 80 }).map(Buffer.from);
  const soup = fc.array(fc.oneof(records, bytes), { maxLength: 30 }).map((parts) => Buffer.concat(parts));

  it('never passes, crashes or hangs the reader', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, soup), async (input) => {
        assert.ok(!(await isAccepted(input)));
        for (const writer of ['artifact', 'git'] as const)
          for (const entry of readZip(input, writer, LIMITS).entries) await inflateEntry(entry).catch(() => {});
      }),
      { numRuns: 2_000 },
    );
  });

  it('never passes as the end of an archive', async () => {
    const end = fc.record({
      directoryOffset: fc.nat({ max: 300 }),
      directoryBytes: fc.nat({ max: 300 }),
      entries: fc.nat({ max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(soup, end, async (prefix, { entries, ...fields }) => {
        const input = writeZip([], { prefix, end: { ...fields, entries, entriesOnDisk: entries } });
        assert.ok(!(await isAccepted(input)));
      }),
      { numRuns: 1_000 },
    );
  });
});

async function digestsOf(zip: Buffer): Promise<Map<string, string>> {
  return new Map([...(await unpack(zip))].map(([path, content]) => [path, sha256(content)]));
}
