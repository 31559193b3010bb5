import type { ClusterDocuments, DocumentPlace, StoredDocument } from '../../src/ports.ts';

export interface CountedDocuments extends ClusterDocuments {
  /** What was asked for, in order: the method and the container's name. */
  readonly calls: { readonly method: 'read' | 'etag' | 'write'; readonly container: string }[];
  /** The most calls that were under way at one time. */
  mostAtOnce: number;
  /** Throws, where a test says so. */
  beforeWrite: (place: DocumentPlace) => void | Promise<void>;
}

/**
 * Cluster documents of thousands of apps without their storage, to count what is asked of it. Has the adapter's conditions
 * on writes. What was never written has the ETag `untouched`, and no text.
 */
export function makeMemoryDocuments(untouched: string): CountedDocuments {
  const stored = new Map<string, StoredDocument>();
  const keyOf = ({ environment, container, blob }: DocumentPlace) => `${environment}/${container}/${blob}`;
  let writes = 0;
  let underWay = 0;
  const counted = async <T>(
    method: 'read' | 'etag' | 'write',
    { container }: DocumentPlace,
    work: () => T | Promise<T>,
  ): Promise<T> => {
    documents.calls.push({ method, container });
    documents.mostAtOnce = Math.max(documents.mostAtOnce, ++underWay);
    await new Promise(setImmediate);
    underWay--;
    return work();
  };
  const documents: CountedDocuments = {
    calls: [],
    mostAtOnce: 0,
    beforeWrite: () => {},
    read: (place) => counted('read', place, () => stored.get(keyOf(place))),
    etag: (place) => counted('etag', place, () => stored.get(keyOf(place))?.etag ?? untouched),
    write: (place, text, replaces) =>
      counted('write', place, async () => {
        await documents.beforeWrite(place);
        if (stored.get(keyOf(place))?.etag !== replaces) return undefined;
        const etag = `"${++writes}"`;
        stored.set(keyOf(place), { text, etag });
        return { etag };
      }),
    containers: async () => [...new Set([...stored.keys()].map((key) => key.split('/')[1] ?? ''))],
    ping: async () => {},
  };
  return documents;
}
