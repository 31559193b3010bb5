import type { Log, LogFields } from '../ports.ts';

/** One JSON line per event: the Functions host hands them on to Application Insights, where fields can be searched. */
export function makeConsoleLog(): Log {
  return {
    info: (message, fields) => console.log(line('info', message, fields)),
    warn: (message, fields) => console.warn(line('warn', message, fields)),
    error: (message, fields) => console.error(line('error', message, fields)),
  };
}

function line(level: string, message: string, fields: LogFields = {}): string {
  return JSON.stringify({ level, message, ...fields, ...('error' in fields ? { error: describe(fields.error) } : {}) });
}

/** Name and message of an error and of its causes; the stack only where it is a bug of ours. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return error === undefined ? undefined : String(error);
  const isOurs = error.name === 'AppError';
  return {
    name: error.name,
    message: error.message,
    ...(isOurs ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: describe(error.cause) }),
  };
}
