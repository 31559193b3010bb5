import { crc32, deflateRawSync } from 'node:zlib';
import { extraField, type RawEntry, u16, u32, writeZip } from '../zip/write-zip.ts';
import {
  around,
  ENTRIES,
  type Hostile,
  type HostileFamily,
  last,
  lastSays,
  lastSaysHere,
  lastSaysThere,
  mode,
  more,
} from './hostile-alterations.ts';

const ofMode = (bits: number, content = ''): Hostile =>
  more({ name: 'source/special', content, both: { externalAttributes: mode(bits) } });

/** Everything but a regular file, as the UNIX mode and the DOS attributes tell. */
const TYPES: HostileFamily = {
  'ZIP_TYPE.symlink': ofMode(0o120777, '/etc/passwd'),
  'ZIP_TYPE.symlink-written-on-dos': more({
    name: 'source/special',
    content: '/etc/passwd',
    both: { externalAttributes: mode(0o120777), versionMadeBy: 20 },
  }),
  'ZIP_TYPE.symlink-then-file-through-it': more(
    { name: 'source/out', content: '/etc', both: { externalAttributes: mode(0o120777) } },
    { name: 'source/out/cron.d', content: '* * * * * root id\n' },
  ),
  'ZIP_TYPE.symlink-as-manifest': {
    raw: ([first, ...rest]) => [{ ...(first as RawEntry), both: { externalAttributes: mode(0o120777) } }, ...rest],
  },
  'ZIP_TYPE.character-device': ofMode(0o020666),
  'ZIP_TYPE.block-device': ofMode(0o060666),
  'ZIP_TYPE.named-pipe': ofMode(0o010666),
  'ZIP_TYPE.socket': ofMode(0o140777),
  'ZIP_TYPE.folder-by-mode': ofMode(0o040755),
  'ZIP_TYPE.unknown-type': ofMode(0o170644),
  'ZIP_TYPE.set-user-id': lastSays({ externalAttributes: mode(0o104755) }),
  'ZIP_TYPE.set-group-id': lastSays({ externalAttributes: mode(0o102755) }),
  'ZIP_TYPE.sticky': lastSays({ externalAttributes: mode(0o101755) }),
  'ZIP_TYPE.folder': more({ name: 'source/folder/', content: '' }),
  'ZIP_TYPE.folder-with-content': more({ name: 'source/folder/', content: 'not empty' }),
  'ZIP_TYPE.folder-by-dos-attribute': lastSays({ externalAttributes: 0x10 }),
};

const method = (number: number): Hostile => lastSays({ method: number });
const flag = (bit: number): Hostile => lastSays({ flags: 1 << bit });
const unicodePath = (version: number, crc: number, name: string | Buffer) =>
  extraField(0x7075, Buffer.concat([Buffer.from([version]), u32(crc), Buffer.from(name)]));
const LAST_NAME = String(ENTRIES.at(-1)?.name);

