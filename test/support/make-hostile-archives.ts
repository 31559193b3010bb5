import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { extraField, type HeaderFields, type RawArchive, type RawEntry, u32, writeZip } from '../zip/write-zip.ts';
import { type Alterations, alterArtifact, makeArtifact } from './make-artifact.ts';

/**
 * Writes `test/rejected/`: artifacts that are right but for one thing, each named for the code it is refused with.
 * `node --import tsx test/support/make-hostile-archives.ts`; the same bytes each time.
 */
export const REJECTED_FOLDER = fileURLToPath(new URL('../rejected', import.meta.url));

const mode = (bits: number) => (bits << 16) >>> 0;
const changed = (change: (entry: RawEntry, index: number) => RawEntry): Alterations => ({
  raw: (entries) => entries.map(change),
});
const last = (change: Partial<RawEntry>): Alterations => ({
  raw: (entries) => [...entries.slice(0, -1), { ...(entries.at(-1) as RawEntry), ...change }],
});
const lastSays = (both: Partial<HeaderFields>): Alterations => last({ both });
const more = (...extra: RawEntry[]): Alterations => ({ raw: (entries) => [...entries, ...extra] });
const around = (archive: RawArchive): Alterations => ({ archive });
const file = (path: string, content = 'x'): Alterations => ({ entries: { [path]: content } });
const first = (files: RawEntry[]): RawEntry => files[0] as RawEntry;

const HOSTILE: Readonly<Record<string, Alterations>> = {
  'ZIP_STRUCTURE.prefix': around({ prefix: Buffer.from('#!/bin/sh\n') }),
  'ZIP_STRUCTURE.suffix': around({ suffix: Buffer.from('\n') }),
  'ZIP_STRUCTURE.comment': around({ comment: Buffer.from('signed by nobody') }),
  'ZIP_STRUCTURE.hidden-entry': last({ before: localPart({ name: 'source/hidden.sh', content: 'rm -rf /' }) }),
  'ZIP_STRUCTURE.overlap': {
    raw: (entries) => [...entries, { name: 'source/z', data: Buffer.alloc(0), central: { localHeaderOffset: 0 } }],
  },
  'ZIP_STRUCTURE.other-name-in-local-header': last({ local: { name: Buffer.from('source/deployment/valuez.yaml') } }),
  'ZIP_STRUCTURE.name-twice': { raw: (entries) => [...entries, first(entries)] },
  'ZIP_STRUCTURE.one-entry-too-few': around({ end: { entries: 1, entriesOnDisk: 1 } }),
  'ZIP_UNSUPPORTED.encrypted': lastSays({ flags: 1 }),
  'ZIP_UNSUPPORTED.data-descriptor': last({
    both: { flags: 8 },
    after: Buffer.concat([u32(0x08074b50), u32(0, 0, 0)]),
  }),
  'ZIP_UNSUPPORTED.bzip2': lastSays({ method: 12 }),
  'ZIP_UNSUPPORTED.zip64': lastSays({ extra: extraField(1, Buffer.alloc(16)), versionNeeded: 45 }),
  'ZIP_UNSUPPORTED.second-name': lastSays({
    extra: extraField(0x7075, Buffer.concat([Buffer.from([1]), u32(crc32('source/x')), Buffer.from('../x')])),
  }),
  'ZIP_TYPE.symlink': more({
    name: 'source/link',
    content: '/etc/passwd',
    both: { externalAttributes: mode(0o120777) },
  }),
  'ZIP_TYPE.set-user-id': lastSays({ externalAttributes: mode(0o104755) }),
  'ZIP_TYPE.folder': more({ name: 'source/folder/', content: '' }),
  'ZIP_DATA.other-crc': changed((entry) => ({ ...entry, both: { crc32: 0x12345678 } })),
  'ZIP_DATA.size-too-small': last({ content: 'x'.repeat(100), deflate: true, both: { inflatedBytes: 10 } }),
  'ZIP_DATA.bytes-behind-stream': last({
    data: Buffer.from([3, 0, 0x70, 0x77, 0x6e]),
    content: '',
    both: { method: 8 },
  }),
  'ZIP_LIMIT.bomb': more({
    name: 'source/zeros',
    data: Buffer.alloc(1_000),
    both: { method: 8, inflatedBytes: 2 ** 30 },
  }),
  'FILE_NAME_UNSAFE.dot-dot': file('source/../../etc/cron.d/x'),
  'FILE_NAME_UNSAFE.absolute': file('/etc/cron.d/x'),
  'FILE_NAME_UNSAFE.backslash': file('source\\..\\x'),
  'FILE_NAME_UNSAFE.nul': file('source/x.txt\0.exe'),
  'FILE_NAME_UNSAFE.device-in-deploy': file('deploy/NUL.yaml'),
  'FILE_NAME_COLLISION.letter-case': file('deploy/Values.yaml'),
  'FILE_NAME_COLLISION.file-and-folder': file('source/App'),
  'MANIFEST_MISSING.not-first': { raw: (entries) => [...entries.slice(1), first(entries)] },
  'MANIFEST_INVALID.unknown-field': { manifest: (manifest) => ({ ...manifest, sequence: 99 }) },
  'MANIFEST_MISMATCH.other-app': { manifest: (manifest) => ({ ...manifest, app: 'other-app' }) },
  'MANIFEST_MISMATCH.unlisted-file': {
    manifest: (manifest) => ({ ...manifest, files: manifest.files.slice(1) }),
  },
  'YAML_UNSAFE.alias': file('deploy/values.yaml', 'a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n'),
  'YAML_INVALID.two-documents': file('deploy/helmrelease.yaml', 'a: 1\n---\nkind: Secret\n'),
  'KIND_NOT_ALLOWED.secret': file('deploy/secret.yaml', 'apiVersion: v1\nkind: Secret\n'),
};

/** The bytes of one entry without its place in the directory. */
function localPart(entry: RawEntry): Buffer {
  const zip = writeZip([entry]);
  return zip.subarray(0, zip.readUInt32LE(zip.length - 6));
}

async function makeHostileArchives(): Promise<Map<string, Buffer>> {
  const archives = new Map<string, Buffer>();
  for (const [name, alterations] of Object.entries(HOSTILE))
    archives.set(`${name}.zip`, await alterArtifact(alterations));
  const whole = await makeArtifact();
  archives.set('ZIP_STRUCTURE.cut-short.zip', whole.subarray(0, -1));
  archives.set('ZIP_STRUCTURE.empty-file.zip', Buffer.alloc(0));
  return archives;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(REJECTED_FOLDER, { recursive: true });
  for (const [name, zip] of await makeHostileArchives()) await writeFile(join(REJECTED_FOLDER, name), zip);
}
