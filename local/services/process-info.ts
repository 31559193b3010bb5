import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessInfo {
  readonly parent: number;
  readonly command: string;
}

/** What a live process runs, and for whom. Undefined when it is gone or a zombie (nobody reaps those in some containers). */
export function processInfo(pid: number): ProcessInfo | undefined {
  const info = existsSync('/proc/self/status') ? fromProc(pid) : fromPs(pid);
  return info?.command ? info : undefined;
}

/** True once the process is gone, false when it still runs after the given time. */
export async function waitUntilGone(pid: number, timeoutSeconds: number): Promise<boolean> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  while (processInfo(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(25);
  }
  return true;
}

function fromProc(pid: number): ProcessInfo | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { parent: Number(parent), command };
  } catch {
    return undefined; // gone
  }
}

/** macOS has no /proc. */
function fromPs(pid: number): ProcessInfo | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' });
  const [, parent, command] = /^\s*(\d+)\s+(.*)$/m.exec(stdout ?? '') ?? [];
  return command && !command.includes('<defunct>') ? { parent: Number(parent), command } : undefined;
}
