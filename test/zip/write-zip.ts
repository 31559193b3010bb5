import { crc32, deflateRawSync } from 'node:zlib';

/** The fields that both headers of an entry have, and those that only the central one has (APPNOTE 4.3.7, 4.3.12). */
export interface HeaderFields {
  signature: number;
  versionMadeBy: number;
  versionNeeded: number;
  flags: number;
  method: number;
  modified: number;
  crc32: number;
  compressedBytes: number;
  inflatedBytes: number;
  name: Buffer;
  extra: Buffer;
  comment: Buffer;
  diskNumber: number;
  internalAttributes: number;
  externalAttributes: number;
  localHeaderOffset: number;
}

export interface EndFields {
  diskNumber: number;
  directoryDisk: number;
  entriesOnDisk: number;
  entries: number;
  directoryBytes: number;
  directoryOffset: number;
}

/** One entry, honest unless it is told to lie. */
export interface RawEntry {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  readonly deflate?: boolean;
  /** The bytes behind the local header, instead of the content's. */
  readonly data?: Buffer;
  /** What both headers say, instead of the truth. */
  readonly both?: Partial<HeaderFields>;
  readonly local?: Partial<HeaderFields>;
  readonly central?: Partial<HeaderFields>;
  /** Bytes in front of the local header, and behind the data. */
  readonly before?: Buffer;
  readonly after?: Buffer;
}

export interface RawArchive {
  readonly prefix?: Buffer;
  readonly beforeDirectory?: Buffer;
  readonly beforeEnd?: Buffer;
  readonly suffix?: Buffer;
  readonly comment?: Buffer;
  readonly end?: Partial<EndFields>;
  /** The order of the central headers, by index of the entry. */
  readonly directoryOrder?: readonly number[];
}

const REGULAR_FILE = (0o100644 << 16) >>> 0;
const UNIX_3_0 = 0x031e;
/** 1 January 1980, midnight. */
const FIRST_DAY = 0x00210000;
const UTF8 = 0x0800;
const NONE = Buffer.alloc(0);

/** Writes a zip byte by byte, so that every field can be a lie. Takes no clock: same input, same bytes. */
export function writeZip(entries: readonly RawEntry[], archive: RawArchive = {}): Buffer {
  const parts: Buffer[] = [archive.prefix ?? NONE];
  let offset = parts[0]?.length ?? 0;
  const push = (...more: Buffer[]) => {
    for (const part of more) {
      parts.push(part);
      offset += part.length;
    }
  };
  const directory = entries.map((entry) => {
    push(entry.before ?? NONE);
    const fields: HeaderFields = { ...honest(entry), ...entry.both, localHeaderOffset: offset };
    push(localHeader({ ...fields, signature: 0x04034b50, ...entry.local }), dataOf(entry), entry.after ?? NONE);
    return centralHeader({
      ...fields,
      signature: 0x02014b50,
      ...pickOffset(entry.both),
      ...entry.central,
    });
  });
  push(archive.beforeDirectory ?? NONE);
  const directoryOffset = offset;
  const order = archive.directoryOrder ?? directory.map((_header, index) => index);
  push(...order.map((index) => directory[index] as Buffer));
  const end: EndFields = {
    diskNumber: 0,
    directoryDisk: 0,
    entriesOnDisk: order.length,
    entries: order.length,
    directoryBytes: offset - directoryOffset,
    directoryOffset,
    ...archive.end,
  };
  push(archive.beforeEnd ?? NONE, endRecord(end, archive.comment ?? NONE), archive.suffix ?? NONE);
  return Buffer.concat(parts);
}

function dataOf(entry: RawEntry): Buffer {
  if (entry.data) return entry.data;
  const content = Buffer.from(entry.content ?? '');
  return entry.deflate ? deflateRawSync(content) : content;
}

function honest(entry: RawEntry): HeaderFields {
  const content = Buffer.from(entry.content ?? '');
  const name = Buffer.from(entry.name);
  return {
    signature: 0,
    versionMadeBy: UNIX_3_0,
    versionNeeded: 20,
    flags: name.some((byte) => byte > 0x7f) ? UTF8 : 0,
    method: entry.deflate ? 8 : 0,
    modified: FIRST_DAY,
    crc32: crc32(content),
    compressedBytes: dataOf(entry).length,
    inflatedBytes: content.length,
    name,
    extra: NONE,
    comment: NONE,
    diskNumber: 0,
    internalAttributes: 0,
    externalAttributes: REGULAR_FILE,
    localHeaderOffset: 0,
  };
}

const pickOffset = (both: Partial<HeaderFields> = {}): Partial<HeaderFields> =>
  both.localHeaderOffset === undefined ? {} : { localHeaderOffset: both.localHeaderOffset };

function localHeader(f: HeaderFields): Buffer {
  return Buffer.concat([u32(f.signature), shared(f), u16(f.name.length, f.extra.length), f.name, f.extra]);
}

function centralHeader(f: HeaderFields): Buffer {
  return Buffer.concat([
    u32(f.signature),
    u16(f.versionMadeBy),
    shared(f),
    u16(f.name.length, f.extra.length, f.comment.length, f.diskNumber, f.internalAttributes),
    u32(f.externalAttributes, f.localHeaderOffset),
    f.name,
    f.extra,
    f.comment,
  ]);
}

function shared(f: HeaderFields): Buffer {
  return Buffer.concat([
    u16(f.versionNeeded, f.flags, f.method),
    u32(f.modified, f.crc32, f.compressedBytes, f.inflatedBytes),
  ]);
}

function endRecord(f: EndFields, comment: Buffer): Buffer {
  return Buffer.concat([
    u32(0x06054b50),
    u16(f.diskNumber, f.directoryDisk, f.entriesOnDisk, f.entries),
    u32(f.directoryBytes, f.directoryOffset),
    u16(comment.length),
    comment,
  ]);
}

/** One part of an extra field (APPNOTE 4.5.1). */
export const extraField = (id: number, data: Buffer): Buffer => Buffer.concat([u16(id, data.length), data]);

export function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt16LE(value, 2 * index);
  });
  return bytes;
}

export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value, 4 * index);
  });
  return bytes;
}
