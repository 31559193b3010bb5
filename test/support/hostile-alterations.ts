import type { Manifest } from '../../src/model/artifact.ts';
import { type HeaderFields, type RawArchive, type RawEntry, writeZip } from '../zip/write-zip.ts';
import { type Alterations, makeArtifact, unpack } from './make-artifact.ts';

/** How a hostile archive comes about: from a valid artifact by alterations, or as any bytes made of a valid one's. */
export type Hostile = Alterations | ((valid: Buffer) => Buffer);

/** By name: `{CODE}.{what}`. */
export type HostileFamily = Readonly<Record<string, Hostile>>;

/** As few files as an app can have, for hundreds of archives are made of it. */
export const REPOSITORY: NonNullable<Alterations['repository']> = {
  'App/logic/Rules.cs': undefined,
  'App/wwwroot/empty.txt': undefined,
  'deployment/values.yaml': 'replicaCount: 2\n',
  Dockerfile: undefined,
};

/** The files of the valid artifact that all others are made from. */
export const ORIGINAL: ReadonlyMap<string, Buffer> = await unpack(await makeArtifact({ repository: REPOSITORY }));
export const ENTRIES: readonly RawEntry[] = [...ORIGINAL].map(([name, content]) => ({ name, content }));

export const file = (path: string, content: string | Buffer = 'x'): Alterations => ({ entries: { [path]: content } });
export const without = (path: string): Alterations => ({ entries: { [path]: undefined } });
export const more = (...extra: RawEntry[]): Alterations => ({ raw: (entries) => [...entries, ...extra] });
export const around = (archive: RawArchive): Alterations => ({ archive });
export const last = (change: Partial<RawEntry>): Alterations => ({
  raw: (entries) => [...entries.slice(0, -1), { ...(entries.at(-1) as RawEntry), ...change }],
});
export const lastSays = (both: Partial<HeaderFields>): Alterations => last({ both });
export const lastSaysHere = (local: Partial<HeaderFields>): Alterations => last({ local });
export const lastSaysThere = (central: Partial<HeaderFields>): Alterations => last({ central });
export const manifest = (change: (manifest: Manifest) => unknown): Alterations => ({ manifest: change });
export const manifestText = (change: (text: string) => string | Buffer | undefined): Alterations => ({
  manifestText: change,
});

/** With all entries deflated, where the zip's form does not matter: it takes half the room in the repository. */
export const deflated = (alterations: Alterations): Alterations => ({
  ...alterations,
  raw: (entries) => entries.map((entry) => ({ ...entry, deflate: true })),
});

/** External attributes with these UNIX mode bits. */
export const mode = (bits: number): number => (bits << 16) >>> 0;

/** The bytes of one entry without its place in the directory. */
export function localPart(entry: RawEntry): Buffer {
  const zip = writeZip([entry]);
  return zip.subarray(0, endField(zip, 'directoryOffset'));
}

const END_FIELDS = { entriesOnDisk: 14, entries: 12, directoryBytes: 10, directoryOffset: 6 } as const;

/** What a zip without a comment says in its last 22 bytes. */
export function endField(zip: Buffer, field: keyof typeof END_FIELDS): number {
  const at = zip.length - END_FIELDS[field];
  return field.startsWith('entries') ? zip.readUInt16LE(at) : zip.readUInt32LE(at);
}

/** The same bytes with one field of the end record moved by so much. */
export function endMoved(field: keyof typeof END_FIELDS, by: number): (valid: Buffer) => Buffer {
  return (valid) => {
    const zip = Buffer.from(valid);
    const at = zip.length - END_FIELDS[field];
    if (field.startsWith('entries')) zip.writeUInt16LE(endField(zip, field) + by, at);
    else zip.writeUInt32LE(endField(zip, field) + by, at);
    return zip;
  };
}

/** A document of the valid artifact, with something in it replaced. */
export function edited(path: string, ...edits: [from: string | RegExp, to: string][]): Alterations {
  let text = String(ORIGINAL.get(path));
  for (const [from, to] of edits) {
    const next = text.replace(from, () => to);
    if (next === text) throw new Error(`'${from}' is not in ${path}:\n${text}`);
    text = next;
  }
  return file(path, text);
}

/** A document of the valid artifact with more lines at its end. */
export const added = (path: string, text: string | Buffer): Alterations =>
  file(path, Buffer.concat([ORIGINAL.get(path) as Buffer, Buffer.from(text)]));

export const together = (...parts: Alterations[]): Alterations => ({
  entries: Object.assign({}, ...parts.map(({ entries }) => entries)),
});
