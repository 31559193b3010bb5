import type { TestContext } from 'node:test';

/** `npm run test:long` does all of what the others do a part of. */
const IS_LONG = process.env.LONG === '1';

/** How much of it in this run, said in its output with what repeats it. */
export function runs(
  t: TestContext,
  { short, long }: { short: number; long: number },
): { numRuns: number; seed: number } {
  const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);
  const numRuns = Number(process.env.FC_RUNS ?? (IS_LONG ? long : short));
  t.diagnostic(`${numRuns} runs, FC_SEED=${seed}`);
  return { numRuns, seed };
}
