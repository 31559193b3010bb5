import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { type Validation, validateArtifact } from '../../src/accept/validate-artifact.ts';
import { sha256 } from '../../src/model/digest.ts';
import { type ArtifactOptions, EXPECTED, makeArtifact, PATH, STUDIO, TT02, unpack } from '../support/make-artifact.ts';

/** Random anew in each run; `FC_SEED` repeats one. */
const SEED = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);

function settings(t: TestContext, numRuns: number): fc.Parameters<unknown> {
  t.diagnostic(`FC_SEED=${SEED}`);
  return { seed: SEED, numRuns };
}

/** Neither an error that nobody foresaw, nor one of ours. */
async function validate(zip: Buffer, scopes = EXPECTED.scopes): Promise<Validation> {
  const result = await validateArtifact(zip, PATH, TT02, STUDIO, { ...EXPECTED, scopes });
  if ('problems' in result) {
    assert.ok(result.problems.length > 0, 'refused without a reason');
    assert.ok(!result.problems.some(({ code }) => code === 'INTERNAL'), JSON.stringify(result.problems));
  }
  return result;
}

async function assertRefused(zip: Buffer): Promise<void> {
  assert.ok('problems' in (await validate(zip)), 'it was accepted');
}

const digestsOf = async (zip: Buffer): Promise<Map<string, string>> =>
  new Map([...(await unpack(zip))].map(([path, content]) => [path, sha256(content)]));

describe('a valid artifact', () => {
  let zip: Buffer;
  let digests: Map<string, string>;
  let accepted = 0;
  before(async () => {
    zip = await makeArtifact();
    digests = await digestsOf(zip);
  });

  /** Refused, or the same files: a bit of a time, of a mode, of the writer's version. */
  async function assertHarmless(at: number, change: (byte: number) => number): Promise<void> {
    const damaged = Buffer.from(zip);
    damaged[at] = change(damaged[at] as number) & 0xff;
    const result = await validate(damaged);
    if ('problems' in result) return;
    accepted++;
    assert.deepEqual(await digestsOf(damaged), digests, `byte ${at} of ${zip.length}`);
  }

  it('is refused or has the same files, whichever bit of its records is another', async (t) => {
    for (const { from, to } of records(zip))
      for (let at = from; at < to; at++)
        for (let bit = 0; bit < 8; bit++) await assertHarmless(at, (byte) => byte ^ (1 << bit));
    t.diagnostic(`${accepted} were taken`);
    assert.ok(accepted > 0, 'no bit is without meaning: are records() right?');
  });

  it('is refused or has the same files, whichever byte is another', async (t) => {
    const flip = fc.record({ at: fc.nat({ max: zip.length - 1 }), by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(flip, ({ at, by }) => assertHarmless(at, (byte) => byte ^ by)),
      settings(t, 1_500),
    );
  });

  it('is refused wherever it is cut off', async () => {
    for (let length = 0; length < zip.length; length++) await assertRefused(zip.subarray(0, length));
  });

  it('is refused whichever of its first bytes are lost', async () => {
    for (let from = 1; from < zip.length; from++) await assertRefused(zip.subarray(from));
  });

  it('is refused when a part of it is another part of it', async (t) => {
    const place = fc.nat({ max: zip.length - 1 });
    await fc.assert(
      fc.asyncProperty(place, place, fc.integer({ min: 4, max: 400 }), async (to, from, length) => {
        const part = zip.subarray(from, Math.min(from + length, zip.length - Math.max(0, to - from)));
        const moved = Buffer.concat([zip.subarray(0, to), part, zip.subarray(to + part.length)]).subarray(
          0,
          zip.length,
        );
        const result = await validate(moved);
        if ('artifact' in result) assert.deepEqual(await digestsOf(moved), digests);
      }),
      settings(t, 1_000),
    );
  });
});

describe('anything else', () => {
  it('is refused: bytes of no meaning', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), (bytes) => assertRefused(Buffer.from(bytes))),
      settings(t, 2_000),
    );
  });

  it('is refused: records of a zip with numbers of no meaning', async (t) => {
    const number = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 0xffffffff }), fc.constantFrom(0, 0xffff, 0xffffffff));
    const record = fc
      .tuple(fc.constantFrom(0x04034b50, 0x02014b50, 0x06064b50, 0x07064b50), fc.array(number, { maxLength: 12 }))
      .map(([signature, numbers]) => words(signature, ...numbers));
    const end = fc
      .tuple(fc.nat({ max: 3 }), fc.nat({ max: 300 }), fc.nat({ max: 300 }))
      .map(([entries, size, offset]) =>
        Buffer.concat([words(0x06054b50, 0, entries * 0x10001, size, offset), Buffer.alloc(2)]),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 8 }), end, (parts, last) =>
        assertRefused(Buffer.concat([...parts, last])),
      ),
      settings(t, 2_000),
    );
  });
});

