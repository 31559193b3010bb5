import type { Walk, WalkedContainer } from '../ledger-upkeep.ts';
import type { BlobPage } from '../ports.ts';
import type { Part } from './part.ts';

/** In one pass; a page has some thousand blobs. */
const MAX_PAGES = 10;
const START: Walk = { marker: undefined, blobs: 0, found: 0 };

/**
 * Looks at all blobs of a container, some in each pass, and begins anew when it is through: whatever a container holds, a
 * pass is short, and no blob is left out for ever.
 *
 * @param look returns how many of the page are what it looks for; undefined when it did not get through
 */
export async function walkBlobs(
  { ports, isLate }: Part,
  container: WalkedContainer,
  look: (blobs: BlobPage['blobs'], now: Date) => Promise<number | undefined>,
): Promise<void> {
  const { now, ...before } = await ports.ledger.walk(container);
  let walk: Walk = before;
  for (let pages = 0; pages < MAX_PAGES && !isLate(); pages++) {
    const { blobs, marker } = await ports.artifacts.pageOf(container, walk.marker).catch(async (error) => {
      // A marker that storage takes no more would be in the way for ever.
      if (walk.marker !== undefined) await ports.ledger.recordWalk(container, START);
      throw error;
    });
    const found = await look(blobs, now);
    if (found === undefined) break;
    walk = { marker, blobs: walk.blobs + blobs.length, found: walk.found + found };
    await ports.ledger.recordWalk(container, marker === undefined ? START : walk);
    if (marker !== undefined) continue;
    ports.log.info('container walked through', { container, blobs: walk.blobs, found: walk.found });
    break;
  }
}
