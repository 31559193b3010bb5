import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { crc32, createInflateRaw, inflateRaw, inflateRawSync } from 'node:zlib';
import { AppError } from '../errors.ts';
import { type FileDigest, sha256 } from '../model/digest.ts';
import type { ZipEntry } from './read-entry.ts';

/** Above this, inflating leaves the event loop for a thread; below, the thread would cost more than the work. */
const OFF_LOOP_BYTES = 32 * 1024;
/** Above this, an entry that nobody looks into is never in memory whole. */
const MAX_WHOLE_BYTES = 2 ** 20;
const CHUNK_BYTES = 256 * 1024;

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

const inflateOffLoop = promisify(inflateRaw) as unknown as (data: Buffer, options: object) => Promise<Inflated>;
const inflateHere = inflateRawSync as unknown as (data: Buffer, options: object) => Inflated;

/**
 * An entry's content, which is exactly what its record says: size, CRC-32, and nothing behind the deflate stream.
 * Never makes more bytes than the record declares, which `readZip` has held against the limits.
 * @throws AppError ZIP_DATA
 */
export async function inflateEntry(entry: ZipEntry): Promise<Buffer> {
  const content = entry.deflated ? await inflateDeflated(entry) : entry.data;
  assertAsDeclared(entry, content.length, crc32(content));
  return content;
}

/**
 * What an entry is, for who does not look into it: held against its record as by `inflateEntry`, a large one in pieces.
 * @throws AppError ZIP_DATA
 */
export async function digestEntry(entry: ZipEntry): Promise<FileDigest> {
  if (entry.deflated && entry.size > MAX_WHOLE_BYTES) return digestDeflated(entry);
  const content = await inflateEntry(entry);
  return { path: entry.path, size: content.length, sha256: sha256(content) };
}

async function inflateDeflated(entry: ZipEntry): Promise<Buffer> {
  // An empty file's stream is 2 bytes long, and zlib takes no limit of 0.
  // In one piece: zlib's own of 16 KiB cost a turn of the thread pool each, and a copy of all in the end.
  const options = { info: true, maxOutputLength: Math.max(1, entry.size), chunkSize: Math.max(64, entry.size + 1) };
  let inflated: Inflated;
  try {
    inflated =
      entry.size > OFF_LOOP_BYTES ? await inflateOffLoop(entry.data, options) : inflateHere(entry.data, options);
  } catch (cause) {
    throw doesNotInflate(entry, cause);
  }
  assertAllUsed(entry, inflated.engine.bytesWritten);
  return inflated.buffer;
}

async function digestDeflated(entry: ZipEntry): Promise<FileDigest> {
  const inflate = createInflateRaw({ chunkSize: CHUNK_BYTES });
  const hash = createHash('sha256');
  let size = 0;
  let checksum = 0;
  inflate.end(entry.data);
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      size += chunk.length;
      // Leaving the loop ends the stream.
      if (size > entry.size) break;
      checksum = crc32(chunk, checksum);
      hash.update(chunk);
    }
  } catch (cause) {
    throw doesNotInflate(entry, cause);
  }
  if (size > entry.size) throw doesNotInflate(entry);
  assertAllUsed(entry, inflate.bytesWritten);
  assertAsDeclared(entry, size, checksum);
  return { path: entry.path, size, sha256: hash.digest('hex') };
}

function assertAllUsed(entry: ZipEntry, bytes: number): void {
  if (bytes !== entry.data.length) throw wrong(entry, 'bytes behind the end of the deflate stream');
}

function assertAsDeclared(entry: ZipEntry, size: number, checksum: number): void {
  if (size !== entry.size) throw wrong(entry, `${size} bytes instead of ${entry.size}`);
  if (checksum !== entry.crc32) throw wrong(entry, 'the CRC-32 does not fit');
}

const doesNotInflate = (entry: ZipEntry, cause?: unknown): AppError =>
  wrong(entry, `does not inflate to ${entry.size} bytes`, cause);

function wrong(entry: ZipEntry, message: string, cause?: unknown): AppError {
  return new AppError('ZIP_DATA', `${entry.path}: ${message}`, { cause, path: entry.path });
}
