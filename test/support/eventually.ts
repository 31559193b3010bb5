import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for something that is about to be true. */
export async function eventually<T>(
  look: () => Promise<T>,
  isRight: (seen: T) => boolean,
  timeoutMs = 10_000,
): Promise<T> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (isRight(seen)) return seen;
    if (Date.now() > giveUpAt) throw new Error(`after ${timeoutMs} ms still ${JSON.stringify(seen)}`);
    await sleep(20);
  }
}
