import { redact } from '../model/redact.ts';
import type { Log, LogFields } from '../ports.ts';

/** One JSON line per event, without secrets: all that there is where telemetry is off. */
export function makeConsoleLog(clean: (text: string) => string = redact): Log {
  const line = (level: string, message: string, fields: LogFields = {}) =>
    clean(
      JSON.stringify({
        level,
        message,
        ...fields,
        ...('error' in fields ? { error: describeError(fields.error) } : {}),
      }),
    );
  return {
    info: (message, fields) => console.log(line('info', message, fields)),
    warn: (message, fields) => console.warn(line('warn', message, fields)),
    error: (message, fields) => console.error(line('error', message, fields)),
  };
}

/** Name and message of an error and of its causes; the stack only where it is a bug of ours. */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error === undefined ? undefined : String(error);
  const isOurs = error.name === 'AppError';
  return {
    name: error.name,
    message: error.message,
    ...(isOurs ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
