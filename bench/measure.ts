/** One line of the table, and one object of `results.json`. */
export interface Row {
  readonly what: string;
  /** Median of the rounds. */
  readonly value: number;
  readonly unit: 'ms' | 'MiB' | '/s' | 'calls' | 'passes' | '×';
  /** From the lowest to the highest, as a part of the median; absent where there is but one. */
  readonly spread?: number;
  /** To the row that it stands beside, in this run. */
  readonly ratio?: number;
  readonly beside?: string;
  readonly aim?: string;
  readonly isWithin?: boolean;
}

export interface Settings {
  readonly rounds: number;
  /** Of this run; removed after it. */
  readonly temporary: string;
}

/** What a part of the bench gives. */
export type Part = (settings: Settings) => Promise<readonly Row[]>;

/** Median and spread of some numbers. */
export function summarize(values: readonly number[]): { value: number; spread?: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  if (sorted.length < 2) return { value };
  return { value, spread: ((sorted.at(-1) as number) - (sorted[0] as number)) / value };
}

/**
 * Milliseconds that each piece of work takes. All of them in every round, one after the other, so that what else the machine
 * does falls on all alike; a first round is not counted. What can't be done here (a program is missing) is left out.
 */
export async function timeBeside(
  rounds: number,
  works: Readonly<Record<string, () => unknown>>,
): Promise<ReadonlyMap<string, number[]>> {
  const taken = new Map<string, number[]>(Object.keys(works).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++)
    for (const [name, work] of Object.entries(works)) {
      const times = taken.get(name);
      if (times === undefined) continue;
      const started = performance.now();
      try {
        await work();
      } catch (error) {
        console.error(`left out: ${name}: ${(error as Error).message.split('\n')[0]}`);
        taken.delete(name);
        continue;
      }
      if (round >= 0) times.push(performance.now() - started);
    }
  return taken;
}

export interface Aim {
  readonly ratio?: number;
  readonly value?: number;
}

/** Rows of what was timed; each but the first of `beside` has its ratio to that. */
export function toRows(
  about: string,
  taken: ReadonlyMap<string, readonly number[]>,
  beside: string,
  aims: Readonly<Record<string, Aim>> = {},
): Row[] {
  const base = summarize(taken.get(beside) ?? []).value;
  return [...taken].map(([name, values]) => {
    const { value, spread } = summarize(values);
    const row: Row = { what: `${about}: ${name}`, value, unit: 'ms', ...(spread === undefined ? {} : { spread }) };
    return withAim(name === beside || Number.isNaN(base) ? row : { ...row, ratio: value / base, beside }, aims[name]);
  });
}

/** Whether a row is what it should be at most. */
export function withAim(row: Row, aim: Aim | undefined): Row {
  if (aim === undefined) return row;
  const parts = [
    ...(aim.ratio === undefined ? [] : [`at most ${aim.ratio} ×`]),
    ...(aim.value === undefined ? [] : [`at most ${aim.value} ${row.unit}`]),
  ];
  const isWithin = (row.ratio ?? 0) <= (aim.ratio ?? Infinity) && row.value <= (aim.value ?? Infinity);
  return { ...row, aim: parts.join(', '), isWithin };
}

export function print(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}\n\n      median         spread    ratio  aim                    what`);
  for (const { what, value, unit, spread, ratio, aim, isWithin } of rows)
    console.log(
      [
        show(value).padStart(12),
        unit.padEnd(6),
        (spread === undefined ? '' : `${Math.round(spread * 100)} %`).padStart(8),
        (ratio === undefined ? '' : ratio.toFixed(2)).padStart(8),
        ` ${(aim === undefined ? '' : `${aim}: ${isWithin ? 'yes' : 'NO'}`).padEnd(22)}`,
        what,
      ].join(' '),
    );
}

const show = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(2));
