import { type AppError, toAppError } from '../errors.ts';
import { forEachBounded } from '../for-each-bounded.ts';
import { HANGS_MS, HangGuard } from '../hang-guard.ts';
import { AWAITS_ARTIFACT, type Deployment } from '../model/deployment.ts';
import { artifactBlob, artifactPath, parseArtifactBlob } from '../model/names.ts';
import { redact } from '../model/redact.ts';
import type { Ports, StoredName } from '../ports.ts';

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
  /** Failed, or not tried in this pass. */
  readonly delayed: number;
}

/** Younger blobs are their event's to take. */
const LEFT_OVER_MS = 5 * 60_000;
const MAX_ATTEMPTS = 3;
const BATCH = 20;
/** Each holds an artifact in memory. */
const ENVIRONMENTS_AT_ONCE = 4;

/** A function has 240 s (`host.json`): what is begun last has the other half of them. */
export const SWEEP_LIMITS = {
  /** From the start of a pass; then no more deployments are resumed. */
  resumeMs: 60_000,
  /** Likewise, no more blobs are taken. */
  takeMs: 120_000,
  hangsMs: HANGS_MS,
};

/**
 * Takes up what was left behind by a process that died, or an event that was lost.
 *
 * - requests that nobody has finished in 15 minutes are ended, with the last reason known
 * - requests whose holder is dead are built again, or their stored artifact is accepted
 * - blobs left in incoming are counted, then accepted, the oldest first; one that has failed three times is put aside
 *
 * What there is no time for, or lies where storage hangs, is left to the next pass, and no attempt is counted for it.
 */
export async function sweepIncoming(
  ports: Ports,
  stages: RecoverStages,
  now: Date,
  limits = SWEEP_LIMITS,
): Promise<SweepSummary> {
  const started = performance.now();
  const pass: Pass = {
    ports,
    stages,
    hangGuard: new HangGuard(limits.hangsMs),
    isLate: (ms) => performance.now() - started > ms,
  };
  const expired = await endExpired(ports);
  const resumed = await resumeDead(pass, limits.resumeMs);
  const blobs = await takeLeftOver(pass, now, limits.takeMs);
  const summary = { expired, resumed, ...blobs };
  if (Object.values(summary).some((count) => count > 0)) ports.log.info('sweep pass', summary);
  return summary;
}

interface Pass {
  readonly ports: Ports;
  readonly stages: RecoverStages;
  readonly hangGuard: HangGuard;
  /** So long after its start. */
  isLate(ms: number): boolean;
}

async function endExpired(ports: Ports): Promise<number> {
  const deployments = await ports.ledger.expired(BATCH);
  for (const deployment of deployments) {
    const reason = await ports.ledger.attemptReason(artifactBlob(artifactPath(deployment)));
    const message = `Not finished within 15 minutes.${reason ? ` Last: ${reason}` : ' The process that built it died, or its artifact is gone.'}`;
    const problem = { code: 'BUILD_ABANDONED', message } as const;
    await ports.ledger.move(deployment.id, 'failed', { message, origin: 'timer' }, [problem]);
    ports.log.error('deployment expired', { ...artifactPath(deployment), state: deployment.state });
  }
  return deployments.length;
}

async function resumeDead({ ports, stages, hangGuard, isLate }: Pass, untilMs: number): Promise<number> {
  let resumed = 0;
  // Each is claimed when its turn comes: one that was claimed and not begun would wait for the end of its lease.
  while (resumed < BATCH && !isLate(untilMs)) {
    const [deployment] = await ports.ledger.claimDead(1);
    if (deployment === undefined) break;
    resumed++;
    ports.log.warn('deployment taken over from a dead process', {
      ...artifactPath(deployment),
      fence: deployment.fence,
    });
    await ports.ledger.note(deployment.id, 'resumed', {
      message: 'Taken up again: the process that held it is gone.',
      origin: 'timer',
    });
    // Its failure is on the row by now; the others are not to wait for it.
    await hangGuard
      .watch(deployment.environment, () => resume(ports, stages, deployment))
      .catch((error) => ports.log.error('resumed deployment failed', { ...artifactPath(deployment), error }));
  }
  return resumed;
}

async function resume(ports: Ports, stages: RecoverStages, deployment: Deployment): Promise<void> {
  if (deployment.kind === 'undeploy') return stages.finishUndeploy(deployment);
  const path = artifactPath(deployment);
  const isStored = deployment.built && (await ports.artifacts.readIncoming(artifactBlob(path), 0)) !== undefined;
  const archived = deployment.built && !isStored ? await ports.artifacts.readArtifact(path) : undefined;
  if (archived) await ports.artifacts.uploadIncoming(path, archived);
  if (isStored || archived) await stages.accept(artifactBlob(path));
  else await stages.finishDeploy(deployment);
}

async function takeLeftOver(
  { ports, stages, hangGuard, isLate }: Pass,
  now: Date,
  untilMs: number,
): Promise<Pick<SweepSummary, 'accepted' | 'givenUp' | 'delayed'>> {
  const counts = { accepted: 0, givenUp: 0, delayed: 0 };
  const blobs = (await ports.artifacts.listIncoming())
    .filter(({ lastModified }) => now.getTime() - lastModified.getTime() >= LEFT_OVER_MS)
    .sort((a, b) => a.lastModified.getTime() - b.lastModified.getTime());
  const environmentOf = ({ name }: StoredName) => parseArtifactBlob(name)?.environment;
  // An environment that hangs holds up its own.
  await forEachBounded(
    [...new Set(blobs.map(environmentOf))],
    async (environment) => {
      const watched = { ...stages, accept: (blob: string) => hangGuard.watch(environment, () => stages.accept(blob)) };
      for (const { name } of blobs.filter((blob) => environmentOf(blob) === environment)) {
        try {
          if (isLate(untilMs) || hangGuard.hangs(environment)) counts.delayed++;
          else counts[await takeOne(ports, watched, name)]++;
        } catch (error) {
          counts.delayed++;
          ports.log.error('left-over blob could not be taken', { blob: name, error });
        }
      }
    },
    { atOnce: ENVIRONMENTS_AT_ONCE },
  );
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
 * A trigger that failed five times. It is tried once more, since that may have been an outage; else its deployment tells why,
 * and the sweep goes on with the blob.
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

const reasonOf = (error: AppError): string =>
  error.code === 'INTERNAL' && error.cause instanceof Error
    ? redact(`${error.cause.name}: ${error.cause.message}`)
    : error.message;