/** What zip readers support each to their own extent. */
const FEATURES: HostileFamily = {
  'ZIP_UNSUPPORTED.shrunk': method(1),
  'ZIP_UNSUPPORTED.deflate64': method(9),
  'ZIP_UNSUPPORTED.bzip2': method(12),
  'ZIP_UNSUPPORTED.lzma': method(14),
  'ZIP_UNSUPPORTED.zstd': method(93),
  'ZIP_UNSUPPORTED.aes': method(99),
  'ZIP_UNSUPPORTED.method-unknown': method(0xffff),
  'ZIP_UNSUPPORTED.version-4.5': lastSays({ versionNeeded: 45 }),
  'ZIP_UNSUPPORTED.version-6.3': lastSays({ versionNeeded: 63 }),
  'ZIP_UNSUPPORTED.encrypted': flag(0),
  'ZIP_UNSUPPORTED.data-descriptor-without-one': flag(3),
  'ZIP_UNSUPPORTED.data-descriptor': last({
    both: { flags: 8 },
    after: Buffer.concat([u32(0x08074b50), u32(0, 0, 0)]),
  }),
  'ZIP_UNSUPPORTED.data-descriptor-as-streamed': last({
    local: { flags: 8, crc32: 0, compressedBytes: 0, inflatedBytes: 0 },
    central: { flags: 8 },
    after: Buffer.concat([u32(0x08074b50), u32(0, 0, 0)]),
  }),
  'ZIP_UNSUPPORTED.enhanced-deflate': flag(4),
  'ZIP_UNSUPPORTED.patch-data': flag(5),
  'ZIP_UNSUPPORTED.strong-encryption': lastSays({ flags: 1 | (1 << 6) }),
  'ZIP_UNSUPPORTED.flag-7': flag(7),
  'ZIP_UNSUPPORTED.masked-local-header': flag(13),
  'ZIP_UNSUPPORTED.flag-15': flag(15),
  'ZIP_UNSUPPORTED.entry-comment': lastSaysThere({ comment: Buffer.from('see ../../etc/passwd') }),
  'ZIP_UNSUPPORTED.second-name': lastSays({ extra: unicodePath(1, crc32(LAST_NAME), '../x') }),
  'ZIP_UNSUPPORTED.second-name-in-local-header': lastSaysHere({ extra: unicodePath(1, crc32(LAST_NAME), '../x') }),
  'ZIP_UNSUPPORTED.second-name-of-other-name': lastSays({ extra: unicodePath(1, crc32('source/x'), '../x') }),
  'ZIP_UNSUPPORTED.second-name-other-crc': lastSays({ extra: unicodePath(1, 0, LAST_NAME) }),
  'ZIP_UNSUPPORTED.second-name-version-2': lastSays({ extra: unicodePath(2, crc32(LAST_NAME), LAST_NAME) }),
  'ZIP_UNSUPPORTED.second-name-cut': lastSays({ extra: extraField(0x7075, Buffer.from([1])) }),
  'ZIP_UNSUPPORTED.two-second-names': lastSays({
    extra: Buffer.concat([
      unicodePath(1, crc32(LAST_NAME), LAST_NAME),
      unicodePath(1, crc32(LAST_NAME), 'deploy/values.yaml'),
    ]),
  }),
};

const SMALL = Buffer.from('The same line.\n'.repeat(20));
const STREAM = deflateRawSync(SMALL);
const deflated = (data: Buffer, both: object = {}): Hostile =>
  more({ name: 'source/data', content: SMALL, data, both: { method: 8, compressedBytes: data.length, ...both } });

/** Records that agree, and bytes that are something else. */
const DATA: HostileFamily = {
  'ZIP_DATA.other-crc': lastSays({ crc32: 0x12345678 }),
  'ZIP_DATA.other-crc-deflated': last({ deflate: true, both: { crc32: 0x12345678 } }),
  'ZIP_DATA.size-too-small': last({ content: 'x'.repeat(100), deflate: true, both: { inflatedBytes: 10 } }),
  'ZIP_DATA.size-one-too-small': deflated(STREAM, { inflatedBytes: SMALL.length - 1 }),
  'ZIP_DATA.size-one-too-large': deflated(STREAM, { inflatedBytes: SMALL.length + 1 }),
  'ZIP_DATA.bytes-behind-stream': last({
    data: Buffer.from([3, 0, 0x70, 0x77, 0x6e]),
    content: '',
    both: { method: 8 },
  }),
  'ZIP_DATA.two-streams': deflated(Buffer.concat([STREAM, STREAM])),
  'ZIP_DATA.stream-unfinished': deflated(STREAM.subarray(0, -1)),
  'ZIP_DATA.stream-without-last-block': deflated(Buffer.concat([Buffer.from([0]), u16(1, 0xfffe), Buffer.from('x')])),
  'ZIP_DATA.stream-empty': deflated(Buffer.alloc(0)),
  'ZIP_DATA.stream-of-invalid-block': deflated(Buffer.from([7, 0, 0])),
  'ZIP_DATA.stream-refers-before-its-start': deflated(Buffer.from([0x03, 0x0a, 0x00])),
  'ZIP_DATA.stream-in-zlib-wrapper': deflated(Buffer.concat([Buffer.from([0x78, 0x9c]), STREAM])),
  'ZIP_DATA.stored-said-deflated': lastSays({ method: 8 }),
  'ZIP_DATA.deflated-said-stored': more({
    name: 'source/data',
    content: SMALL,
    data: STREAM,
    both: { compressedBytes: STREAM.length, inflatedBytes: STREAM.length },
  }),
};

