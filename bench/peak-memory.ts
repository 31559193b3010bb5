import { readFile, writeFile } from 'node:fs/promises';

/** Forgets the peak so far, where that can be asked for (proc(5), clear_refs: Linux), and tells what is taken now, in KiB. */
export async function forgetPeak(): Promise<number> {
  globalThis.gc?.();
  await writeFile('/proc/self/clear_refs', '5').catch(() => {});
  return peakKiB();
}

/** The most that this process has had in memory, as the system counts it. */
export async function peakKiB(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
}
