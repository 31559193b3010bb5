const CONCURRENCY = 8;

/** Some at a time. `work` handles its own failures. Once it is too late, no more is begun. */
export async function forEachBounded<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  isTooLate: () => boolean = () => false,
  atOnce = CONCURRENCY,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) {
      if (isTooLate()) return;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}

/** Some at a time, and all or nothing: after the first failure no more are begun, and it is thrown. */
export async function forAllBounded<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  await forEachBounded(items, async (item) => {
    if (failures.length === 0) await work(item).catch((error) => failures.push(error));
  });
  if (failures.length > 0) throw failures[0];
}
