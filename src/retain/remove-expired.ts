import { toAppError } from '../errors.ts';
import type { Studio } from '../model/environments.ts';
import type { Ports } from '../ports.ts';
import { countUnknownBlobs } from './count-unknown-blobs.ts';
import type { Part, RetentionCounts } from './part.ts';
import { removeIdempotencyKeys } from './remove-idempotency-keys.ts';
import { removeRejected } from './remove-rejected.ts';
import { retainArtifacts } from './retain-artifacts.ts';

export type RetentionSummary = Readonly<RetentionCounts> & { readonly durationMs: number };

const PROGRESS_MS = 1_000;
/** Nothing new is begun in any of the four parts after that: a function has 240 s, and the last call may take 60 of them. */
const PART_MS = 40_000;

/**
 * Takes away what was kept for as long as the policy says, some of it in each pass.
 *
 * - idempotency keys
 * - artifacts
 * - blobs that were refused
 * - counts what the archive holds and the ledger does not know
 *
 * One part that fails keeps no other waiting. Safe to die anywhere, to run twice, and beside everything else.
 */
export async function removeExpired(ports: Ports, studio: Studio): Promise<RetentionSummary> {
  const { retention } = studio.policy;
  const started = performance.now();
  const counts: RetentionCounts = {
    ...{ idempotencyKeysRemoved: 0, artifactsRemoved: 0, artifactsRefused: 0, rejectedRemoved: 0 },
    ...{ unknownBlobs: 0, failures: 0 },
  };
  const timer = setInterval(() => ports.log.info('retention progress', { ...counts }), PROGRESS_MS);
  const attempt = async (what: string, work: (part: Part) => Promise<void>) => {
    const partStarted = performance.now();
    try {
      await work({ ports, retention, counts, isLate: () => performance.now() - partStarted > PART_MS });
    } catch (thrown) {
      counts.failures++;
      const error = toAppError(thrown);
      ports.log.error('retention failed', { what, code: error.code, error: error.cause ?? error });
    }
  };
  try {
    await attempt('idempotency keys', removeIdempotencyKeys);
    await attempt('artifacts', retainArtifacts);
    await attempt('rejected', removeRejected);
    await attempt('unknown blobs', countUnknownBlobs);
  } finally {
    clearInterval(timer);
  }
  const summary = { ...counts, durationMs: Math.round(performance.now() - started) };
  ports.log.info('retention pass', summary);
  return summary;
}
