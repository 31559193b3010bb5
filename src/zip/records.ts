/**
 * The fixed parts of a zip's records, as PKWARE's APPNOTE.TXT 6.3.10 lays them out. Only reads; judges nothing.
 * All numbers are little-endian (APPNOTE 4.4.1.1).
 */

const LOCAL_HEADER_BYTES = 30;
const CENTRAL_HEADER_BYTES = 46;
export const END_RECORD_BYTES = 22;

/** Of the fields that both headers have in the same order, with the name's length. */
const SHARED_BYTES = 24;

const LOCAL_SIGNATURE = 0x04034b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;

/** General purpose bit flag, APPNOTE 4.4.4. */
export const FLAG = { deflateLevel: 0b110, utf8: 1 << 11 } as const;

/** APPNOTE 4.4.5. */
export const METHOD = { stored: 0, deflated: 8 } as const;

/** What the local and the central header of an entry both say. */
export interface EntryFacts {
  readonly versionNeeded: number;
  readonly flags: number;
  readonly method: number;
  /** MS-DOS time and date in one number. */
  readonly modified: number;
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly inflatedBytes: number;
  readonly name: Buffer;
  readonly extra: Buffer;
}

export interface CentralHeader extends EntryFacts {
  readonly offset: number;
  readonly comment: Buffer;
  readonly diskNumber: number;
  readonly externalAttributes: number;
  readonly localHeaderOffset: number;
  /** Where the next record starts. */
  readonly end: number;
}

export interface LocalHeader {
  readonly dataOffset: number;
  readonly extra: Buffer;
  /** Its fields that say something else than the central header's. */
  readonly differing: readonly string[];
}

export interface EndRecord {
  readonly offset: number;
  readonly diskNumber: number;
  readonly directoryDisk: number;
  readonly entriesOnDisk: number;
  readonly entries: number;
  readonly directoryBytes: number;
  readonly directoryOffset: number;
}

/** The central directory's header at `offset` (APPNOTE 4.3.12); undefined when there is none, or it is cut. */
export function readCentralHeader(zip: Buffer, offset: number): CentralHeader | undefined {
  if (offset + CENTRAL_HEADER_BYTES > zip.length || zip.readUInt32LE(offset) !== CENTRAL_SIGNATURE) return undefined;
  const nameStart = offset + CENTRAL_HEADER_BYTES;
  const extraStart = nameStart + zip.readUInt16LE(offset + 28);
  const commentStart = extraStart + zip.readUInt16LE(offset + 30);
  const end = commentStart + zip.readUInt16LE(offset + 32);
  if (end > zip.length) return undefined;
  return {
    offset,
    ...readSharedFields(zip, offset + 6),
    name: zip.subarray(nameStart, extraStart),
    extra: zip.subarray(extraStart, commentStart),
    comment: zip.subarray(commentStart, end),
    diskNumber: zip.readUInt16LE(offset + 34),
    externalAttributes: zip.readUInt32LE(offset + 38),
    localHeaderOffset: zip.readUInt32LE(offset + 42),
    end,
  };
}

/** Where the data begins behind an entry's local header; undefined when there is none, or it is cut. */
export function findData(zip: Buffer, offset: number): number | undefined {
  if (offset + LOCAL_HEADER_BYTES > zip.length || zip.readUInt32LE(offset) !== LOCAL_SIGNATURE) return undefined;
  const dataOffset = offset + LOCAL_HEADER_BYTES + zip.readUInt16LE(offset + 26) + zip.readUInt16LE(offset + 28);
  return dataOffset > zip.length ? undefined : dataOffset;
}

/** The header before an entry's data (APPNOTE 4.3.7), held against the central one; undefined when there is none, or it is cut. */
export function readLocalHeader(zip: Buffer, central: CentralHeader): LocalHeader | undefined {
  const offset = central.localHeaderOffset;
  const dataOffset = findData(zip, offset);
  if (dataOffset === undefined) return undefined;
  const nameStart = offset + LOCAL_HEADER_BYTES;
  const extraStart = nameStart + zip.readUInt16LE(offset + 26);
  const extra = zip.subarray(extraStart, dataOffset);
  // As bytes, from "version needed" to the name's end: to take each entry's header apart was half the time of reading a zip.
  if (
    isSame(zip, offset + 4, central.offset + 6, SHARED_BYTES) &&
    isSame(zip, nameStart, central.offset + CENTRAL_HEADER_BYTES, central.name.length)
  )
    return { dataOffset, extra, differing: [] };
  const local = readSharedFields(zip, offset + 4);
  const fields = Object.keys(local) as (keyof typeof local)[];
  const differing: string[] = fields.filter((field) => central[field] !== local[field]);
  if (!central.name.equals(zip.subarray(nameStart, extraStart))) differing.push('name');
  return { dataOffset, extra, differing };
}

const isSame = (zip: Buffer, a: number, b: number, bytes: number): boolean =>
  zip.compare(zip, a, a + bytes, b, b + bytes) === 0;

/** The end of central directory record that ends exactly where the bytes end (APPNOTE 4.3.16). */
export function findEndRecord(zip: Buffer, maxCommentBytes: number): EndRecord | undefined {
  const first = Math.max(0, zip.length - END_RECORD_BYTES - maxCommentBytes);
  for (let offset = zip.length - END_RECORD_BYTES; offset >= first; offset--) {
    if (zip.readUInt32LE(offset) !== END_SIGNATURE) continue;
    if (offset + END_RECORD_BYTES + zip.readUInt16LE(offset + 20) !== zip.length) continue;
    return {
      offset,
      diskNumber: zip.readUInt16LE(offset + 4),
      directoryDisk: zip.readUInt16LE(offset + 6),
      entriesOnDisk: zip.readUInt16LE(offset + 8),
      entries: zip.readUInt16LE(offset + 10),
      directoryBytes: zip.readUInt32LE(offset + 12),
      directoryOffset: zip.readUInt32LE(offset + 16),
    };
  }
  return undefined;
}

/** The parts of an extra field (APPNOTE 4.5.1); undefined when the lengths don't add up. */
export function readExtraParts(extra: Buffer): { id: number; data: Buffer }[] | undefined {
  const parts: { id: number; data: Buffer }[] = [];
  let offset = 0;
  while (offset + 4 <= extra.length) {
    const end = offset + 4 + extra.readUInt16LE(offset + 2);
    parts.push({ id: extra.readUInt16LE(offset), data: extra.subarray(offset + 4, end) });
    offset = end;
  }
  return offset === extra.length ? parts : undefined;
}

/** The fields that stand in the same order in both headers, from "version needed to extract" on. */
function readSharedFields(zip: Buffer, offset: number): Omit<EntryFacts, 'name' | 'extra'> {
  return {
    versionNeeded: zip.readUInt16LE(offset),
    flags: zip.readUInt16LE(offset + 2),
    method: zip.readUInt16LE(offset + 4),
    modified: zip.readUInt32LE(offset + 6),
    crc32: zip.readUInt32LE(offset + 10),
    compressedBytes: zip.readUInt32LE(offset + 14),
    inflatedBytes: zip.readUInt32LE(offset + 18),
  };
}
