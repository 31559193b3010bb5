import { AppError, toAppError } from './errors.ts';

/** Longer than any answer takes, and than all tries of a call that is refused at once. */
export const HANGS_MS = 10_000;

/**
 * For one pass of a timer: environments whose storage fails only after a long wait, a minute with its repetition. Each is
 * waited for by those calls that are under way, and then left alone, so that the time of the pass is there for the others.
 * What fails at once holds nobody up, and a Gitea or a database that hangs is no reason to leave an environment alone.
 */
export class HangGuard {
  private readonly hanging = new Set<string>();
  private readonly hangsMs: number;

  constructor(hangsMs: number) {
    this.hangsMs = hangsMs;
  }

  hangs(environment: string | undefined): boolean {
    return environment !== undefined && this.hanging.has(environment);
  }

  /** Does it, and notes where it hung. */
  async watch<T>(environment: string | undefined, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work();
    } catch (error) {
      const hung = performance.now() - started >= this.hangsMs && toAppError(error).code === 'STORAGE_UNAVAILABLE';
      if (hung && environment !== undefined) this.hanging.add(environment);
      throw error;
    }
  }

  /** Likewise, and waits no longer than `hangsMs`: for a look, which may be left to end by itself. */
  async glance<T>(environment: string, look: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.hanging.add(environment);
        reject(new AppError('STORAGE_UNAVAILABLE', `storage of ${environment}: no answer within ${this.hangsMs} ms`));
      }, this.hangsMs);
    });
    try {
      return await Promise.race([this.watch(environment, look), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
