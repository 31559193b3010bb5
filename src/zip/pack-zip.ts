import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import { byCodePoint } from '../model/by-code-point.ts';
import type { ZipEntry } from './read-entry.ts';

export interface NewFile {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/** A file taken over from another zip, perhaps under a new name, its compressed bytes as they are. */
export interface CarriedFile {
  readonly path: string;
  readonly entry: ZipEntry;
}

/** The first day a zip can name; any fixed date would do, and no clock or time zone may show in the bytes. */
const ENTRY_DATE = new Date(Date.UTC(1980, 0, 1));
const REGULAR_FILE = 0o100644;
const LEVEL = 6;

const deflate = promisify(deflateRaw) as (content: Uint8Array, options: object) => Promise<Buffer>;

/**
 * A zip whose bytes depend on its content only: `first`, then all other entries by code point, fixed dates and modes.
 * JSZip writes it, and is given every entry compressed already, in the form that its own reader makes (`lib/load.js`): it would
 * compress at 8 MB/s, and its reader takes 5 ms for each megabyte of an archive that ours has read before.
 */
export async function packZip(
  first: NewFile,
  files: readonly NewFile[],
  carried: readonly CarriedFile[],
): Promise<Buffer> {
  const entries = new Map(carried.map(({ path, entry }) => [path, entry]));
  // Several at once: each is a job of zlib's threads.
  for (const entry of await Promise.all([first, ...files].map(compress))) entries.set(entry.path, entry);
  const [{ default: JSZip }, { default: CompressedObject }, { default: compressions }] = await loadJSZip();
  const zip = new JSZip();
  const paths = [...entries.keys()].filter((path) => path !== first.path).sort(byCodePoint);
  for (const path of [first.path, ...paths]) {
    const { deflated, data, size, crc32: checksum } = entries.get(path) as ZipEntry;
    const compression = deflated ? 'DEFLATE' : 'STORE';
    const compressed = new CompressedObject(data.length, size, checksum, compressions[compression], data);
    const options = { date: ENTRY_DATE, unixPermissions: REGULAR_FILE, compression, createFolders: false } as const;
    zip.file(path, compressed as never, { ...options, binary: true });
  }
  return zip.generateAsync({ type: 'nodebuffer', platform: 'UNIX', streamFiles: false });
}

/** At the first archive, since most functions never write one. */
const loadJSZip = () =>
  Promise.all([import('jszip'), import('jszip/lib/compressedObject.js'), import('jszip/lib/compressions.js')]);

async function compress({ path, content }: NewFile): Promise<ZipEntry> {
  const bytes = Buffer.from(content as string);
  const data = await deflate(bytes, { level: LEVEL });
  return { path, deflated: true, data, crc32: crc32(bytes), size: bytes.length };
}
