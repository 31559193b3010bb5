import { crc32 } from 'node:zlib';
import { type Problem, problem } from '../errors.ts';
import { nameProblems } from './entry-names.ts';
import { type CentralHeader, FLAG, METHOD, readExtraParts, readLocalHeader } from './records.ts';

/** An entry whose records agree with each other. Its data is not looked at yet: `inflateEntry` does. */
export interface ZipEntry {
  readonly path: string;
  readonly deflated: boolean;
  /** A part of the archive's own bytes. */
  readonly data: Buffer;
  readonly crc32: number;
  readonly size: number;
}

/**
 * What is let pass beyond regular files. `artifact`: nothing. `git`: what `git archive` writes, which is a comment,
 * folder entries (left out of the result; a submodule is one too), and symbolic links (reported as such).
 */
export type ZipWriter = 'artifact' | 'git';

const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const DOS_DIRECTORY = 0x10;
const EXTRA_ZIP64 = 0x0001;
const EXTRA_UNICODE_PATH = 0x7075;
/**
 * Times and owners: NTFS, Info-ZIP's `UT`, `UX`, `Ux` and `ux`; and Java's mark of a jar. No others: some hold what is
 * linked to (0x000d, 0x756e), how data is encrypted (0x0017, 0x9901), or a second comment (0x6375).
 */
const EXTRA_HARMLESS: readonly number[] = [0x000a, 0x5455, 0x5855, 0x7855, 0x7875, 0xcafe];
/** Writers use some dozens of bytes, and as many as the name has. */
const MAX_EXTRA_BYTES = 4_096;

/** One entry's headers held against each other and against what is taken; the entry only when they pass. */
export function readEntry(
  zip: Buffer,
  header: CentralHeader,
  directoryOffset: number,
  writer: ZipWriter,
): { entry?: ZipEntry; found: Problem[] } {
  const path = header.name.toString('utf8');
  const found: Problem[] = [];

  if (writer === 'git' && path.endsWith('/')) return { found };
  found.push(...featureProblems(header, path), ...typeProblems(header, path, writer), ...nameProblems(header.name));
  const local = readLocalHeader(zip, header);
  if (local === undefined) return { found };
  for (const field of local.differing)
    found.push(problem('ZIP_STRUCTURE', `local and central header differ in ${field}`, path));
  for (const { extra } of [header, local]) found.push(...extraProblems(extra, header.name, path));
  if (header.method === METHOD.stored && header.compressedBytes !== header.inflatedBytes)
    found.push(
      problem(
        'ZIP_STRUCTURE',
        `stored, but ${header.compressedBytes} bytes are said to be ${header.inflatedBytes}`,
        path,
      ),
    );
  const dataEnd = local.dataOffset + header.compressedBytes;
  if (found.length > 0 || dataEnd > directoryOffset) return { found };
  return {
    entry: {
      path,
      deflated: header.method === METHOD.deflated,
      data: zip.subarray(local.dataOffset, dataEnd),
      crc32: header.crc32,
      size: header.inflatedBytes,
    },
    found,
  };
}

function featureProblems(header: CentralHeader, path: string): Problem[] {
  const unsupported: string[] = [];
  if ((header.flags & ~(FLAG.utf8 | FLAG.deflateLevel)) !== 0)
    unsupported.push(`flags 0x${header.flags.toString(16)}: encryption, data descriptors and patches are not taken`);
  if (header.method !== METHOD.stored && header.method !== METHOD.deflated)
    unsupported.push(`compression method ${header.method}: only stored and deflated are taken`);
  if (header.versionNeeded > 20)
    unsupported.push(`needs version ${header.versionNeeded / 10} to extract: at most 2.0 is taken`);
  if (header.diskNumber !== 0) unsupported.push('is on another disk');
  if (header.comment.length > 0) unsupported.push('has a comment');
  if (
    header.compressedBytes === 0xffffffff ||
    header.inflatedBytes === 0xffffffff ||
    header.localHeaderOffset === 0xffffffff
  )
    unsupported.push('zip64: no archive within the limits needs it');
  const problems = unsupported.map((message) => problem('ZIP_UNSUPPORTED', message, path));
  if ((header.flags & FLAG.utf8) === 0 && header.name.some((byte) => byte > 0x7f))
    problems.push(problem('ZIP_STRUCTURE', 'the name is not ASCII, and the flag that says UTF-8 is not set', path));
  return problems;
}

/** Regular files only, whatever system the writer claims: some readers look at the mode bits regardless of it. */
function typeProblems(header: CentralHeader, path: string, writer: ZipWriter): Problem[] {
  const mode = header.externalAttributes >>> 16;
  const type = mode & S_IFMT;
  if (type === S_IFLNK && writer === 'git')
    return [problem('SYMLINK_UNSUPPORTED', 'is a symbolic link: put the file itself into the repository', path)];
  if ((type !== 0 && type !== S_IFREG) || (mode & 0o7000) !== 0)
    return [
      problem('ZIP_TYPE', `mode ${mode.toString(8)}: only regular files without set-id or sticky bits are taken`, path),
    ];
  if ((header.externalAttributes & DOS_DIRECTORY) !== 0 || path.endsWith('/'))
    return [problem('ZIP_TYPE', 'is a folder: only files are taken', path)];
  return [];
}

function extraProblems(extra: Buffer, name: Buffer, path: string): Problem[] {
  if (extra.length > MAX_EXTRA_BYTES)
    return [
      problem('ZIP_UNSUPPORTED', `extra fields of ${extra.length} bytes: at most ${MAX_EXTRA_BYTES} are taken`, path),
    ];
  const parts = readExtraParts(extra);
  if (parts === undefined) return [problem('ZIP_STRUCTURE', 'an extra field is cut', path)];
  if (parts.some(({ id, data }) => id === EXTRA_UNICODE_PATH && !isSameName(data, name)))
    return [problem('ZIP_UNSUPPORTED', 'has a second name in an extra field, not the same', path)];
  if (parts.some(({ id }) => id === EXTRA_ZIP64))
    return [problem('ZIP_UNSUPPORTED', 'zip64: no archive within the limits needs it', path)];
  const unknown = parts.find(({ id }) => id !== EXTRA_UNICODE_PATH && !EXTRA_HARMLESS.includes(id));
  if (unknown !== undefined)
    return [
      problem('ZIP_UNSUPPORTED', `extra field 0x${unknown.id.toString(16)}: only times and owners are taken`, path),
    ];
  return [];
}

/** JSZip repeats each name beyond ASCII in such a field (APPNOTE 4.6.9): harmless as long as it is the same. */
function isSameName(data: Buffer, name: Buffer): boolean {
  return data.length >= 5 && data[0] === 1 && data.readUInt32LE(1) === crc32(name) && data.subarray(5).equals(name);
}
