import { appProblems, checkedSizeProblems, isCheckedFile } from '../build/check-app.ts';
import type { KubernetesObject } from '../build/release-document.ts';
import { type Problem, problem, toAppError } from '../errors.ts';
import { DEPLOY_FOLDER, MANIFEST_FILE, type Manifest, SOURCE_FOLDER } from '../model/artifact.ts';
import { type FileDigest, sha256 } from '../model/digest.ts';
import type { Environment, Studio } from '../model/environments.ts';
import type { ArtifactPath } from '../model/names.ts';
import { folderCollisions, portabilityProblems } from '../zip/entry-names.ts';
import { digestEntry, inflateEntry } from '../zip/inflate.ts';
import { mapEntries } from '../zip/map-entries.ts';
import type { ZipEntry } from '../zip/read-entry.ts';
import { readZip } from '../zip/read-zip.ts';
import { zipLimits } from '../zip/zip-limits.ts';
import { allowedDocuments, checkDocuments } from './check-documents.ts';
import { manifestProblems, manifestSizeProblems, readManifest } from './check-manifest.ts';
import type { ExpectedInputs } from './own-documents.ts';
import { documentSizeProblems } from './read-document.ts';

/** An artifact that may be published: what its manifest says, and the objects it deploys, read by us. */
export interface ValidArtifact {
  readonly manifest: Manifest;
  readonly objects: readonly KubernetesObject[];
  /** Names below `source/` that some systems can't hold. */
  readonly warnings: readonly Problem[];
}

/** They go on the deployment's row: a hostile archive must not fill it with one for each of its entries. */
const MAX_PROBLEMS = 100;

export type Validation = { readonly artifact: ValidArtifact } | { readonly problems: readonly Problem[] };

/**
 * Trusts the bytes for nothing. The order: structure of the zip and names, sizes, data, manifest, content; each stage reports all it
 * can find, and the next begins only when there is nothing.
 */
export async function validateArtifact(
  zip: Buffer,
  path: ArtifactPath,
  environment: Environment,
  studio: Studio,
  expected: ExpectedInputs,
): Promise<Validation> {
  const found = await validateStages(zip, path, environment, studio, expected);
  return 'problems' in found ? { problems: found.problems.slice(0, MAX_PROBLEMS) } : found;
}

async function validateStages(
  zip: Buffer,
  path: ArtifactPath,
  environment: Environment,
  studio: Studio,
  expected: ExpectedInputs,
): Promise<Validation> {
  const { entries, problems } = readZip(zip, 'artifact', zipLimits(studio.policy.limits));
  const paths = entries.map((entry) => entry.path);
  const structure = [
    ...problems,
    ...folderCollisions(paths),
    ...portabilityProblems(paths.filter((name) => !isSource(name))),
  ];
  if (structure.length > 0) return { problems: structure };
  const documents = allowedDocuments(studio.policy);
  const tooLarge = sizeProblems(entries, documents, studio.policy.limits.maxFiles);
  if (tooLarge.length > 0) return { problems: tooLarge };

  const unpacked = await unpack(entries, documents);
  if (unpacked.problems.length > 0) return { problems: unpacked.problems };

  const content = entries[0]?.path === MANIFEST_FILE ? unpacked.contents.get(MANIFEST_FILE) : undefined;
  if (content === undefined)
    return {
      problems: [
        problem('MANIFEST_MISSING', `the first entry is '${entries[0]?.path ?? ''}': must be ${MANIFEST_FILE}`),
      ],
    };
  const { manifest, problems: unreadable } = readManifest(content, studio.policy.limits.maxFiles);
  if (manifest === undefined) return { problems: unreadable };
  const files = unpacked.files.filter((file) => file.path !== MANIFEST_FILE);
  const mismatches = [...manifestProblems(manifest, path, files), ...strayProblems(paths)];
  if (mismatches.length > 0) return { problems: mismatches };

  const { objects, problems: refused } = await checkDocuments(
    manifest,
    unpacked.contents,
    environment,
    studio,
    expected,
  );
  const wrong = [...refused, ...sourceProblems(manifest, paths, unpacked.contents)];
  if (wrong.length > 0) return { problems: wrong };
  const warnings = portabilityProblems(paths.filter(isSource)).slice(0, MAX_PROBLEMS);
  return { artifact: { manifest, objects, warnings } };
}

interface Unpacked {
  readonly files: readonly FileDigest[];
  /** Only of the files that are looked into. */
  readonly contents: ReadonlyMap<string, Buffer>;
  readonly problems: readonly Problem[];
}

async function unpack(entries: readonly ZipEntry[], documents: readonly string[]): Promise<Unpacked> {
  const unpacked = await mapEntries(entries, (entry) =>
    unpackEntry(entry, isLookedInto(entry.path, documents)).catch((error) => ({
      problems: toAppError(error).problems,
    })),
  );
  const whole = unpacked.flatMap((one) => ('problems' in one ? [] : [one]));
  return {
    files: whole.map(({ file }) => file),
    contents: new Map(whole.flatMap(({ file, content }) => (content ? [[file.path, content]] : []))),
    problems: unpacked.flatMap((one) => ('problems' in one ? one.problems : [])),
  };
}

async function unpackEntry(entry: ZipEntry, isNeeded: boolean): Promise<{ file: FileDigest; content?: Buffer }> {
  if (!isNeeded) return { file: await digestEntry(entry) };
  const content = await inflateEntry(entry);
  return { file: { path: entry.path, size: content.length, sha256: sha256(content) }, content };
}

const isSource = (path: string): boolean => path.startsWith(SOURCE_FOLDER);

const inSource = (path: string): string => path.slice(SOURCE_FOLDER.length);

const isLookedInto = (path: string, documents: readonly string[]): boolean =>
  path === MANIFEST_FILE || documents.includes(path) || (isSource(path) && isCheckedFile(inSource(path)));

/** What is looked into is small. Told by the records, which inflating holds the data to. */
function sizeProblems(entries: readonly ZipEntry[], documents: readonly string[], maxFiles: number): Problem[] {
  const source = entries.filter(({ path }) => isSource(path));
  return [
    ...entries.filter(({ path }) => path === MANIFEST_FILE).flatMap(({ size }) => manifestSizeProblems(size, maxFiles)),
    ...entries
      .filter(({ path }) => documents.includes(path))
      .flatMap(({ path, size }) => documentSizeProblems(path, size)),
    ...checkedSizeProblems(source.map(({ path, size }) => ({ path: inSource(path), size }))),
  ];
}

function strayProblems(paths: readonly string[]): Problem[] {
  return paths
    .filter((path) => path !== MANIFEST_FILE && !isSource(path) && !path.startsWith(DEPLOY_FOLDER))
    .map((path) => problem('MANIFEST_MISMATCH', `${path}: neither below source/ nor below deploy/`, path));
}

function sourceProblems(
  manifest: Manifest,
  paths: readonly string[],
  contents: ReadonlyMap<string, Buffer>,
): Problem[] {
  return appProblems(manifest, {
    paths: paths.filter(isSource).map(inSource),
    contents: new Map(
      [...contents].filter(([path]) => isSource(path)).map(([path, content]) => [inSource(path), content]),
    ),
  });
}
