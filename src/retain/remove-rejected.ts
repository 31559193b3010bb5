import { toAppError } from '../errors.ts';
import type { Part } from './part.ts';
import { walkBlobs } from './walk-blobs.ts';

const DAY_MS = 24 * 3_600_000;

/** Azure's own lifecycle rule may do the same: one that is gone, or was written anew, is left alone. */
export async function removeRejected(part: Part): Promise<void> {
  const { ports, retention, counts, isLate } = part;
  await walkBlobs(part, 'rejected', async (blobs, now) => {
    const before = counts.rejectedRemoved;
    const old = blobs.filter((blob) => now.getTime() - blob.lastModified.getTime() > retention.rejectedDays * DAY_MS);
    for (const { name, etag } of old) {
      if (isLate()) return undefined;
      try {
        if (await ports.artifacts.removeRejected(name, etag)) counts.rejectedRemoved++;
      } catch (thrown) {
        counts.failures++;
        ports.log.error('refused blob could not be removed', { blob: name, error: toAppError(thrown) });
      }
    }
    return counts.rejectedRemoved - before;
  });
}
