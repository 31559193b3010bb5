import { MASKINPORTEN_CLIENT, readScopes } from '../build/flux-documents.ts';
import { reopenArtifact } from '../build/reopen-artifact.ts';
import { toAppError } from '../errors.ts';
import { forAllBounded } from '../for-each-bounded.ts';
import type { Manifest } from '../model/artifact.ts';
import type { BuiltFacts } from '../model/deployment.ts';
import { sha256 } from '../model/digest.ts';
import type { Studio } from '../model/environments.ts';
import { isRecord } from '../model/is-record.ts';
import { type ArtifactPath, artifactBlob, parseArtifactBlob } from '../model/names.ts';
import { MAX_LIMITS } from '../model/policy.ts';
import { type ReleaseMarker, readItems, readMarker } from '../model/release.ts';
import type { Ports, StoredName } from '../ports.ts';

/** What the archive tells of one deployment: all of it, but for an undeploy, which has no artifact. */
export interface ArchivedDeployment extends ArtifactPath {
  /** When the first of its blobs was made. */
  readonly archivedAt: Date;
  /** Undefined where accept died before it rendered the release. */
  readonly release: { readonly marker: ReleaseMarker; readonly scopes: readonly string[] } | undefined;
  readonly artifact: { readonly manifest: Manifest; readonly built: BuiltFacts } | undefined;
}

export interface Archive {
  readonly deployments: readonly ArchivedDeployment[];
  /** What could not be read, or is not ours. */
  readonly problems: readonly string[];
}

const RELEASE_SUFFIX = '.release.json';

/**
 * Reads every artifact and release document of the archive, some at once: each is downloaded whole, because its digest is
 * not known otherwise. `tell` is called with what is done of how many.
 *
 * @throws AppError STORAGE_UNAVAILABLE: an archive that was read in part would be taken for all there is
 */
export async function readArchive(
  ports: Ports,
  studio: Studio,
  tell: (done: number, of: number) => void,
): Promise<Archive> {
  const { groups, strangers } = groupByDeployment(await ports.artifacts.listArchive());
  const problems = strangers.map((name) => `artifacts/${name}: neither an artifact nor a release document of ours`);
  const deployments: ArchivedDeployment[] = [];
  await forAllBounded(groups, async (group) => {
    deployments.push(await readDeployment(ports, studio, group, problems));
    tell(deployments.length, groups.length);
  });
  return { deployments, problems };
}

interface BlobGroup {
  readonly path: ArtifactPath;
  readonly hasArtifact: boolean;
  readonly hasRelease: boolean;
  readonly archivedAt: Date;
}

function groupByDeployment(blobs: readonly StoredName[]): { groups: BlobGroup[]; strangers: string[] } {
  const groups = new Map<string, BlobGroup>();
  const strangers: string[] = [];
  for (const { name, lastModified } of blobs) {
    const isRelease = name.endsWith(RELEASE_SUFFIX);
    const artifactName = isRelease ? `${name.slice(0, -RELEASE_SUFFIX.length)}.zip` : name;
    const path = parseArtifactBlob(artifactName);
    if (path === undefined) {
      strangers.push(name);
      continue;
    }
    const known = groups.get(artifactName);
    groups.set(artifactName, {
      path,
      hasArtifact: !isRelease || (known?.hasArtifact ?? false),
      hasRelease: isRelease || (known?.hasRelease ?? false),
      archivedAt: known && known.archivedAt < lastModified ? known.archivedAt : lastModified,
    });
  }
  return { groups: [...groups.values()], strangers };
}

async function readDeployment(
  ports: Ports,
  studio: Studio,
  { path, hasArtifact, hasRelease, archivedAt }: BlobGroup,
  problems: string[],
): Promise<ArchivedDeployment> {
  const release = hasRelease ? await readRelease(ports, studio, path) : undefined;
  if (hasRelease && release === undefined) problems.push(`artifacts/${artifactBlob(path)}: its release is damaged`);
  const artifact = hasArtifact ? await readArtifact(ports, studio, path) : undefined;
  if (typeof artifact === 'string') problems.push(`artifacts/${artifactBlob(path)}: ${artifact}`);
  return { ...path, archivedAt, release, artifact: typeof artifact === 'string' ? undefined : artifact };
}

async function readRelease(ports: Ports, studio: Studio, path: ArtifactPath): Promise<ArchivedDeployment['release']> {
  const document = await ports.artifacts.readRelease(path);
  const marker = document === undefined ? undefined : readMarker(document, path, studio.name);
  if (document === undefined || marker?.deploymentId !== path.deploymentId) return undefined;
  return { marker, scopes: scopesOf(document) };
}

const scopesOf = (document: string): string[] =>
  readScopes((readItems(document) ?? []).find((item) => isRecord(item) && item.kind === MASKINPORTEN_CLIENT.kind));

/** What is wrong with it, where it can't be read. It was accepted under the limits of its day. */
async function readArtifact(
  ports: Ports,
  studio: Studio,
  path: ArtifactPath,
): Promise<ArchivedDeployment['artifact'] | string> {
  const zip = await ports.artifacts.readArtifact(path);
  if (zip === undefined) return 'is gone since it was listed';
  try {
    const { manifest } = await reopenArtifact(zip, { ...studio.policy, limits: MAX_LIMITS });
    if (artifactBlob(manifest) !== artifactBlob(path)) return 'its manifest names another deployment';
    const { inputsDigest, deployDigest } = manifest;
    return { manifest, built: { sha256: sha256(zip), bytes: zip.length, inputsDigest, deployDigest } };
  } catch (error) {
    return `can't be read: ${toAppError(error).message}`;
  }
}
