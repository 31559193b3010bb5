import { releaseDocument } from '../build/release-document.ts';
import { type Problem, problem, toAppError } from '../errors.ts';
import { AWAITS_ARTIFACT, type BuiltFacts, type Deployment } from '../model/deployment.ts';
import { sha256 } from '../model/digest.ts';
import { type Environment, findEnvironment, type Studio } from '../model/environments.ts';
import { type ArtifactPath, artifactPath, parseArtifactBlob } from '../model/names.ts';
import type { IncomingBlob, Ports } from '../ports.ts';
import { archiveRelease } from '../publish/archived-release.ts';
import { assertLedgerFits, publishRelease } from '../publish/publish-release.ts';
import { publishSources } from '../publish/publish-sources.ts';
import { zipLimits } from '../zip/zip-limits.ts';
import type { ExpectedInputs } from './own-documents.ts';
import { type Registered, registerDrop } from './register-drop.ts';
import { type ValidArtifact, validateArtifact } from './validate-artifact.ts';

/** Gone and repeated blobs are nobody's fault: events come more than once, and late. */
export type AcceptOutcome = 'published' | 'superseded' | 'ended' | 'refused' | 'repeated' | 'gone';

type Blob = IncomingBlob & { readonly name: string; readonly bytes: Buffer };

/**
 * A blob in `incoming` becomes what Flux reads, or a recorded refusal. At least once, in any order, from anyone.
 *
 * - read it; gone: someone else did this
 * - find whose it is; done already: remove it; not the one that was built: put it aside, the row stays as it is
 * - validate
 * - archive the artifact, and the release document, rendered here once and for all
 * - index it, and want it, unless a newer one is wanted
 * - publish whatever is wanted, then the app's source
 * - empty incoming
 *
 * @throws AppError of kind `unavailable`: nothing is lost, the same blob is to be taken again
 */
export async function acceptArtifact(ports: Ports, studio: Studio, blobName: string): Promise<AcceptOutcome> {
  const startedAt = new Date();
  const { maxZipBytes } = zipLimits(studio.policy.limits);
  const path = parseArtifactBlob(blobName);
  const [read, row] = await Promise.all([
    ports.artifacts.readIncoming(blobName, maxZipBytes),
    path && ports.ledger.deployment(path.deploymentId),
  ]);
  if (read === undefined) return 'gone';
  const work = async () => {
    const outcome = await acceptRead(ports, studio, { ...read, name: blobName }, path, row);
    ports.telemetry.tell({ outcome });
    return outcome;
  };
  // In the trace of the request that the artifact was built for.
  return ports.telemetry.span('accept', path ?? {}, work, { traceparent: row?.resolved.traceparent, startedAt });
}

async function acceptRead(
  ports: Ports,
  studio: Studio,
  read: IncomingBlob & { readonly name: string },
  path: ArtifactPath | undefined,
  row: Deployment | undefined,
): Promise<AcceptOutcome> {
  const { maxZipBytes } = zipLimits(studio.policy.limits);
  if (row && path && isDone(row) && belongsTo(row, path)) {
    await ports.artifacts.removeIncoming(read.name, read.etag);
    return 'repeated';
  }
  if (read.bytes === undefined) {
    const tooLarge = problem('ZIP_LIMIT', `the zip has ${read.size} bytes: at most ${maxZipBytes} are taken`);
    return refuse(ports, { ...read, bytes: Buffer.alloc(0) }, undefined, [tooLarge]);
  }
  const blob: Blob = { ...read, bytes: read.bytes };
  const built = { sha256: sha256(blob.bytes), bytes: blob.bytes.length };
  const foreign = foreignProblems(path, row, built.sha256);
  if (foreign.length > 0 || path === undefined) return refuse(ports, blob, undefined, foreign);
  const nowhere = placeProblems(studio, path, row);
  if (nowhere.length > 0) return refuse(ports, blob, row, nowhere);

  const environment = findEnvironment(studio, path.environment) as Environment;
  const [validation, fit] = await Promise.all([
    expectedInputs(ports, studio, path, row).then((expected) =>
      ports.telemetry.span('validate', {}, () => validateArtifact(blob.bytes, path, environment, studio, expected)),
    ),
    row && assertLedgerFits(ports, studio, path).catch((error) => endHere(ports, blob, row, error)),
  ]);
  if ('problems' in validation) return refuse(ports, blob, row, validation.problems);
  const { artifact } = validation;
  const { inputsDigest, deployDigest } = artifact.manifest;
  const facts: BuiltFacts = { ...built, inputsDigest, deployDigest };
  const registered = row && fit ? { deployment: row, fit } : await registerDrop(ports, studio, path, artifact, facts);
  // Another artifact dropped under this id may have had its row made since we looked.
  const late = foreignProblems(path, registered.deployment, built.sha256);
  if (late.length > 0) return refuse(ports, blob, undefined, late);
  return acceptValid(ports, studio, blob, registered, artifact, facts);
}

