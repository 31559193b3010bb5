import { AppError } from './errors.ts';

const RETRY_SECONDS = 5;

/**
 * Lets so many calls run at once and so many more wait for their turn, first come first served; all others are told to
 * come again. A process that dies of memory takes all its calls with it.
 */
export function limitCalls({ atOnce, waiting = Number.POSITIVE_INFINITY }: { atOnce: number; waiting?: number }) {
  let running = 0;
  const queue: (() => void)[] = [];
  return async <T>(call: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) {
      if (queue.length >= waiting)
        throw new AppError('TOO_MANY_REQUESTS', `${running + queue.length} deployments are being built`, {
          retryAfterSeconds: RETRY_SECONDS,
        });
      // Whoever ends hands its place on, so `running` stays as it is.
      await new Promise<void>((resolve) => queue.push(resolve));
    } else running++;
    try {
      return await call();
    } finally {
      const next = queue.shift();
      if (next) next();
      else running--;
    }
  };
}
