import { toAppError } from '../errors.ts';
import type { ArtifactPath } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import type { Part } from './part.ts';

/** In one pass: an hour's worth of them is never more, and a request never waits long for a release's row. */
const BATCH = 200;

/**
 * Artifacts that were kept long enough go. What may go is said by the ledger, once for all of them (`removable`), and once
 * more for each (`beginRemoval`), where nothing can change meanwhile.
 *
 * - begin: from then on it is given to nobody; who took it before keeps it from going
 * - delete the release document, then the artifact
 * - finish: its row goes, its deployment's history says so
 *
 * Whoever dies between two steps has the next pass go on from there, after the lease.
 */
export async function retainArtifacts(part: Part): Promise<void> {
  const { ports, retention, counts, isLate } = part;
  for (const path of await ports.ledger.removable(retention, BATCH)) {
    if (isLate()) return;
    try {
      await removeOne(part, path);
    } catch (thrown) {
      counts.failures++;
      const error = toAppError(thrown);
      ports.log.error('artifact could not be removed', { ...path, code: error.code, error: error.cause ?? error });
    }
  }
}

async function removeOne({ ports, retention, counts }: Part, path: ArtifactPath): Promise<void> {
  const { keepLast, keepDays, immutableDays } = retention;
  if (!(await ports.ledger.beginRemoval(path.deploymentId, retention))) return;
  const release = await ports.artifacts.removeRelease(path);
  const artifact = typeof release === 'object' ? undefined : await ports.artifacts.removeArtifact(path);
  const refusal = [release, artifact].find((removal) => typeof removal === 'object');
  if (refusal !== undefined) {
    counts.artifactsRefused++;
    await putOff(ports, path, refusal.refused, artifact === undefined);
    return;
  }
  const days = Math.max(keepDays, immutableDays);
  const message = `Its artifact was removed: older than ${days} days, and not among the last ${keepLast}.`;
  if (!(await ports.ledger.finishRemoval(path.deploymentId, { message, origin: 'timer' }))) return;
  counts.artifactsRemoved++;
  ports.log.info('artifact removed', { ...path, release, artifact });
}

/** Storage's no is nobody's fault, and it lasts. What is still whole can be had again for so long. */
async function putOff(ports: Ports, path: ArtifactPath, code: string, isWhole: boolean): Promise<void> {
  await ports.ledger.putOffRemoval(path.deploymentId, isWhole);
  ports.log.warn('storage keeps an artifact that is to go', { ...path, code, isWhole });
}