/** Extra fields that make a link of a file, or say how to read it. */
const EXTRAS: HostileFamily = {
  'ZIP_UNSUPPORTED.hard-link-in-extra-field': lastSays({
    extra: extraField(0x000d, Buffer.concat([u32(0, 0), u16(0, 0), Buffer.from('../../etc/passwd')])),
  }),
  'ZIP_UNSUPPORTED.symlink-in-extra-field': lastSays({
    extra: extraField(0x756e, Buffer.concat([u32(0), u16(0o120777), u32(11), u16(0, 0), Buffer.from('/etc/passwd')])),
  }),
  'ZIP_UNSUPPORTED.symlink-in-local-extra-field': lastSaysHere({
    extra: extraField(0x756e, Buffer.concat([u32(0), u16(0o120777), u32(11), u16(0, 0), Buffer.from('/etc/passwd')])),
  }),
  'ZIP_UNSUPPORTED.aes-extra-field': lastSays({ extra: extraField(0x9901, Buffer.from([2, 0, 65, 69, 3, 8, 0])) }),
  'ZIP_UNSUPPORTED.strong-encryption-extra-field': lastSays({ extra: extraField(0x0017, Buffer.alloc(8)) }),
  'ZIP_UNSUPPORTED.second-comment': lastSaysThere({ extra: extraField(0x6375, Buffer.from([1, 0, 0, 0, 0])) }),
  'ZIP_UNSUPPORTED.extra-field-unknown': lastSays({ extra: extraField(0xeeee, Buffer.from('x')) }),
};

const MIB = 2 ** 20;
const zeros = (bytes: number, name = 'source/zeros'): RawEntry => ({
  name,
  content: Buffer.alloc(bytes),
  deflate: true,
});

/** More than is taken, said or true. */
const LIMITS: HostileFamily = {
  'ZIP_LIMIT.bomb': more({
    name: 'source/zeros',
    data: Buffer.alloc(1_000),
    both: { method: 8, inflatedBytes: 2 ** 30 },
  }),
  'ZIP_LIMIT.bomb-1032-to-1': more(zeros(4 * MIB)),
  'ZIP_LIMIT.bomb-just-over-a-mebibyte': more(zeros(MIB + 1)),
  'ZIP_LIMIT.bomb-as-manifest': { raw: ([, ...rest]) => [zeros(2 * MIB, 'artifact.json'), ...rest] },
  'ZIP_LIMIT.bomb-of-many-entries': more(
    ...Array.from({ length: 201 }, (_, i) => ({
      name: `source/${i}`,
      data: STREAM,
      both: { method: 8, inflatedBytes: MIB },
    })),
  ),
  'ZIP_LIMIT.many-entries': () => manyEntries(5_001),
  'ZIP_LIMIT.many-entries-said': around({ end: { entries: 5_001, entriesOnDisk: 5_001 } }),
  'ZIP_LIMIT.large-directory-said': around({ end: { directoryBytes: 2 * MIB + 1 } }),
};

/** As short as entries can be: their names are numbers with the base 36. */
function manyEntries(count: number): Buffer {
  const added = Array.from({ length: count - ENTRIES.length }, (_, i) => ({ name: i.toString(36) }));
  return writeZip([...ENTRIES, ...added]);
}

export const HOSTILE_ENTRIES: HostileFamily = { ...TYPES, ...FEATURES, ...EXTRAS, ...DATA, ...LIMITS };
