import { type AppError, toAppError } from '../errors.ts';
import { AWAITS_ARTIFACT, type Deployment } from '../model/deployment.ts';
import { artifactBlob, parseArtifactBlob, releaseKey } from '../model/names.ts';
import { redact } from '../model/redact.ts';
import type { Ports } from '../ports.ts';

/** The stages that a sweep takes up again; stages don't import each other, so they are handed in. */
export interface RecoverStages {
  accept(blobName: string): Promise<unknown>;
  /** Puts a blob aside, its deployment ended. */
  giveUp(blobName: string, reason: string): Promise<unknown>;
  finishDeploy(deployment: Deployment): Promise<unknown>;
  finishUndeploy(deployment: Deployment): Promise<void>;
}

export interface SweepSummary {
  readonly expired: number;
  readonly resumed: number;
  readonly accepted: number;
  readonly givenUp: number;
  readonly delayed: number;
}

/** Younger blobs are their event's to take. */
const LEFT_OVER_MS = 5 * 60_000;
const MAX_ATTEMPTS = 3;
const BATCH = 20;

/**
 * Takes up what was left behind by a process that died, or an event that was lost.
 *
 * - requests that nobody has finished in 15 minutes are ended, with the last reason known
 * - requests whose holder is dead are built again, or their stored artifact is accepted
 * - blobs left in incoming are counted, then accepted; one that has failed three times is put aside
 */
export async function sweepIncoming(ports: Ports, stages: RecoverStages, now: Date): Promise<SweepSummary> {
  const expired = await endExpired(ports);
  const resumed = await resumeDead(ports, stages);
  const blobs = await takeLeftOver(ports, stages, now);
  const summary = { expired, resumed, ...blobs };
  if (Object.values(summary).some((count) => count > 0)) ports.log.info('sweep pass', summary);
  return summary;
}

async function endExpired(ports: Ports): Promise<number> {
  const deployments = await ports.ledger.expired(BATCH);
  for (const deployment of deployments) {
    const reason = await ports.ledger.attemptReason(artifactBlob(pathOf(deployment)));
    const message = `Not finished within 15 minutes.${reason ? ` Last: ${reason}` : ' The process that built it died, or its artifact is gone.'}`;
    const problem = { code: 'BUILD_ABANDONED', message } as const;
    await ports.ledger.move(deployment.id, 'failed', { message, origin: 'timer' }, [problem]);
    ports.log.error('deployment expired', { ...pathOf(deployment), state: deployment.state });
  }
  return deployments.length;
}

async function resumeDead(ports: Ports, stages: RecoverStages): Promise<number> {
  const deployments = await ports.ledger.claimDead(BATCH);
  for (const deployment of deployments) {
    ports.log.warn('deployment taken over from a dead process', { ...pathOf(deployment), fence: deployment.fence });
    await ports.ledger.note(deployment.id, 'resumed', {
      message: 'Taken up again: the process that held it is gone.',
      origin: 'timer',
    });
    // Its failure is on the row by now; the others are not to wait for it.
    await resume(ports, stages, deployment).catch((error) =>
      ports.log.error('resumed deployment failed', { ...pathOf(deployment), error }),
    );
  }
  return deployments.length;
}

async function resume(ports: Ports, stages: RecoverStages, deployment: Deployment): Promise<void> {
  if (deployment.kind === 'undeploy') return stages.finishUndeploy(deployment);
  const path = pathOf(deployment);
  const isStored = deployment.built && (await ports.artifacts.readIncoming(artifactBlob(path), 0)) !== undefined;
  const archived = deployment.built && !isStored ? await ports.artifacts.readArtifact(path) : undefined;
  if (archived) await ports.artifacts.uploadIncoming(path, archived);
  if (isStored || archived) await stages.accept(artifactBlob(path));
  else await stages.finishDeploy(deployment);
}

async function takeLeftOver(
  ports: Ports,
  stages: RecoverStages,
  now: Date,
): Promise<Pick<SweepSummary, 'accepted' | 'givenUp' | 'delayed'>> {
  const counts = { accepted: 0, givenUp: 0, delayed: 0 };
  const blobs = (await ports.artifacts.listIncoming()).filter(
    ({ lastModified }) => now.getTime() - lastModified.getTime() >= LEFT_OVER_MS,
  );
  for (const { name } of blobs) {
    try {
      counts[await takeOne(ports, stages, name)]++;
    } catch (error) {
      counts.delayed++;
      ports.log.error('left-over blob could not be taken', { blob: name, error });
    }
  }
  return counts;
}

async function takeOne(ports: Ports, stages: RecoverStages, blob: string): Promise<'accepted' | 'givenUp' | 'delayed'> {
  // Before it is read: one that kills the process is counted all the same.
  const attempts = await ports.ledger.countAttempt(blob);
  if (attempts > MAX_ATTEMPTS) return giveUp(ports, stages, blob, attempts - 1);
  try {
    await stages.accept(blob);
    await ports.ledger.forgetAttempts(blob);
    return 'accepted';
  } catch (thrown) {
    const error = toAppError(thrown);
    await ports.ledger.noteAttempt(blob, reasonOf(error));
    // An outage is not the blob's fault.
    if (error.kind === 'unavailable') await ports.ledger.uncountAttempt(blob);
    else if (attempts >= MAX_ATTEMPTS) return giveUp(ports, stages, blob, attempts);
    return 'delayed';
  }
}

async function giveUp(ports: Ports, stages: RecoverStages, blob: string, attempts: number): Promise<'givenUp'> {
  const reason = (await ports.ledger.attemptReason(blob)) ?? 'the process died each time';
  await stages.giveUp(blob, `Could not be accepted in ${attempts} attempts. Last: ${reason}`);
  await ports.ledger.forgetAttempts(blob);
  return 'givenUp';
}

/**
 * A trigger that failed five times: its deployment tells why, and the sweep goes on with the blob.
 * @param message as the Functions host writes it to the poison queue
 */
export async function drainPoison(
  ports: Ports,
  stages: RecoverStages,
  message: { container: string; blob: string },
): Promise<void> {
  const reason = (await ports.ledger.attemptReason(message.blob)) ?? 'the process died each time';
  ports.log.error('trigger gave up', { ...parseArtifactBlob(message.blob), ...message, reason });
  try {
    await stages.accept(message.blob);
  } catch (thrown) {
    const last = reasonOf(toAppError(thrown));
    await ports.ledger.noteAttempt(message.blob, last);
    const id = parseArtifactBlob(message.blob)?.deploymentId;
    const deployment = id === undefined ? undefined : await ports.ledger.deployment(id);
    if (deployment === undefined || !AWAITS_ARTIFACT.includes(deployment.state)) return;
    const note = `Accepting failed five times; it is tried again by the timer. Last: ${last}`;
    await ports.ledger.note(deployment.id, 'delayed', { message: note, origin: 'accept' });
  }
}

const pathOf = (deployment: Deployment) => ({ ...releaseKey(deployment), deploymentId: deployment.id });

const reasonOf = (error: AppError): string =>
  error.code === 'INTERNAL' && error.cause instanceof Error
    ? redact(`${error.cause.name}: ${error.cause.message}`)
    : error.message;
