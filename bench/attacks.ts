import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AttackResult } from './attack-child.ts';
import { ATTACKS, type Attack } from './attack-inputs.ts';

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL('attack-child.ts', import.meta.url));
const MAX_SECONDS = 1;
const MAX_MEBIBYTES = 64;
const TIMEOUT_MS = 120_000;

export interface AttackRow extends AttackResult {
  readonly what: string;
  readonly megabytes: number;
  readonly verdict: 'within' | 'over' | 'for comparison';
}

/** What each attack costs us until it is refused, measured in a process of its own, and shown as a table. */
export async function measureAttacks(temporary: string): Promise<AttackRow[]> {
  console.log(`\nCost of an attack: within is up to ${MAX_SECONDS} s and ${MAX_MEBIBYTES} MiB\n`);
  console.log(' seconds      MiB  verdict         answer                       what');
  const rows: AttackRow[] = [];
  for (const attack of ATTACKS) {
    const row = await measure(attack, join(temporary, 'attack'));
    rows.push(row);
    print(row);
  }
  return rows;
}

async function measure({ what, target, make, isTaken }: Attack, file: string): Promise<AttackRow> {
  const input = await make();
  await writeFile(file, input);
  const result = await runChild(target, file);
  await rm(file);
  const isWithin = result.seconds <= MAX_SECONDS && result.mebibytes <= MAX_MEBIBYTES && result.code !== undefined;
  const verdict = isTaken ? 'for comparison' : isWithin ? 'within' : 'over';
  return { what, megabytes: input.length / 1e6, verdict, ...result };
}

async function runChild(target: string, file: string): Promise<AttackResult> {
  const started = performance.now();
  try {
    const options = ['--expose-gc', '--import', 'tsx', CHILD, target, file];
    const { stdout } = await run(process.execPath, options, { timeout: TIMEOUT_MS });
    return JSON.parse(stdout) as AttackResult;
  } catch (error) {
    const { signal, code } = error as { signal?: string; code?: unknown };
    const seconds = (performance.now() - started) / 1000;
    return { seconds, mebibytes: Number.NaN, code: `the process died: ${signal ?? code}`, problems: 0 };
  }
}

function print({ seconds, mebibytes, verdict, code, problems, what, megabytes }: AttackRow): void {
  const answer = code === undefined ? 'taken' : `${code}${problems > 1 ? ` × ${problems}` : ''}`;
  console.log(
    `${seconds.toFixed(2).padStart(8)} ${mebibytes.toFixed(0).padStart(8)}  ${verdict.padEnd(14)}  ${answer.padEnd(27)}  ${what} (${megabytes.toFixed(2)} MB)`,
  );
}
