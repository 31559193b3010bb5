export type Limit = <T>(work: () => Promise<T>) => Promise<T>;

/** Runs what it is given, at most `max` at a time, in the order asked. */
export function limitConcurrency(max: number): Limit {
  let running = 0;
  const waiting: (() => void)[] = [];

  return async (work) => {
    if (running < max) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place is handed on, not given back: nobody can slip in between.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