async function acceptValid(
  ports: Ports,
  studio: Studio,
  blob: Blob,
  { deployment, fit }: Registered,
  artifact: ValidArtifact,
  facts: BuiltFacts,
): Promise<AcceptOutcome> {
  const path = artifactPath(deployment);
  if (!(await ports.artifacts.archive(path, blob.bytes))) {
    return refuse(ports, blob, undefined, [
      problem('ARTIFACT_DIGEST_MISMATCH', 'the archive holds another artifact under this id'),
    ]);
  }
  const rendered = renderRelease(studio, deployment, artifact, fit.status.installation);
  const document = await archiveRelease(ports, studio, deployment, rendered);
  const outcome = await ports.ledger.indexArtifact(deployment, artifact.manifest, facts);
  if (outcome === 'wanted') {
    await ports.telemetry.span('publish', {}, async () => {
      const { hasSource } = await publishRelease(ports, studio, path, {
        fit,
        wanted: { sequence: deployment.sequence, deploymentId: deployment.id },
        document,
      });
      if (!hasSource) await publishSources(ports, studio, path.org, path.environment);
    });
  }
  await ports.artifacts.removeIncoming(blob.name, blob.etag);
  ports.log.info('artifact accepted', { ...path, outcome });
  return outcome === 'wanted' ? 'published' : outcome;
}

function renderRelease(studio: Studio, deployment: Deployment, artifact: ValidArtifact, installation: string): string {
  const { org, app, environment, sequence, id, tagName } = deployment;
  const marker = {
    org,
    app,
    environment,
    installation,
    state: 'deployed',
    sequence,
    deploymentId: id,
    tagName,
  } as const;
  return releaseDocument({ ...marker, deployDigest: artifact.manifest.deployDigest }, artifact.objects, studio);
}

/** Why a blob is not that of the deployment its path names. */
function foreignProblems(path: ArtifactPath | undefined, row: Deployment | undefined, digest: string): Problem[] {
  if (path === undefined)
    return [
      problem(
        'ARTIFACT_PATH_INVALID',
        "must be at '{org}/{app}/{environment}/{deploymentId}.zip', the id a UUID in lower case",
      ),
    ];
  if (row === undefined) return [];
  if (!belongsTo(row, path))
    return [problem('MANIFEST_MISMATCH', 'the deployment of this id is of another app or environment')];
  if (row.built?.sha256 !== digest)
    return [problem('ARTIFACT_DIGEST_MISMATCH', 'the blob is not the one that was built for this deployment')];
  return [];
}

/** Why nothing is published where the blob's path says: of a deployment too, whose environment may be gone since. */
function placeProblems(studio: Studio, { org, environment: name }: ArtifactPath, row?: Deployment): Problem[] {
  const environment = findEnvironment(studio, name);
  if (environment === undefined) return [problem('ENVIRONMENT_UNKNOWN', `environment '${name}' is not configured`)];
  if (!environment.orgs.includes(org)) return [problem('CLUSTER_UNKNOWN', `org '${org}' has no cluster in '${name}'`)];
  if (row === undefined && !environment.acceptDrops)
    return [problem('DROP_NOT_ALLOWED', `'${name}' takes no dropped artifacts`)];
  return [];
}

/** A deployment's own, as they were when it was asked for; a dropped artifact is held against what is so now. */
async function expectedInputs(
  ports: Ports,
  studio: Studio,
  path: ArtifactPath,
  row: Deployment | undefined,
): Promise<ExpectedInputs> {
  if (row) return { ...row.resolved, acceptedBefore: row.kind === 'rollback' };
  return { chartVersion: studio.chart.version, scopes: (await ports.studio.scopes(path)).names };
}

const isDone = (row: Deployment): boolean => !AWAITS_ARTIFACT.includes(row.state);

const belongsTo = (row: Deployment, path: ArtifactPath): boolean =>
  row.org === path.org && row.app === path.app && row.environment === path.environment;

/**
 * The artifact can never be right: it goes where it can be looked at, its deployment says so, and only then is it taken away. Once
 * its deployment has ended, whoever takes the blob again would take it for a repetition.
 * @param row undefined: it is no deployment's
 */
async function refuse(
  ports: Ports,
  blob: Blob,
  row: Deployment | undefined,
  problems: readonly Problem[],
): Promise<AcceptOutcome> {
  const [{ code, message } = { code: undefined, message: 'Refused.' }] = problems;
  await ports.artifacts.quarantine(blob.name, blob.bytes, problems);
  if (row) await ports.ledger.move(row.id, 'rejected', { message, origin: 'accept' }, problems);
  await ports.artifacts.removeIncoming(blob.name, blob.etag);
  ports.telemetry.tell({ code });
  ports.log.warn('artifact refused', { ...parseArtifactBlob(blob.name), blob: blob.name, code, problems });
  return 'refused';
}

/** A ledger that does not fit to what is published can't go on with the deployment, however often it is tried. */
async function endHere(ports: Ports, blob: Blob, row: Deployment, thrown: unknown): Promise<never> {
  const error = toAppError(thrown);
  if (['LEDGER_STALE', 'LEDGER_FOREIGN', 'STORAGE_EMPTY'].includes(error.code)) {
    await ports.ledger.move(row.id, 'failed', { message: error.message, origin: 'accept' }, error.problems);
    await ports.artifacts.removeIncoming(blob.name, blob.etag);
    ports.log.error('ledger does not fit storage', { ...artifactPath(row), error });
  }
  throw error;
}
