import { constants, deflateRawSync } from 'node:zlib';
import { inflateEntry } from '../src/zip/inflate.ts';
import { readZip } from '../src/zip/read-zip.ts';
import { type Alterations, alterArtifact, COMMIT, LIMITS, makeRepositoryZip } from '../test/support/make-artifact.ts';
import { type HeaderFields, type RawEntry, u16, writeZip } from '../test/zip/write-zip.ts';

const MiB = 2 ** 20;

export interface Attack {
  readonly what: string;
  /** `artifact`: dropped into incoming. `repository`: what Gitea gives for a commit. */
  readonly target: 'artifact' | 'repository';
  readonly make: () => Promise<Buffer> | Buffer;
  /** Not an attack: the most that is taken, for comparison. */
  readonly isTaken?: boolean;
}

/** Each is the costliest of its kind that we know of, and as large as is looked at. */
export const ATTACKS: readonly Attack[] = [
  zip('overlap bomb: 250 entries that quote each other, 5 GB in 43 kB', overlapBomb),
  zip('flat bomb: 4 GB in one entry', () => writeZip([bomb('source/z', 4 * MiB, 0xfffffffe)])),
  zip('190 flat bombs of 256 MiB, each said to be 1 MiB', () =>
    writeZip(numbered(190, (name) => bomb(name, MiB / 4, MiB))),
  ),
  zip('199 entries of 1 MiB of zeros, each with a wrong CRC', () =>
    writeZip(numbered(199, (name) => ({ ...zeros(name), both: { crc32: 1 } }))),
  ),
  zip('a directory of a million entries', () => millionEntries(1_000_000 & 0xffff)),
  zip('the same, said to be 5,000', () => millionEntries(5_000)),
  zip('5,000 entries with everything wrong', () => writeZip(numbered(5_000, allWrong))),
  zip('760 local headers with 16,383 extra parts each', () => {
    const extra = Buffer.alloc(65_532);
    return writeZip(numbered(760, (name) => ({ name, local: { extra } })));
  }),
  values('flow lists, 500,000 deep', '['.repeat(500_000)),
  values('flow maps, 250,000 deep', '{a: '.repeat(250_000)),
  values('block lists in one line, 500,000 deep', '- '.repeat(500_000)),
  values('explicit keys, 500,000 deep', '? '.repeat(500_000)),
  values('block maps, 1,400 deep', Array.from({ length: 1_400 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')),
  values('120,000 values in a list', `a: [${'1,'.repeat(120_000)}]`),
  values('two keys, 50,000 times', 'a: 1\nb: 2\n'.repeat(50_000)),
  values('80,000 anchors', '- &a x\n'.repeat(80_000)),
  values('80,000 tags', '- !a x\n'.repeat(80_000)),
  values('350,000 line breaks in a quoted string', `a: "${'\\n\n'.repeat(340_000)}"`),
  values('350,000 folded lines', `a:\n${' x\n'.repeat(340_000)}`),
  values('140,000 brackets that close nothing', ']'.repeat(140_000)),
  values('49,000 keys without a name', ':\n\n'.repeat(49_000)),
  values('35,000 strings without end', '- "\n'.repeat(35_000)),
  values('500,000 comments', '#\n'.repeat(500_000)),
  altered('source/deployment/values.yaml: 19,000 values, and documents of none', {
    entries: { 'source/deployment/values.yaml': `podAnnotations:\n${'- "\\t20 characters, or so"\n'.repeat(19_000)}` },
  }),
  manifest('5,000 files, then JSON 2,000,000 deep', (text) => {
    const file = JSON.stringify({ path: `source/${'p'.repeat(200)}`, size: 1, sha256: 'a'.repeat(64) });
    return withFiles(text, `${file},`.repeat(4_999) + file).replace(/\}\s*$/, `, "x": ${'['.repeat(2_000_000)}`);
  }),
  manifest('1,000,000 files that are none', (text) => withFiles(text, `${'0,'.repeat(1_000_000)}0`)),
  manifest('600,000 unknown keys', (text) =>
    text.replace('{', `{${Array.from({ length: 600_000 }, (_, i) => `"${i}":0,`).join('')}`),
  ),
  ownValues('aliases that stand for 10 billion values', aliasBomb()),
  ownValues('1,000 aliases of 1,000 values', `a: &a [${'1,'.repeat(1_000)}]\nb: [${'*a,'.repeat(1_000)}]\n`),
  ownValues('80,000 aliases', `a: &a 1\nb: [${'*a,'.repeat(80_000)}]\n`),
  ownValues('100,000 hosts without end', `podAnnotations: {note: "${'Host('.repeat(100_000)}"}\n`),
  ownValues('flow lists, 500,000 deep', '['.repeat(500_000)),
  source('App/config/applicationmetadata.json', '20 MB of empty lists', () => `[${noisy('[],', 20e6)}0]`),
  source('App/config/texts/resource.nb.json', '20 MB of empty objects', () => `[${noisy('{},', 20e6)}0]`),
  source('App/config/authorization/policy.xml', '15 MB of elements', () => `<a>${noisy('<b></b>', 15e6)}</a>`),
  source('App/config/authorization/policy.xml', '15 MB of elements within each other', () => noisy('<b>', 15e6)),
  source('.gitmodules', '50 MB of white space', () => noisy(' ', 50e6)),
  { ...source('App/wwwroot/empty.txt', '256 KiB of line breaks', () => '\n'.repeat(2 ** 18)), isTaken: true },
  source('App/wwwroot/video.mp4', 'a cut file of 50 MB', () => `${noisy('video', 50e6)}`, { crc32: 1 }),
  {
    what: 'App/wwwroot/video.mp4: 199 MiB in one file: within every limit',
    target: 'repository',
    isTaken: true,
    make: () => repositoryZip('App/wwwroot/video.mp4', largeText(199 * MiB), {}),
  },
  {
    what: 'the same, in an artifact',
    target: 'artifact',
    isTaken: true,
    make: () => alterArtifact({ entries: { 'source/video.mp4': largeText(199 * MiB) }, raw: allDeflated }),
  },
  {
    what: 'the same, one byte longer than it is said to be',
    target: 'artifact',
    make: () =>
      alterArtifact({
        entries: { 'source/video.mp4': largeText(199 * MiB) },
        raw: (entries) =>
          allDeflated(entries).map((entry) =>
            entry.name === 'source/video.mp4' ? { ...entry, both: { inflatedBytes: 199 * MiB - 1 } } : entry,
          ),
      }),
  },
  {
    what: '199 files of 1 MiB of zeros: within every limit',
    target: 'artifact',
    isTaken: true,
    make: () =>
      alterArtifact({
        entries: Object.fromEntries(numbered(199, (name) => [name, Buffer.alloc(MiB)])),
        raw: allDeflated,
      }),
  },
];

function zip(what: string, make: () => Buffer): Attack {
  return { what, target: 'artifact', make };
}

function altered(what: string, alterations: Alterations): Attack {
  return { what, target: 'artifact', make: () => alterArtifact(alterations) };
}

function values(what: string, text: string): Attack {
  return altered(`deploy/values.yaml: ${what}`, { entries: { 'deploy/values.yaml': text } });
}

function manifest(what: string, manifestText: (text: string) => string): Attack {
  return altered(`artifact.json: ${what}`, { manifestText });
}

function ownValues(what: string, text: string): Attack {
  return source('deployment/values.yaml', what, () => text);
}

function source(path: string, what: string, text: () => string, lies: Partial<HeaderFields> = {}): Attack {
  return { what: `${path}: ${what}`, target: 'repository', make: () => repositoryZip(path, text(), lies) };
}

/** As `git archive` writes it, one file changed. */
async function repositoryZip(path: string, text: string | Buffer, both: Partial<HeaderFields>): Promise<Buffer> {
  const others = readZip(await makeRepositoryZip({ [path]: undefined }), 'git', LIMITS).entries;
  const entries: RawEntry[] = await Promise.all(
    others.map(async (entry) => ({ name: entry.path, content: await inflateEntry(entry), deflate: true })),
  );
  entries.push({ name: `small-app/${path}`, content: text, deflate: true, both });
  return writeZip(entries, { comment: Buffer.from(COMMIT) });
}

const withFiles = (text: string, files: string): string =>
  text.replace(/"files": \[[^\]]*\]/, () => `"files": [${files}]`);

function numbered<T>(count: number, make: (name: string) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(`source/z${String(i).padStart(6, '0')}`));
}

