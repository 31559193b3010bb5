import { crc32, deflateRawSync } from 'node:zlib';
import { type HeaderFields, type RawEntry, u16, writeZip } from '../zip/write-zip.ts';
import { endField, localPart } from './hostile-alterations.ts';

/** Below the size from which a ratio is looked at, so that only the overlap gives it away. */
const KERNEL = Buffer.alloc(2 ** 20 - 20_000);

const END_RECORD_BYTES = 22;

/** A zip bomb: so many names for one entry's data. */
export function fullOverlap(entries: readonly RawEntry[], count: number): Buffer {
  const bomb: RawEntry = { name: 'source/bomb/000', content: KERNEL, deflate: true };
  const offset = endField(writeZip(entries), 'directoryOffset');
  const names = Array.from({ length: count }, (_, i) => `source/bomb/${String(i + 1).padStart(3, '0')}`);
  const both: Partial<HeaderFields> = {
    ...{ method: 8, crc32: crc32(KERNEL), inflatedBytes: KERNEL.length },
    ...{ compressedBytes: deflateRawSync(KERNEL).length, localHeaderOffset: offset },
  };
  const overlapping = names.map((name) => ({ name, data: Buffer.alloc(0), both }));
  return withoutLocalHeaders([...entries, bomb], overlapping);
}

/**
 * David Fifield's zip bomb (https://www.bamsoftware.com/hacks/zipbomb/): every entry's deflate stream begins with a
 * stored block that quotes the next entry's local header, and goes on as that entry's own. Local and central headers
 * agree, sizes and checksums are right.
 */
export function quotedOverlap(entries: readonly RawEntry[], count: number): Buffer {
  let next: RawEntry = { name: 'source/bomb/00', content: KERNEL, deflate: true };
  let data = deflateRawSync(KERNEL);
  let content: Buffer = KERNEL;
  const quoting: RawEntry[] = [next];
  for (let i = 1; i < count; i++) {
    const header = headerOf(next);
    const quote = Buffer.concat([Buffer.from([0]), u16(header.length, ~header.length & 0xffff)]);
    data = Buffer.concat([quote, header, data]);
    content = Buffer.concat([header, content]);
    const both = { method: 8, crc32: crc32(content), compressedBytes: data.length, inflatedBytes: content.length };
    next = { name: `source/bomb/${String(i).padStart(2, '0')}`, data: quote, both };
    quoting.unshift(next);
  }
  return writeZip([...entries, ...quoting]);
}

/** With a central header for an entry whose local header stands within the bytes of another record. */
export function pointingAt(hidden: RawEntry, entries: readonly RawEntry[]): Buffer {
  const place = writeZip(entries).indexOf(localPart(hidden));
  const content = Buffer.from(hidden.content ?? '');
  const both = { crc32: crc32(content), compressedBytes: content.length, inflatedBytes: content.length };
  const pointer: RawEntry = { name: hidden.name, data: Buffer.alloc(0), both: { ...both, localHeaderOffset: place } };
  // What the writer puts in for the pointer moves nothing that stands before it, but moves the directory.
  const moved = withoutLocalHeaders(entries, [pointer]);
  if (moved.indexOf(localPart(hidden)) !== place) throw new Error('the hidden entry has moved');
  return moved;
}

/** The further entries stand in the directory only. */
function withoutLocalHeaders(entries: readonly RawEntry[], inDirectoryOnly: readonly RawEntry[]): Buffer {
  const whole = writeZip(entries);
  const directory = endField(whole, 'directoryOffset');
  const others = writeZip(inDirectoryOnly);
  const otherHeaders = others.subarray(endField(others, 'directoryOffset'), -END_RECORD_BYTES);
  const headers = Buffer.concat([whole.subarray(directory, -END_RECORD_BYTES), otherHeaders]);
  const end = Buffer.from(whole.subarray(-END_RECORD_BYTES));
  end.writeUInt16LE(entries.length + inDirectoryOnly.length, 8);
  end.writeUInt16LE(entries.length + inDirectoryOnly.length, 10);
  end.writeUInt32LE(headers.length, 12);
  return Buffer.concat([whole.subarray(0, directory), headers, end]);
}

const headerOf = (entry: RawEntry): Buffer => {
  const part = localPart(entry);
  const size = entry.data?.length ?? deflateRawSync(Buffer.from(entry.content ?? '')).length;
  return part.subarray(0, part.length - size);
};
