import { randomUUID } from 'node:crypto';
import { AppError, throwIfAny, toAppError } from '../errors.ts';
import type { IdempotentRequest } from '../ledger.ts';
import type { Deployment } from '../model/deployment.ts';
import { sha256 } from '../model/digest.ts';
import type { Studio } from '../model/environments.ts';
import { artifactPath } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { type Assembly, assembleArtifact } from './assemble-artifact.ts';
import { changedInputs } from './changed-inputs.ts';
import { type DeployRequest, requestDigest } from './deploy-request.ts';
import { packArtifact } from './pack-artifact.ts';
import { readAhead } from './read-ahead.ts';
import { recallPreview } from './remember-previews.ts';
import { resolveRequest } from './resolve-request.ts';

/** A deployment that is in the ledger and did not get built: the answer names it. */
export class DeploymentFailed extends AppError {
  readonly deployment: Deployment;
  constructor(deployment: Deployment, reason: AppError) {
    super([reason.problems[0] as never, ...reason.problems.slice(1)], {
      cause: reason,
      ...(reason.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: reason.retryAfterSeconds }),
    });
    this.deployment = deployment;
  }
}

/**
 * A request becomes a stored artifact; from there the blob's event takes over.
 *
 * - the same request again: the deployment it made
 * - resolve all that must not drift
 * - make one row durable: from here on the deployment has an id, an order and a history
 * - gather, build, store, inside the request: a function has no life after its answer
 *
 * @throws DeploymentFailed once there is a row; AppError before that
 */
export async function deploy(ports: Ports, studio: Studio, request: DeployRequest): Promise<Deployment> {
  const key = idempotentRequest(request, requestDigest(request));
  const known = key && (await ports.ledger.findRequest(key));
  if (known) return known;
  return readAhead(ports.repositories, (repositories) => deployNew({ ...ports, repositories }, studio, request, key));
}

async function deployNew(
  ports: Ports,
  studio: Studio,
  request: DeployRequest,
  key: IdempotentRequest | undefined,
): Promise<Deployment> {
  const resolved = await resolveRequest(ports, studio, request);
  const { org, app, envName: environment, caller, reason } = request;
  const { deployment, isNew } = await ports.ledger.acceptRequest(
    { ...resolved, id: randomUUID(), org, app, environment, creator: caller.name, reason },
    key,
  );
  if (!isNew) return deployment;
  const { kind, tagName, commit, from } = deployment;
  ports.telemetry.tell({ deploymentId: deployment.id, kind });
  ports.log.info('deployment accepted', { ...artifactPath(deployment), kind, tagName, commit, from });
  const stored = await finishDeploy(ports, studio, deployment);
  // Stored by now: whatever fails from here on, the blob's event goes on with it.
  return stored ?? (await ports.ledger.deployment(deployment.id).catch(() => undefined)) ?? deployment;
}

/**
 * Builds and stores the artifact of a deployment that is in the ledger: its own request's, or that of one that died.
 * @returns it as it was when it was stored, unless someone was faster
 * @throws DeploymentFailed, its reason recorded
 */
export async function finishDeploy(
  ports: Ports,
  studio: Studio,
  deployment: Deployment,
): Promise<Deployment | undefined> {
  try {
    return await buildAndStore(ports, studio, deployment);
  } catch (thrown) {
    throw new DeploymentFailed(deployment, await recordFailure(ports, deployment, thrown));
  }
}

async function buildAndStore(ports: Ports, studio: Studio, deployment: Deployment): Promise<Deployment | undefined> {
  const { ledger, log } = ports;
  const [artifact] = await Promise.all([
    assembleArtifact(ports, studio, deployment),
    ledger.move(deployment.id, 'building', { message: buildingMessage(deployment), origin: 'api' }),
  ]);
  assertUnchanged(deployment, artifact);
  const zip = await ports.telemetry.span('pack', {}, () => packArtifact(artifact, studio.policy));
  const { manifest } = artifact;
  const { inputsDigest, deployDigest } = manifest;
  const built = { sha256: sha256(zip), bytes: zip.length, inputsDigest, deployDigest };
  // Before the upload, so that the blob's event finds whose it is.
  if (!(await ledger.recordBuilt(deployment, built, artifact.warnings))) {
    log.warn('deployment was taken over or ended meanwhile', { ...artifactPath(deployment) });
    return undefined;
  }
  if (!(await ports.artifacts.uploadIncoming(artifactPath(deployment), zip)))
    throw new AppError('ARTIFACT_DIGEST_MISMATCH', 'another blob is already at the path of this deployment');
  // The blob's event may have been faster: then the row is further, and stays there.
  const event = { message: `Stored the artifact, ${built.bytes} bytes.`, origin: 'api' } as const;
  const stored = await ledger.move(deployment.id, 'uploaded', event).catch((error) => {
    log.error('upload could not be recorded', { ...artifactPath(deployment), error });
    return undefined;
  });
  log.info('artifact stored', { ...artifactPath(deployment), bytes: built.bytes, files: manifest.files.length });
  return stored;
}

function buildingMessage({ kind, commit, from }: Deployment): string {
  if (from === undefined) return `Building ${commit}.`;
  return kind === 'rollback' ? `Taking the artifact of deployment ${from}.` : `Building from deployment ${from}.`;
}

/** What the caller has seen in a preview is what is published, or nothing is. */
function assertUnchanged({ resolved }: Deployment, { manifest }: Assembly): void {
  const { ifInputsDigest } = resolved;
  if (ifInputsDigest === undefined || ifInputsDigest === manifest.inputsDigest) return;
  throwIfAny(changedInputs(recallPreview(ifInputsDigest), manifest));
}

/** The reason goes on the row; when even that fails, the timer finds the row and ends it. */
export async function recordFailure(ports: Ports, deployment: Deployment, thrown: unknown): Promise<AppError> {
  const reason = toAppError(thrown);
  const fields = { ...artifactPath(deployment), code: reason.code };
  const told = { ...fields, error: reason.kind === 'internal' ? reason.cause : reason };
  if (reason.kind === 'internal' || reason.kind === 'unavailable') ports.log.error('deployment failed', told);
  // What its caller, or the app's author, has to mend is no fault of the service.
  else ports.log.warn('deployment failed', told);
  try {
    await ports.ledger.move(
      deployment.id,
      'failed',
      { message: reason.message, origin: 'api' },
      reason.problems,
      deployment.fence,
    );
  } catch (error) {
    ports.log.error('failure could not be recorded', { ...fields, error });
  }
  return reason;
}

/** The key of a call, if it has one. */
export function idempotentRequest(
  { org, app, caller, idempotencyKey }: Pick<DeployRequest, 'org' | 'app' | 'caller' | 'idempotencyKey'>,
  digest: string,
): IdempotentRequest | undefined {
  return idempotencyKey === undefined
    ? undefined
    : { org, app, caller: caller.id, key: idempotencyKey, requestDigest: digest };
}
