import { appProblems, checkedSizeProblems, decodeValues, isCheckedFile } from '../build/check-app.ts';
import { MAX_SCANNED_BYTES, secretProblems } from '../build/check-secrets.ts';
import { hasSecretTrace } from '../build/find-secret-traces.ts';
import { VALUES_FILE } from '../build/read-values.ts';
import { AppError, type Problem, problem, throwIfAny } from '../errors.ts';
import { SOURCE_FOLDER } from '../model/artifact.ts';
import { byCodePoint } from '../model/by-code-point.ts';
import { type FileDigest, sha256 } from '../model/digest.ts';
import type { AppName } from '../model/names.ts';
import type { Policy } from '../model/policy.ts';
import type { Repositories } from '../ports.ts';
import { folderCollisions, portabilityProblems } from '../zip/entry-names.ts';
import { digestEntry, inflateEntry } from '../zip/inflate.ts';
import { mapEntries } from '../zip/map-entries.ts';
import type { CarriedFile } from '../zip/pack-zip.ts';
import type { ZipEntry } from '../zip/read-entry.ts';
import { readZip } from '../zip/read-zip.ts';
import { type ZipLimits, zipLimits } from '../zip/zip-limits.ts';

export interface GatheredSource {
  /** Paths as in the repository. */
  readonly files: readonly FileDigest[];
  readonly valuesText: string | undefined;
  /** The archive's compressed bytes, to be taken over as they are. */
  readonly carried: readonly CarriedFile[];
  readonly warnings: readonly Problem[];
}

/** The manifest and the documents below `deploy/` are entries too. */
const OUR_ENTRIES = 4;
const MAX_WARNINGS = 100;

/**
 * The repository at a commit, checked to be an app that can be deployed.
 * @throws AppError GITEA_*, COMMIT_UNKNOWN, or every problem that keeps it from being deployed
 */
export async function gatherSource(
  repositories: Repositories,
  policy: Policy,
  name: AppName,
  commit: string,
): Promise<GatheredSource> {
  const archive = await repositories.archive(name, commit);
  if (archive === undefined)
    throw new AppError('COMMIT_UNKNOWN', `commit ${commit} is not in ${name.org}/${name.app} any more`);
  const entries = readArchive(archive, zipLimits(policy.limits));
  throwIfAny(checkedSizeProblems(entries.map(({ path, entry }) => ({ path, size: entry.size }))));
  const contents = new Map<string, Buffer>();
  const secrets: Problem[] = [];
  const files = await mapEntries(entries, async ({ path, entry }) => {
    const { digest, content } = await readFile(path, entry).catch((cause) => {
      throw new AppError('GITEA_ARCHIVE_INVALID', `the archive of ${commit} is damaged at ${path}`, { cause });
    });
    if (content !== undefined && isCheckedFile(path)) contents.set(path, content);
    if (content !== undefined && secrets.length < MAX_WARNINGS && hasSecretTrace(content))
      secrets.push(...(await secretProblems(path, content)));
    return digest;
  });
  const paths = files.map(({ path }) => path);
  throwIfAny([...appProblems(name, { paths, contents }), ...folderCollisions(paths)]);
  return {
    files,
    valuesText: decodeValues(contents.get(VALUES_FILE)),
    carried: entries.map(({ path, entry }) => ({ path: SOURCE_FOLDER + path, entry })),
    warnings: [...secrets.sort(byPath), ...portabilityProblems(paths)].slice(0, MAX_WARNINGS),
  };
}

/** A file's digest, and its content where that is looked into. */
async function readFile(path: string, entry: ZipEntry): Promise<{ digest: FileDigest; content?: Buffer }> {
  if (!isCheckedFile(path) && entry.size > MAX_SCANNED_BYTES)
    return { digest: { ...(await digestEntry(entry)), path } };
  const content = await inflateEntry(entry);
  return { digest: { path, size: content.length, sha256: sha256(content) }, content };
}

const byPath = (a: Problem, b: Problem): number => byCodePoint(a.path ?? '', b.path ?? '');

/** The archive's files, their paths taken from below its one top folder. */
function readArchive(archive: Buffer, limits: ZipLimits): { path: string; entry: ZipEntry }[] {
  // Folders are entries of the archive, though not of the artifact.
  const { entries, problems } = readZip(archive, 'git', { ...limits, maxEntries: 2 * limits.maxEntries });
  const damage = problems.find(({ code }) => code === 'ZIP_STRUCTURE');
  if (damage) throw new AppError('GITEA_ARCHIVE_INVALID', `the archive from Gitea is damaged: ${damage.message}`);
  const top = topFolder(archiveTop(entries, problems));
  throwIfAny(
    problems.map((found) => (found.path === undefined ? found : { ...found, path: found.path.slice(top.length) })),
  );
  if (!entries.every(({ path }) => path.startsWith(top)))
    throw new AppError('GITEA_ARCHIVE_INVALID', 'the archive from Gitea has more than one top folder');
  throwIfAny(countProblems(entries.length, limits.maxEntries - OUR_ENTRIES));
  return entries.map((entry) => ({ path: entry.path.slice(top.length), entry }));
}

const archiveTop = (entries: readonly ZipEntry[], problems: readonly Problem[]): string =>
  entries[0]?.path ?? problems.find(({ path }) => path !== undefined)?.path ?? '';

const topFolder = (path: string): string => path.slice(0, path.indexOf('/') + 1);

function countProblems(files: number, most: number): Problem[] {
  if (files > most) return [problem('ZIP_LIMIT', `the repository has ${files} files: at most ${most} are taken`)];
  if (files === 0) return [problem('APP_METADATA_INVALID', 'the repository is empty')];
  return [];
}
