/**
 * How long anything outside may take, how often it is asked again, and after what pause: all of it, in one place. A
 * function has 240 s (`host.json`), a caller's connection 230; no call alone may use that up.
 */
export interface TimeLimits {
  readonly gitea: {
    /** Of all tries and redirects of a call together. */
    readonly callTimeoutMs: number;
    /** Longer: the first archive of a commit is packed when it is asked for. */
    readonly archiveTimeoutMs: number;
    /** The second try waits so long, the third twice as long. Only for what may pass: no answer, a cut one, 5xx. */
    readonly retryDelayMs: number;
    readonly tries: number;
  };
  readonly storage: {
    /** Of a call with all its tries, and the reading of its answer. One that hangs is made once more. */
    readonly callTimeoutMs: number;
    /** By the SDK, after no answer, 429, 500, 502, 503 and 504. */
    readonly tries: number;
    /** Doubled with each try. */
    readonly retryDelayMs: number;
    readonly maxRetryDelayMs: number;
  };
  /** A cluster that is told to pull. It is told once; one that did not answer is left alone for a while. */
  readonly receiver: {
    readonly callTimeoutMs: number;
    readonly pauseMs: number;
    /** In a process; whoever comes then is not told. */
    readonly atOnce: number;
  };
  /** Never asked again by itself: whoever called knows whether that is safe. */
  readonly database: {
    readonly connectTimeoutMs: number;
    readonly statementTimeoutMs: number;
    readonly maxConnections: number;
    /** A connection that nobody uses is kept so long: over a minute, so that each pass of a timer finds one open. */
    readonly idleMs: number;
  };
}

export const TIME_LIMITS: TimeLimits = {
  gitea: { callTimeoutMs: 10_000, archiveTimeoutMs: 60_000, retryDelayMs: 200, tries: 3 },
  storage: { callTimeoutMs: 30_000, tries: 4, retryDelayMs: 200, maxRetryDelayMs: 3_000 },
  receiver: { callTimeoutMs: 3_000, pauseMs: 60_000, atOnce: 8 },
  database: { connectTimeoutMs: 5_000, statementTimeoutMs: 10_000, maxConnections: 10, idleMs: 90_000 },
};