const zeros = (name: string): RawEntry => ({ name, content: Buffer.alloc(MiB), deflate: true });

/** Deflated zeros, 1,032 to 1, of so many bytes; the headers say what they are told to say. */
function bomb(name: string, dataBytes: number, inflatedBytes: number): RawEntry {
  const part = deflateRawSync(Buffer.alloc(MiB), { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const parts = Array.from({ length: Math.floor(dataBytes / part.length) }, () => part);
  const data = Buffer.concat([...parts, Buffer.from([3, 0])]);
  return { name, data, both: { method: 8, compressedBytes: data.length, inflatedBytes } };
}

/**
 * David Fifield's (https://www.bamsoftware.com/hacks/zipbomb/): each entry's stream begins with a stored block that
 * quotes the next entry's local header, and goes on as that entry's own. Its checksums are wrong: nobody may come so far.
 */
function overlapBomb(): Buffer {
  const kernel = bomb('', 21_000, 0).data as Buffer;
  const entries: RawEntry[] = [];
  let compressedBytes = kernel.length;
  let inflatedBytes = 20 * MiB;
  for (let i = 249; i >= 0; i--) {
    const name = i.toString(36).padStart(2, '0');
    const headerBytes = 30 + name.length;
    const both: Partial<HeaderFields> = { method: 8, compressedBytes, inflatedBytes };
    const quote = Buffer.concat([Buffer.from([0]), u16(headerBytes, ~headerBytes & 0xffff)]);
    // The block that quotes this header stands before it; the first entry's header is quoted by nobody.
    entries.unshift({ name, data: i === 249 ? kernel : Buffer.alloc(0), both, ...(i > 0 ? { before: quote } : {}) });
    compressedBytes += quote.length + headerBytes;
    inflatedBytes += headerBytes;
  }
  return writeZip(entries);
}

/** Fields of 16 bits can't hold their number: the end record says less. */
function millionEntries(said: number): Buffer {
  const one = writeZip([{ name: 'a' }]);
  const header = one.subarray(one.readUInt32LE(one.length - 6), -22);
  const directory = Buffer.alloc(1_000_000 * header.length, header);
  const end = Buffer.from(one.subarray(-22));
  end.writeUInt16LE(said, 8);
  end.writeUInt16LE(said, 10);
  end.writeUInt32LE(directory.length, 12);
  return Buffer.concat([one.subarray(0, one.length - 22 - header.length), directory, end]);
}

function allWrong(name: string): RawEntry {
  return {
    name: Buffer.from(`/../${name}\\:\0\xff${'x'.repeat(300)}`, 'latin1'),
    content: 'x',
    both: { flags: 0xffff, method: 99, versionNeeded: 63, extra: Buffer.from([1, 0, 0, 0]) },
    central: { externalAttributes: 0xa1ff0010, diskNumber: 1, inflatedBytes: 0, crc32: 1, method: 12, modified: 9 },
  };
}

function aliasBomb(): string {
  const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]`);
  return ['a0: &a0 [1,1,1,1,1,1,1,1,1,1]', ...levels, ''].join('\n');
}

const allDeflated = (entries: RawEntry[]): RawEntry[] =>
  entries.map((entry) => ({ ...entry, deflate: entry.name !== 'artifact.json' }));

/** So many bytes, some eight times smaller when deflated. */
function largeText(bytes: number): Buffer {
  const text = Buffer.alloc(bytes);
  let random = 1;
  for (let i = 0; i < bytes; i++) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    text[i] = (random >>> 16) & 1;
  }
  return text;
}

/** The same again and again, though not so much alike that the zip's ratio gives it away. */
function noisy(unit: string, bytes: number): string {
  const parts: string[] = [];
  let random = 1;
  for (let length = 0; length < bytes; ) {
    let part = '';
    for (let i = 0; i < 1_000; i++) {
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
      part += random & 0x10000 ? `${unit} ` : `${unit}\n`;
    }
    parts.push(part);
    length += part.length;
  }
  return parts.join('');
}