describe('an artifact built from a random app', () => {
  const letter = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCDEFXYZ0123456789_-+ .,()[]{}$%&@#!~') },
    { weight: 2, arbitrary: fc.constantFrom(...'æøåÆØÅéüßİıſΣς日本語한글🙂👩‍👧ﬁ½ª‑') },
    { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 2, unit: 'grapheme' }) },
  );
  const segment = fc
    .array(letter, { minLength: 1, maxLength: 14 })
    .map((letters) => letters.join(''))
    .filter((name) => isSafe(name));
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
  const content = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(fc.string({ maxLength: 20 }), fc.nat({ max: 5_000 })).map(([text, times]) => text.repeat(times)),
  );
  const values = fc.record(
    {
      replicaCount: fc.nat({ max: 20 }),
      podLabels: fc.dictionary(
        fc.stringMatching(/^[a-z]{1,10}$/),
        fc.string({ maxLength: 20 }).filter((text) => !/\$\{|\{\{/.test(text)),
      ),
      volumes: fc.array(fc.record({ name: fc.stringMatching(/^[a-z]{1,10}$/) }), { maxLength: 3 }),
      resources: fc.record({ requests: fc.record({ cpu: fc.constantFrom('100m', '1', '1e3', '0400', 'no') }) }),
    },
    { requiredKeys: [] },
  );
  const app = fc.record({
    files: fc.dictionary(path, content, { maxKeys: 12 }),
    values: fc.option(values, { nil: undefined }),
    scopes: fc.array(fc.stringMatching(/^[a-z]{1,8}:[a-z/.]{1,12}$/), { maxLength: 4 }),
    tagName: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}$/),
  });

  it('is taken, with the files that it was built from', async (t) => {
    await fc.assert(
      fc.asyncProperty(app, async ({ files, values: own, scopes, tagName }) => {
        fc.pre(areDistinct(Object.keys(files)));
        const repository: NonNullable<ArtifactOptions['repository']> = {
          ...files,
          'deployment/values.yaml': own && stringify(own),
        };
        const zip = await makeArtifact({ repository, inputs: { scopes, tagName } });
        const result = await validate(zip, scopes);
        assert.ok('artifact' in result, JSON.stringify(result));
        assert.equal(result.artifact.objects.length, scopes.length > 0 ? 2 : 1);
        const unpacked = await unpack(zip);
        for (const [name, expected] of Object.entries(files))
          assert.ok(unpacked.get(`source/${name}`)?.equals(Buffer.from(expected)), `${name} is another`);
      }),
      settings(t, 200),
    );
  });
});

/** Where the records of a zip are, the file data between them left out. */
function records(zip: Buffer): { from: number; to: number }[] {
  const directory = zip.readUInt32LE(zip.length - 6);
  const found = [{ from: directory, to: zip.length }];
  for (let at = 0; at < directory; ) {
    const to = at + 30 + zip.readUInt16LE(at + 26) + zip.readUInt16LE(at + 28);
    found.push({ from: at, to });
    at = to + zip.readUInt32LE(at + 18);
  }
  return found;
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value, 4 * index);
  });
  return bytes;
}

/** A name that a repository may have, by the rules that are told to its owner. */
const isSafe = (segment: string): boolean =>
  !/\p{Surrogate}/u.test(segment) &&
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what no name may have
  !/[\u0000-\u001f\u007f-\u009f\\:/]/.test(segment) &&
  !/^[. ]+$/.test(segment) &&
  Buffer.byteLength(segment) <= 255 &&
  !['App', 'deployment', '.gitmodules'].includes(segment);

/** None is another's folder. */
function areDistinct(paths: readonly string[]): boolean {
  return !paths.some((path) => paths.some((other) => other.startsWith(`${path}/`)));
}
