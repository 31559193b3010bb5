/** As many as zlib has threads: more would only wait, each with its content in memory. */
const AT_ONCE = 4;
/** Small entries are inflated at once, on the event loop: others get their turn after so many. */
const WITHOUT_PAUSE = 16;

/** The results of `work` for each, in order; some at a time, so that zlib's threads and ours work at once. Begins no more after a failure. */
export async function mapEntries<T, R>(entries: readonly T[], work: (entry: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(entries.length);
  const queue = entries.entries();
  let failed = false;
  const worker = async () => {
    for (const [index, entry] of queue) {
      if (failed) return;
      try {
        results[index] = await work(entry);
      } catch (error) {
        failed = true;
        throw error;
      }
      if (index % WITHOUT_PAUSE === 0) await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, entries.length) }, worker));
  return results;
}
