import { ERROR_CODES, type ErrorCode, type ErrorKind } from './error-codes.ts';

/** One thing that is wrong: what was found, what is allowed, what to do. Never a secret. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  /** The field, file or entry it is about. */
  readonly path?: string;
}

export interface AppErrorOptions {
  readonly cause?: unknown;
  readonly path?: string;
  readonly retryAfterSeconds?: number;
}

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(problems: readonly [Problem, ...Problem[]], options?: AppErrorOptions);
  constructor(code: ErrorCode, message: string, options?: AppErrorOptions);
  constructor(
    first: ErrorCode | readonly [Problem, ...Problem[]],
    second?: string | AppErrorOptions,
    third?: AppErrorOptions,
  ) {
    const options = typeof second === 'object' ? second : third;
    const problems = typeof first === 'string' ? [problem(first, String(second), options?.path)] : first;
    super(problems[0]?.message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = problems[0]?.code ?? 'INTERNAL';
    this.problems = problems;
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }

  get kind(): ErrorKind {
    return ERROR_CODES[this.code].kind;
  }
}

export function problem(code: ErrorCode, message: string, path?: string): Problem {
  return path === undefined ? { code, message } : { code, message, path };
}

/** Throws all of them as one error, if there are any. */
export function throwIfAny(problems: readonly Problem[]): void {
  const [first, ...rest] = problems;
  if (first !== undefined) throw new AppError([first, ...rest]);
}

/** What was thrown, as an AppError: anything unforeseen is our bug and keeps its cause for the log only. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('INTERNAL', 'An unexpected fault; the log has the details.', { cause: thrown });
}
