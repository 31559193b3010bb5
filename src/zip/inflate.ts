import { promisify } from 'node:util';
import { crc32, inflateRaw, inflateRawSync } from 'node:zlib';
import { AppError } from '../errors.ts';
import type { ZipEntry } from './read-entry.ts';

/** Above this, inflating leaves the event loop for a thread; below, the thread would cost more than the work. */
const OFF_LOOP_BYTES = 128 * 1024;

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
  if (content.length !== entry.size) throw wrong(entry, `${content.length} bytes instead of ${entry.size}`);
  if (crc32(content) !== entry.crc32) throw wrong(entry, 'the CRC-32 does not fit');
  return content;
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
    throw wrong(entry, `does not inflate to ${entry.size} bytes`, cause);
  }
  if (inflated.engine.bytesWritten !== entry.data.length)
    throw wrong(entry, 'bytes behind the end of the deflate stream');
  return inflated.buffer;
}

function wrong(entry: ZipEntry, message: string, cause?: unknown): AppError {
  return new AppError('ZIP_DATA', `${entry.path}: ${message}`, { cause, path: entry.path });
}
