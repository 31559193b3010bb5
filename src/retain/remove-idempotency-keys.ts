import type { Part } from './part.ts';

const BATCH = 1_000;

/** A request that comes later with the same key is a new one. */
export async function removeIdempotencyKeys({ ports, retention, counts, isLate }: Part): Promise<void> {
  for (let removed = BATCH; removed === BATCH && !isLate(); ) {
    removed = await ports.ledger.removeIdempotencyKeys(retention.idempotencyHours, BATCH);
    counts.idempotencyKeysRemoved += removed;
  }
}
