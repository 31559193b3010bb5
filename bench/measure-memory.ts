import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Row, summarize, withAim } from './measure.ts';

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL('memory-child.ts', import.meta.url));
const RUNS = 3;

/** The most that the work takes in a process of its own, beyond its input and what the code has loaded by then. */
export async function measureMemory(
  what: string,
  work: 'build' | 'accept',
  app: string,
  input: Buffer,
  temporary: string,
): Promise<Row> {
  const file = join(temporary, 'memory-input');
  await writeFile(file, input);
  const peaks: number[] = [];
  for (let i = 0; i < RUNS; i++) peaks.push(await peakOf(work, app, file));
  const aim = (2.5 * input.length) / 2 ** 20 + 64;
  return withAim({ what, unit: 'MiB', ...summarize(peaks) }, { value: Math.round(aim) });
}

async function peakOf(work: string, app: string, file: string): Promise<number> {
  const { stdout } = await run(process.execPath, ['--expose-gc', '--import', 'tsx', CHILD, work, app, file]);
  return Number(stdout) / 1024;
}
