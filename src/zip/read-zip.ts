import type { ErrorCode } from '../error-codes.ts';
import { type Problem, problem } from '../errors.ts';
import { readEntry, type ZipEntry, type ZipWriter } from './read-entry.ts';
import { type CentralHeader, END_RECORD_BYTES, findData, findEndRecord, readCentralHeader } from './records.ts';
import type { ZipLimits } from './zip-limits.ts';

export interface ZipContents {
  readonly entries: readonly ZipEntry[];
  readonly problems: readonly Problem[];
}

const RATIO_EXEMPT_BYTES = 2 ** 20;

/**
 * Checks an archive's records against each other and against the limits, trusting none of them, and inflates nothing.
 * Every problem that can be found is reported; the entries are worth using only when there is none.
 */
export function readZip(zip: Buffer, writer: ZipWriter, limits: ZipLimits): ZipContents {
  const stop = (code: ErrorCode, message: string): ZipContents => ({
    entries: [],
    problems: [problem(code, message)],
  });
  if (zip.length > limits.maxZipBytes)
    return stop('ZIP_LIMIT', `the zip has ${zip.length} bytes: at most ${limits.maxZipBytes} are taken`);
  if (zip.length < END_RECORD_BYTES) return stop('ZIP_STRUCTURE', `${zip.length} bytes can't be a zip`);
  const end = findEndRecord(zip, writer === 'git' ? 0xffff : 0);
  if (end === undefined)
    return stop(
      'ZIP_STRUCTURE',
      'no end record where the bytes end: cut short, followed by other data, or with a comment',
    );
  if (end.diskNumber !== 0 || end.directoryDisk !== 0 || end.entriesOnDisk !== end.entries)
    return stop('ZIP_UNSUPPORTED', 'the zip spans several disks');
  if (end.entries === 0xffff || end.directoryBytes === 0xffffffff || end.directoryOffset === 0xffffffff)
    return stop('ZIP_UNSUPPORTED', 'zip64: no archive within the limits needs it');
  if (end.entries > limits.maxEntries)
    return stop('ZIP_LIMIT', `${end.entries} entries: at most ${limits.maxEntries} are taken`);
  if (end.directoryBytes > limits.maxDirectoryBytes)
    return stop(
      'ZIP_LIMIT',
      `a central directory of ${end.directoryBytes} bytes: at most ${limits.maxDirectoryBytes} are taken`,
    );
  if (end.directoryOffset + end.directoryBytes !== end.offset)
    return stop('ZIP_STRUCTURE', 'the central directory does not reach from where it starts to the end record');

  const headers = readDirectory(zip, end.directoryOffset, end.offset, end.entries);
  if (headers === undefined)
    return stop('ZIP_STRUCTURE', `the central directory does not hold ${end.entries} whole entries`);
  const problems = [...layoutProblems(zip, headers, end.directoryOffset), ...sizeProblems(headers, limits)];
  const entries: ZipEntry[] = [];
  for (const header of headers) {
    const { entry, found } = readEntry(zip, header, end.directoryOffset, writer);
    problems.push(...found);
    if (entry) entries.push(entry);
  }
  problems.push(...duplicateProblems(entries));
  return { entries, problems };
}

function readDirectory(zip: Buffer, start: number, end: number, count: number): CentralHeader[] | undefined {
  const headers: CentralHeader[] = [];
  let offset = start;
  for (let i = 0; i < count; i++) {
    const header = readCentralHeader(zip, offset);
    if (header === undefined || header.end > end) return undefined;
    headers.push(header);
    offset = header.end;
  }
  return offset === end ? headers : undefined;
}

/**
 * Entries must lie one after the other from the first byte to the central directory, in the directory's order: no gap, no
 * overlap, and the first entry is the first for who reads from the start, too.
 */
function layoutProblems(zip: Buffer, headers: readonly CentralHeader[], directoryOffset: number): Problem[] {
  let expected = 0;
  for (const header of headers) {
    if (header.localHeaderOffset !== expected)
      return [
        problem(
          'ZIP_STRUCTURE',
          `an entry starts at byte ${header.localHeaderOffset} instead of ${expected}: gap, overlap, or another order than the directory's`,
        ),
      ];
    const dataOffset = findData(zip, header.localHeaderOffset);
    if (dataOffset === undefined)
      return [problem('ZIP_STRUCTURE', `no local header at byte ${header.localHeaderOffset}`)];
    expected = dataOffset + header.compressedBytes;
  }
  if (expected !== directoryOffset)
    return [
      problem(
        'ZIP_STRUCTURE',
        `the entries end at byte ${expected}, the central directory starts at ${directoryOffset}`,
      ),
    ];
  return [];
}

function sizeProblems(headers: readonly CentralHeader[], limits: ZipLimits): Problem[] {
  const problems: Problem[] = [];
  const inflated = headers.reduce((sum, header) => sum + header.inflatedBytes, 0);
  if (inflated > limits.maxInflatedBytes)
    problems.push(problem('ZIP_LIMIT', `${inflated} bytes inflated: at most ${limits.maxInflatedBytes} are taken`));
  for (const header of headers)
    if (header.inflatedBytes > RATIO_EXEMPT_BYTES && header.inflatedBytes > limits.maxRatio * header.compressedBytes)
      problems.push(
        problem(
          'ZIP_LIMIT',
          `inflates more than ${limits.maxRatio} times: a bomb, or not worth shipping`,
          header.name.toString(),
        ),
      );
  return problems;
}

function duplicateProblems(entries: readonly ZipEntry[]): Problem[] {
  const seen = new Set<string>();
  return entries.flatMap(({ path }) => {
    if (seen.has(path)) return [problem('ZIP_STRUCTURE', 'stands in the zip twice', path)];
    seen.add(path);
    return [];
  });
}
