import { type EndFields, extraField, type RawEntry, u16, u32, writeZip } from '../zip/write-zip.ts';
import {
  around,
  ENTRIES,
  endField,
  endMoved,
  type HostileFamily,
  last,
  lastSays,
  lastSaysHere,
  lastSaysThere,
  localPart,
  more,
} from './hostile-alterations.ts';
import { fullOverlap, pointingAt, quotedOverlap } from './hostile-overlaps.ts';

const HIDDEN: RawEntry = { name: 'source/hidden.sh', content: 'rm -rf /' };
const BESIDE: RawEntry = { name: 'source/beside.txt', content: 'x' };
const LOCAL_HEADER_BYTES = 30;
const CENTRAL_HEADER_BYTES = 46;
const END_RECORD_BYTES = 22;

const directoryOf = (zip: Buffer): number => endField(zip, 'directoryOffset');
const cutAt = (place: (zip: Buffer) => number) => (zip: Buffer) => zip.subarray(0, place(zip));
const first = (files: RawEntry[]): RawEntry => files[0] as RawEntry;
/** An archive that would be read from the end of these bytes, or from their start. */
const OTHER_ARCHIVE = writeZip([HIDDEN]);

/** The first entry's offset in the directory, moved. */
function firstOffsetMoved(valid: Buffer, by: number): Buffer {
  const zip = Buffer.from(valid);
  zip.writeUInt32LE(by, directoryOf(zip) + 42);
  return zip;
}

/** With a zip64 end record that counts `more` entries than there are, and its locator (APPNOTE 4.3.14, 4.3.15). */
function withZip64End(zip: Buffer, end: Partial<EndFields>, more = 0): Buffer {
  const [count, bytes, offset] = [endField(zip, 'entries') + more, endField(zip, 'directoryBytes'), directoryOf(zip)];
  const record = Buffer.concat([
    ...[u32(0x06064b50), u32(44, 0), u16(0x031e, 45), u32(0, 0)],
    ...[u32(count, 0), u32(count, 0), u32(bytes, 0), u32(offset, 0)],
  ]);
  const locator = Buffer.concat([u32(0x07064b50, 0), u32(offset + bytes, 0), u32(1)]);
  return writeZip(ENTRIES, { beforeEnd: Buffer.concat([record, locator]), end });
}

