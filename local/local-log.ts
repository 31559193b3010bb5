import { AppError } from '../src/errors.ts';
import type { Log, LogFields } from '../src/ports.ts';

const DIM = process.stdout.isTTY ? '\u001b[2m' : '';
const PLAIN = process.stdout.isTTY ? '\u001b[0m' : '';

/** A line for the person in front of the terminal, with how long it took. */
export function say(message: string, durationMs?: number): void {
  const took = durationMs === undefined ? '' : `${(durationMs / 1000).toFixed(2)} s`;
  console.log(`${took.padStart(8)}  ${message}`);
}

/** The functions' log, made readable: what happened, to what; the passes of the timer only when they did something. */
export function makeLocalLog(): Log {
  return {
    info(message, fields) {
      if (!message.endsWith(' pass') || didSomething(fields)) print(message, fields);
    },
    warn: (message, fields) => print(`warning: ${message}`, fields),
    error(message, fields) {
      const { error, ...rest } = fields ?? {};
      print(`error: ${message}`, { ...rest, ...(error === undefined ? {} : { reason: reasonOf(error) }) });
    },
  };
}

function didSomething(fields: LogFields = {}): boolean {
  const counts = [
    'releasesPublished',
    'sourcesPublished',
    'failures',
    'expired',
    'resumed',
    'accepted',
    'givenUp',
    'delayed',
  ];
  return counts.some((name) => Number(fields[name]) > 0);
}

function print(message: string, fields: LogFields = {}): void {
  const text = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' ');
  console.log(`${DIM}${new Date().toISOString().slice(11, 23)}${PLAIN}  ${message}  ${DIM}${text}${PLAIN}`);
}

/** The stack only of what nobody foresaw. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error instanceof AppError ? error.message : (error.stack ?? error.message);
  return error.cause instanceof Error ? `${own} (${reasonOf(error.cause)})` : own;
}
