import { parseDocument } from 'yaml';
import { throwIfAny } from '../errors.ts';
import { DEPLOY_FOLDER, MANIFEST_FILE, type Manifest, manifestSchema, SOURCE_FOLDER } from '../model/artifact.ts';
import type { FileDigest } from '../model/digest.ts';
import type { Policy } from '../model/policy.ts';
import { inflateEntry } from '../zip/inflate.ts';
import type { CarriedFile } from '../zip/pack-zip.ts';
import type { ZipEntry } from '../zip/read-entry.ts';
import { readZip } from '../zip/read-zip.ts';
import { zipLimits } from '../zip/zip-limits.ts';
import { decodeText } from './check-app.ts';
import { VALUES_FILE } from './read-values.ts';

/** An artifact that was accepted before, taken apart to make another one of it. */
export interface ReopenedArtifact {
  readonly manifest: Manifest;
  /** Paths as in the repository. */
  readonly source: readonly FileDigest[];
  readonly valuesText: string | undefined;
  /** Its source files' compressed bytes, to be taken over as they are. */
  readonly carried: readonly CarriedFile[];
  /** The documents below `deploy/` by path, as they were accepted. */
  readonly documents: ReadonlyMap<string, unknown>;
}

/**
 * Only for bytes whose digest is known to be that of an accepted artifact: its content is not checked again.
 * @throws AppError ZIP_*, where the rules for a zip were others when it was accepted
 */
export async function reopenArtifact(zip: Buffer, policy: Policy): Promise<ReopenedArtifact> {
  const { entries, problems } = readZip(zip, 'artifact', zipLimits(policy.limits));
  throwIfAny(problems);
  const textOf = async (entry: ZipEntry) => decodeText(await inflateEntry(entry));
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const manifest = manifestSchema.parse(JSON.parse(await textOf(byPath.get(MANIFEST_FILE) as ZipEntry)));
  const documents = new Map<string, unknown>();
  for (const entry of entries.filter(({ path }) => path.startsWith(DEPLOY_FOLDER)))
    documents.set(entry.path, parseDocument(await textOf(entry), { version: '1.2', strict: true }).toJS());
  const sources = entries.filter(({ path }) => path.startsWith(SOURCE_FOLDER));
  const values = byPath.get(SOURCE_FOLDER + VALUES_FILE);
  return {
    manifest,
    source: manifest.files
      .filter(({ path }) => path.startsWith(SOURCE_FOLDER))
      .map((file) => ({ ...file, path: file.path.slice(SOURCE_FOLDER.length) })),
    valuesText: values && (await textOf(values)),
    carried: sources.map((entry) => ({ path: entry.path, entry })),
    documents,
  };
}
