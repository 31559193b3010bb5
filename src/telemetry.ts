import type { AttributeName, Metric, SpanName } from './model/telemetry-names.ts';

/** What is known of a step or a measurement. */
export type Facts = Readonly<Partial<Record<AttributeName, string | undefined>>>;

/** The port to traces and metrics. Nothing here ever throws, waits, or keeps work from being done. */
export interface Telemetry {
  /** False: what would be computed only to be told need not be. */
  readonly isOn: boolean;
  /**
   * Times `work`, and whether it failed. Steps within it are its children, and its facts are theirs.
   * @param start in the trace that another process began, and when, if it began before it was known whose it is
   */
  span<T>(name: SpanName, facts: Facts, work: () => Promise<T>, start?: SpanStart): Promise<T>;
  /** What was found out about the step that is running. */
  tell(facts: Facts): void;
  /** Steps in `work` belong to the invocation with this W3C traceparent; to none when it is not one. */
  within<T>(traceparent: string | undefined, work: () => Promise<T>): Promise<T>;
  /** For whoever goes on elsewhere with the step that is running. */
  traceparent(): string | undefined;
  /** Adds to a counter, or takes a value for a histogram or a gauge, in the unit of the metric. */
  record(metric: Metric, value: number, facts?: Facts): void;
}

export interface SpanStart {
  readonly traceparent?: string | undefined;
  readonly startedAt?: Date;
}

/** While there is nowhere to send it. */
export const NO_TELEMETRY: Telemetry = {
  isOn: false,
  span: (_name, _facts, work) => work(),
  tell() {},
  within: (_traceparent, work) => work(),
  traceparent: () => undefined,
  record() {},
};