/** Data where none belongs: each place hides something from one reader and shows it to another. */
const OUTSIDE: HostileFamily = {
  'ZIP_STRUCTURE.prefix': around({ prefix: Buffer.from('#!/bin/sh\n') }),
  'ZIP_STRUCTURE.prefix-offsets-not-moved': (zip) => Buffer.concat([Buffer.from('MZ'), zip]),
  'ZIP_STRUCTURE.polyglot-gif': around({ prefix: Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1') }),
  'ZIP_STRUCTURE.polyglot-pdf-behind': around({ suffix: Buffer.from('%PDF-1.7\n%%EOF\n') }),
  'ZIP_STRUCTURE.suffix': around({ suffix: Buffer.from('\n') }),
  'ZIP_STRUCTURE.comment': around({ comment: Buffer.from('signed by nobody') }),
  'ZIP_STRUCTURE.comment-cut': (zip) => {
    const end = Buffer.from(zip);
    end.writeUInt16LE(100, end.length - 2);
    return end;
  },
  'ZIP_STRUCTURE.end-record-in-comment': (zip) => {
    const comment = Buffer.from(zip.subarray(-END_RECORD_BYTES));
    const outer = Buffer.from(zip);
    outer.writeUInt16LE(comment.length, outer.length - 2);
    return Buffer.concat([outer, comment]);
  },
  'ZIP_STRUCTURE.archive-in-comment': around({ comment: OTHER_ARCHIVE }),
  'ZIP_STRUCTURE.two-end-records': (zip) => Buffer.concat([zip, zip.subarray(-END_RECORD_BYTES)]),
  'ZIP_STRUCTURE.end-record-counted-as-directory': (zip) => {
    const doubled = Buffer.concat([zip.subarray(0, -END_RECORD_BYTES), writeZip([]), zip.subarray(-END_RECORD_BYTES)]);
    return endMoved('directoryBytes', END_RECORD_BYTES)(doubled);
  },
  'ZIP_STRUCTURE.two-archives': (zip) => Buffer.concat([zip, OTHER_ARCHIVE]),
  'ZIP_STRUCTURE.two-directories': (zip) =>
    Buffer.concat([zip.subarray(0, -END_RECORD_BYTES), zip.subarray(directoryOf(zip))]),
  'ZIP_STRUCTURE.digital-signature-record': around({
    beforeEnd: Buffer.concat([u32(0x05054b50), u16(4), Buffer.from('sign')]),
  }),
  'ZIP_STRUCTURE.archive-extra-data-record': around({
    beforeDirectory: Buffer.concat([u32(0x08064b50), u32(4), Buffer.from('data')]),
  }),
  'ZIP_STRUCTURE.gap-before-directory': around({ beforeDirectory: Buffer.alloc(7) }),
  'ZIP_STRUCTURE.gap-behind-directory': around({ beforeEnd: Buffer.alloc(7) }),
  'ZIP_STRUCTURE.gap-between-entries': last({ before: Buffer.alloc(1) }),
  'ZIP_STRUCTURE.hidden-entry': last({ before: localPart(HIDDEN) }),
  'ZIP_STRUCTURE.entry-not-in-directory': {
    raw: (entries) => [...entries, HIDDEN],
    archive: { directoryOrder: [...ENTRIES.keys()] },
  },
};

/** The end record and the directory count each other wrongly. */
const COUNTS: HostileFamily = {
  'ZIP_STRUCTURE.one-entry-too-few': around({ end: { entries: 1, entriesOnDisk: 1 } }),
  'ZIP_STRUCTURE.one-entry-too-many': (zip) => endMoved('entriesOnDisk', 1)(endMoved('entries', 1)(zip)),
  'ZIP_UNSUPPORTED.more-entries-than-on-disk': endMoved('entries', 1),
  'ZIP_UNSUPPORTED.more-entries-on-disk-than-in-all': endMoved('entriesOnDisk', 1),
  'ZIP_STRUCTURE.directory-one-byte-short': endMoved('directoryBytes', -1),
  'ZIP_STRUCTURE.directory-one-byte-long': endMoved('directoryBytes', 1),
  'ZIP_STRUCTURE.directory-one-byte-early': endMoved('directoryOffset', -1),
  'ZIP_STRUCTURE.directory-one-byte-late': endMoved('directoryOffset', 1),
  'ZIP_STRUCTURE.directory-moved-within': (zip) => endMoved('directoryOffset', 1)(endMoved('directoryBytes', -1)(zip)),
  'ZIP_STRUCTURE.directory-beyond-the-end': around({ end: { directoryOffset: 0x7fffffff } }),
  'ZIP_STRUCTURE.central-name-length-lies': (zip) => {
    const bytes = Buffer.from(zip);
    bytes.writeUInt16LE(0xfff0, directoryOf(bytes) + 28);
    return bytes;
  },
  'ZIP_STRUCTURE.local-name-length-lies': (zip) => {
    const bytes = Buffer.from(zip);
    bytes.writeUInt16LE(0xfff0, 26);
    return bytes;
  },
  'ZIP_STRUCTURE.central-signature': lastSaysThere({ signature: 0x04034b50 }),
  'ZIP_STRUCTURE.local-signature': lastSaysHere({ signature: 0x02014b50 }),
};

/** Cut off behind and within each kind of record. */
const CUT: HostileFamily = {
  'ZIP_STRUCTURE.empty-file': () => Buffer.alloc(0),
  'ZIP_STRUCTURE.text': () => Buffer.from('apiVersion: v1\nkind: Secret\nmetadata:\n  name: not-a-zip\n'),
  'ZIP_STRUCTURE.cut-short': (zip) => zip.subarray(0, -1),
  'ZIP_STRUCTURE.cut-within-first-header': cutAt(() => LOCAL_HEADER_BYTES - 1),
  'ZIP_STRUCTURE.cut-behind-first-header': cutAt(() => LOCAL_HEADER_BYTES + 'artifact.json'.length),
  'ZIP_STRUCTURE.cut-before-directory': cutAt(directoryOf),
  'ZIP_STRUCTURE.cut-within-central-header': cutAt((zip) => directoryOf(zip) + CENTRAL_HEADER_BYTES - 1),
  'ZIP_STRUCTURE.cut-behind-first-central-header': cutAt(
    (zip) => directoryOf(zip) + CENTRAL_HEADER_BYTES + 'artifact.json'.length,
  ),
  'ZIP_STRUCTURE.cut-before-end': (zip) => zip.subarray(0, -END_RECORD_BYTES),
  'ZIP_STRUCTURE.cut-within-end': (zip) => zip.subarray(0, -END_RECORD_BYTES / 2),
  'ZIP_STRUCTURE.directory-only': (zip) => zip.subarray(directoryOf(zip)),
  'ZIP_STRUCTURE.first-byte-lost': (zip) => zip.subarray(1),
};

/** The local header of an entry says other than the central one, field by field. */
const DISAGREEING: HostileFamily = {
  'ZIP_STRUCTURE.other-name-in-local-header': lastSaysHere({ name: Buffer.from('source/deployment/valuez.yaml') }),
  'ZIP_STRUCTURE.dot-dot-in-local-header': lastSaysHere({ name: Buffer.from('../../etc/cron.d/x') }),
  'ZIP_STRUCTURE.other-version-in-local-header': lastSaysHere({ versionNeeded: 10 }),
  'ZIP_STRUCTURE.other-flags-in-local-header': lastSaysHere({ flags: 0x0800 }),
  'ZIP_STRUCTURE.other-method-in-local-header': lastSaysHere({ method: 8 }),
  'ZIP_STRUCTURE.other-time-in-local-header': lastSaysHere({ modified: 0x00210001 }),
  'ZIP_STRUCTURE.other-crc-in-local-header': lastSaysHere({ crc32: 1 }),
  'ZIP_STRUCTURE.other-compressed-size-in-local-header': lastSaysHere({ compressedBytes: 10 }),
  'ZIP_STRUCTURE.other-size-in-local-header': lastSaysHere({ inflatedBytes: 10 }),
  'ZIP_STRUCTURE.no-sizes-in-local-header': lastSaysHere({ compressedBytes: 0, inflatedBytes: 0 }),
  'ZIP_STRUCTURE.other-method-in-central-header': lastSaysThere({ method: 8 }),
  'ZIP_STRUCTURE.smaller-in-central-header': lastSaysThere({ compressedBytes: 10, inflatedBytes: 10 }),
  'ZIP_STRUCTURE.larger-in-central-header': lastSaysThere({ compressedBytes: 5_000, inflatedBytes: 5_000 }),
  'ZIP_STRUCTURE.stored-and-of-two-sizes': lastSays({ inflatedBytes: 10 }),
  'ZIP_STRUCTURE.compressed-size-too-small': last({ deflate: true, both: { compressedBytes: 10 } }),
  'ZIP_STRUCTURE.compressed-size-too-large': last({ deflate: true, both: { compressedBytes: 500 } }),
};

/** Entries that lie on each other, or where no entry may lie. */
const OVERLAPPING: HostileFamily = {
  'ZIP_STRUCTURE.overlap': more({ name: 'source/z', data: Buffer.alloc(0), central: { localHeaderOffset: 0 } }),
  'ZIP_STRUCTURE.overlap-full': () => fullOverlap(ENTRIES, 100),
  'ZIP_STRUCTURE.overlap-quoted': () => quotedOverlap(ENTRIES, 20),
  'ZIP_STRUCTURE.central-header-twice': around({ directoryOrder: [...ENTRIES.keys(), ENTRIES.length - 1] }),
  'ZIP_STRUCTURE.entry-within-another': () =>
    pointingAt(HIDDEN, [...ENTRIES, { name: 'source/outer.zip', content: localPart(HIDDEN) }]),
  'ZIP_STRUCTURE.entry-in-the-directory': () =>
    pointingAt(HIDDEN, [...ENTRIES, { ...BESIDE, central: { extra: extraField(0x5455, localPart(HIDDEN)) } }]),
  'ZIP_STRUCTURE.entry-in-an-extra-field': () =>
    pointingAt(HIDDEN, [...ENTRIES, { ...BESIDE, local: { extra: extraField(0x5455, localPart(HIDDEN)) } }]),
  'ZIP_STRUCTURE.entry-beyond-the-end': lastSaysThere({ localHeaderOffset: 0x7fffffff }),
  'ZIP_STRUCTURE.entry-one-byte-late': (zip) => firstOffsetMoved(zip, 1),
  'ZIP_STRUCTURE.name-twice': { raw: (entries) => [...entries, first(entries)] },
  'ZIP_STRUCTURE.name-twice-other-content': {
    raw: (entries) => [...entries, { ...(entries.at(-1) as RawEntry), content: 'replicaCount: 99\n' }],
  },
  'ZIP_STRUCTURE.extra-field-cut': lastSays({ extra: u16(0x5455, 9) }),
  'ZIP_STRUCTURE.extra-field-cut-in-local-header': lastSaysHere({ extra: u16(0x5455, 9) }),
};

const LAST = ENTRIES.length - 1;
const BETWEEN = [...ENTRIES.keys()].slice(1, -1);

/** Who reads from the start of the file sees the entries in another order than who reads the directory. */
const ORDER: HostileFamily = {
  'ZIP_STRUCTURE.directory-reversed': around({ directoryOrder: [...ENTRIES.keys()].reverse() }),
  'ZIP_STRUCTURE.directory-with-two-entries-swapped': around({
    directoryOrder: [0, ...BETWEEN.slice(0, -1), LAST, LAST - 1],
  }),
  'ZIP_STRUCTURE.manifest-first-in-the-directory-only': {
    raw: ([manifest, ...others]) => [...others, manifest as RawEntry],
    archive: { directoryOrder: [LAST, ...ENTRIES.keys()].slice(0, ENTRIES.length) },
  },
  'ZIP_STRUCTURE.manifest-first-in-the-file-only': around({ directoryOrder: [...BETWEEN, LAST, 0] }),
};

/** The records for archives beyond 4 GiB, next to those of an archive that is small. */
const ZIP64: HostileFamily = {
  'ZIP_UNSUPPORTED.zip64': lastSays({ extra: extraField(1, Buffer.alloc(16)), versionNeeded: 45 }),
  'ZIP_UNSUPPORTED.zip64-extra-in-local-header': lastSaysHere({ extra: extraField(1, Buffer.alloc(16)) }),
  'ZIP_UNSUPPORTED.zip64-extra-in-central-header': lastSaysThere({ extra: extraField(1, Buffer.alloc(28)) }),
  'ZIP_UNSUPPORTED.zip64-sizes': lastSays({
    compressedBytes: 0xffffffff,
    inflatedBytes: 0xffffffff,
    extra: extraField(1, Buffer.concat([u32(1, 0), u32(1, 0)])),
  }),
  'ZIP_UNSUPPORTED.zip64-sizes-without-the-field': lastSays({ compressedBytes: 0xffffffff, inflatedBytes: 0xffffffff }),
  'ZIP_UNSUPPORTED.zip64-offset': lastSaysThere({
    localHeaderOffset: 0xffffffff,
    extra: extraField(1, u32(0, 0)),
  }),
  'ZIP_UNSUPPORTED.zip64-end-record': (zip) =>
    withZip64End(zip, {
      entries: 0xffff,
      entriesOnDisk: 0xffff,
      directoryBytes: 0xffffffff,
      directoryOffset: 0xffffffff,
    }),
  'ZIP_UNSUPPORTED.zip64-entries-only': around({ end: { entries: 0xffff, entriesOnDisk: 0xffff } }),
  'ZIP_UNSUPPORTED.zip64-directory-offset-only': around({ end: { directoryOffset: 0xffffffff } }),
  'ZIP_STRUCTURE.zip64-end-record-ignored': (zip) => withZip64End(zip, {}),
  'ZIP_STRUCTURE.zip64-end-record-of-another-directory': (zip) => withZip64End(zip, {}, 1),
  'ZIP_STRUCTURE.zip64-locator-alone': around({
    beforeEnd: Buffer.concat([u32(0x07064b50), u32(0), u32(0, 0), u32(1)]),
  }),
};

/** Spread over several disks, as floppies were. */
const DISKS: HostileFamily = {
  'ZIP_UNSUPPORTED.several-disks': around({ end: { diskNumber: 1, directoryDisk: 1 } }),
  'ZIP_UNSUPPORTED.directory-on-another-disk': around({ end: { directoryDisk: 1 } }),
  'ZIP_UNSUPPORTED.entry-on-another-disk': lastSaysThere({ diskNumber: 1 }),
};

export const HOSTILE_RECORDS: HostileFamily = {
  ...OUTSIDE,
  ...COUNTS,
  ...CUT,
  ...DISAGREEING,
  ...OVERLAPPING,
  ...ORDER,
  ...ZIP64,
  ...DISKS,
};
