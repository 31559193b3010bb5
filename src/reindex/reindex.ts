import { toAppError } from '../errors.ts';
import type { RebuildCounts } from '../ledger-upkeep.ts';
import type { Studio } from '../model/environments.ts';
import type { ArtifactPath } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { planReindex, type ReindexPlan } from './plan-reindex.ts';
import { readArchive } from './read-archive.ts';
import { readPublished } from './read-published.ts';

export interface ReindexReport {
  readonly plan: ReindexPlan;
  /** Blobs in incoming: on their way when the database was lost, and taken by the rules for dropped artifacts. */
  readonly incoming: number;
  /** Undefined when it was only planned. */
  readonly counts: RebuildCounts | undefined;
  /** Of what was to be put into the archive: where another document is, damaged or not, that nothing may replace. */
  readonly refusedRepairs: readonly ArtifactPath[];
  /** Why the lists are not in the order of time yet; all else is done. */
  readonly orderProblem: string | undefined;
}

export interface ReindexOptions {
  /** Which one to rebuild, where storage names several. */
  readonly installation?: string | undefined;
  readonly isDryRun: boolean;
  /** Called with each artifact that was read. */
  readonly tell: (done: number, of: number) => void;
}

/**
 * Rebuilds the ledger from storage, after it was lost or is older than storage.
 *
 * - read the archive, and what is published in every environment
 * - plan what the ledger must have known
 * - put into the archive what is published and missing there: publishing takes it from there
 * - add it to the ledger, all or nothing; then give it its place in the lists
 *
 * Writes no document that Flux reads. Safe to repeat, and beside running functions: what is not in the ledger yet is held.
 *
 * @throws AppError LEDGER_FOREIGN, LEDGER_STALE, STORAGE_EMPTY: nothing was changed; STORAGE_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export async function reindex(ports: Ports, studio: Studio, options: ReindexOptions): Promise<ReindexReport> {
  const { installation, isDryRun, tell } = options;
  // In this order: what is accepted meanwhile is then newer than the archive that was read, and not the reverse.
  const published = await readPublished(ports, studio);
  const archive = await readArchive(ports, studio, tell);
  const plan = planReindex(archive, published, studio, installation);
  const incoming = (await ports.artifacts.listIncoming()).length;
  if (isDryRun) return { plan, incoming, counts: undefined, refusedRepairs: [], orderProblem: undefined };
  const refusedRepairs: ArtifactPath[] = [];
  for (const { path, document } of plan.repairs)
    if ((await ports.artifacts.archiveRelease(path, document)) !== document) refusedRepairs.push(path);
  const counts = await ports.ledger.rebuild(plan);
  ports.log.info('ledger rebuilt from storage', { installation: plan.installation, ...counts });
  const orderProblem = await ports.ledger.putInOrder().then(
    () => undefined,
    (thrown) => toAppError(thrown).message,
  );
  return { plan, incoming, counts, refusedRepairs, orderProblem };
}
