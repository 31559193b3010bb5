import { isDeploymentId } from '../model/names.ts';
import type { Part } from './part.ts';
import { walkBlobs } from './walk-blobs.ts';

/** Younger ones may be of an artifact that is being accepted. */
const SETTLED_MS = 3_600_000;
const EXAMPLES = 5;

/**
 * What the archive holds and the ledger does not know: of a deployment that failed between the two, or of another
 * database. Told, and never removed: it may be all that is left of a ledger that was lost.
 */
export async function countUnknownBlobs(part: Part): Promise<void> {
  const { ports, counts } = part;
  await walkBlobs(part, 'artifacts', async (blobs, now) => {
    const names = blobs
      .filter(({ lastModified }) => now.getTime() - lastModified.getTime() > SETTLED_MS)
      .map(({ name }) => name);
    const ids = [...new Set(names.map(idOf).filter(isDeploymentId))];
    const unknownIds = new Set(await ports.ledger.unknownArtifacts(ids));
    const unknown = names.filter((name) => !isDeploymentId(idOf(name)) || unknownIds.has(idOf(name)));
    if (unknown.length > 0)
      ports.log.warn('archive holds blobs of no accepted deployment', {
        count: unknown.length,
        examples: unknown.slice(0, EXAMPLES),
      });
    counts.unknownBlobs += unknown.length;
    return unknown.length;
  });
}

const idOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1).split('.')[0] ?? '';
