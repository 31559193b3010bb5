import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { ErrorCode, ErrorKind } from '../error-codes.ts';
import { toAppError } from '../errors.ts';
import type { SpanName } from '../model/telemetry-names.ts';
import { readTracePoint, type TracePoint } from '../model/trace-context.ts';
import type { Facts, SpanStart } from '../telemetry.ts';

/** A step as it was. Kept until the outermost has ended, so that nothing has to be loaded while there is work. */
export interface SpanRecord {
  readonly name: SpanName;
  facts: Facts;
  readonly startedAt: Date;
  durationMs: number;
  failure: Failure | undefined;
  readonly parts: SpanRecord[];
  readonly parent: SpanRecord | undefined;
  /** What the outermost is below. */
  readonly below: TracePoint;
  /** The invocation that it ran in, where it belongs to another trace. */
  readonly link: TracePoint | undefined;
  /** It goes on with what another process began. */
  readonly isContinued: boolean;
}

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** For us to look into. */
  readonly isOurs: boolean;
  /** Of what nobody had foreseen. */
  readonly bug: Error | undefined;
}

interface Place {
  readonly invocation: TracePoint | undefined;
  readonly record: SpanRecord | undefined;
}

/** All others are answers: a caller's mistake, or an app that can't be deployed as it is. */
const OUR_FAILURES: readonly ErrorKind[] = ['unavailable', 'internal'];

/** Which step is running, by the path of calls; knows no SDK. `done` is told of each outermost step when it has ended. */
export function makeSpanRecords(done: (root: SpanRecord) => void) {
  const places = new AsyncLocalStorage<Place>();
  return {
    async span<T>(name: SpanName, facts: Facts, work: () => Promise<T>, start: SpanStart = {}): Promise<T> {
      const record = begin(name, facts, start, places.getStore());
      const started = performance.now();
      const before = start.startedAt === undefined ? 0 : Date.now() - record.startedAt.getTime();
      try {
        return await places.run({ invocation: places.getStore()?.invocation, record }, work);
      } catch (thrown) {
        record.failure = readFailure(thrown);
        throw thrown;
      } finally {
        record.durationMs = Math.max(before, 0) + performance.now() - started;
        if (record.parent) record.parent.parts.push(record);
        else done(record);
      }
    },
    tell(facts: Facts): void {
      const record = places.getStore()?.record;
      if (record) record.facts = { ...record.facts, ...facts };
    },
    within<T>(traceparent: string | undefined, work: () => Promise<T>): Promise<T> {
      return places.run({ invocation: readTracePoint(traceparent), record: undefined }, work);
    },
    /** Where the running step is, and what is known of it. */
    here(): { point: TracePoint | undefined; facts: Facts } {
      const { record, invocation } = places.getStore() ?? {};
      return { point: record?.below ?? invocation, facts: record ? factsOf(record) : {} };
    },
  };
}

function begin(
  name: SpanName,
  facts: Facts,
  { traceparent, startedAt = new Date() }: SpanStart,
  place: Place | undefined,
): SpanRecord {
  const given = readTracePoint(traceparent);
  const parent = given === undefined ? place?.record : undefined;
  const around = place?.record?.below ?? place?.invocation;
  return {
    ...{ name, facts, startedAt, parent, parts: [], durationMs: 0, failure: undefined },
    below: given ?? around ?? newTrace(),
    link: given !== undefined && around?.traceId !== given.traceId ? around : undefined,
    isContinued: given !== undefined,
  };
}

/** A step's own facts over those of the steps around it. */
export function factsOf(record: SpanRecord): Facts {
  const code = record.failure && { code: record.failure.code };
  return { ...(record.parent ? factsOf(record.parent) : {}), ...record.facts, ...code };
}

function readFailure(thrown: unknown): Failure {
  const error = toAppError(thrown);
  const cause = error.cause instanceof Error ? error.cause : undefined;
  const isOurs = OUR_FAILURES.includes(error.kind);
  return { code: error.code, message: error.message, isOurs, bug: error.code === 'INTERNAL' ? cause : undefined };
}

const newTrace = (): TracePoint => ({
  traceId: randomBytes(16).toString('hex'),
  spanId: randomBytes(8).toString('hex'),
});
