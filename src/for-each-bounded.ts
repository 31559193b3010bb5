const CONCURRENCY = 8;

interface Bounds {
  readonly atOnce?: number;
  /** Once it is too late, no more is begun. */
  readonly isTooLate?: () => boolean;
}

/** Some at a time. `work` handles its own failures. */
export async function forEachBounded<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  { atOnce = CONCURRENCY, isTooLate = () => false }: Bounds = {},
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
