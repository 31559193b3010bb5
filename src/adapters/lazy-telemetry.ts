import type { Log, LogFields } from '../ports.ts';
import type { Telemetry } from '../telemetry.ts';
import type { TelemetrySettings } from '../telemetry-settings.ts';
import { describeError } from './console-log.ts';
import { makeSpanRecords } from './span-records.ts';
import { type HttpClient, loadTelemetry, type TelemetryLine, type TelemetrySink } from './telemetry.ts';

/** Telemetry that is on, and the log that goes with it. */
export interface LiveTelemetry {
  readonly telemetry: Telemetry;
  readonly log: Log;
  /** Sends all that there is; loads the SDK for that where it is not yet. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface LazyOptions {
  /** Takes the lines that can't be sent. */
  readonly console: Log;
  readonly redact: (text: string) => string;
  readonly httpClient?: HttpClient;
}

/** Of spans, lines and measurements together; a cold start has some dozens. */
const MAX_WAITING = 1_000;
/** The SDK is loaded when the first step has ended, or after this: never while a first call waits for its answer. */
const LOAD_AFTER_MS = 5_000;

/**
 * Keeps what there is to tell until the SDK is loaded, and hands it on from then. Lines go to Application Insights alone, where
 * they have their fields and their trace; through the console the host would ship them once more, as text. If the SDK can't be
 * loaded, they go to the console.
 */
export function makeLazyTelemetry(settings: TelemetrySettings, options: LazyOptions): LiveTelemetry {
  const { redact } = options;
  let sink: TelemetrySink | undefined;
  let loading: Promise<void> | undefined;
  let hasFailed = false;
  let waiting: Waiting[] = [];

  const tell = (one: Waiting): void => {
    if (sink) one.send(sink);
    else if (hasFailed || waiting.length >= MAX_WAITING) one.instead?.();
    else waiting.push(one);
  };
  const printWaiting = () => {
    for (const { instead } of waiting) instead?.();
    waiting = [];
  };
  const load = async (): Promise<void> => {
    try {
      const loaded = await loadTelemetry(settings, redact, options.httpClient);
      sink = loaded;
      for (const { send } of waiting) send(loaded);
      waiting = [];
    } catch (error) {
      hasFailed = true;
      printWaiting();
      options.console.error('telemetry could not be loaded', { error });
    }
  };
  const loadOnce = (): Promise<void> => {
    loading ??= load();
    return loading;
  };
  setTimeout(loadOnce, LOAD_AFTER_MS).unref();
  // A process that ends before it was loaded has a reason for that.
  process.once('exit', printWaiting);

  const records = makeSpanRecords((root) => {
    tell({ send: (to) => to.span(root) });
    // After the answer, which is sent in this turn.
    if (loading === undefined) setImmediate(loadOnce);
  });
  const write =
    (level: TelemetryLine['level']) =>
    (message: string, fields: LogFields = {}): void => {
      const { point, facts } = records.here();
      const line: TelemetryLine = {
        at: new Date(),
        level,
        message,
        point,
        fields: flat({ ...facts, ...fields }, redact),
      };
      tell({ send: (to) => to.log(line), instead: () => options.console[level](message, { ...facts, ...fields }) });
    };
  return {
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    telemetry: {
      isOn: true,
      span: records.span,
      tell: records.tell,
      within: records.within,
      traceparent() {
        const { point } = records.here();
        return point && `00-${point.traceId}-${point.spanId}-01`;
      },
      record: (metric, value, facts = {}) => tell({ send: (to) => to.record(metric, value, facts) }),
    },
    async flush() {
      await loadOnce();
      await sink?.flush();
    },
    async close() {
      if (waiting.length > 0) await loadOnce();
      await sink?.close();
    },
  };
}

interface Waiting {
  send(sink: TelemetrySink): void;
  /** What becomes of it when it can't be sent; undefined: nothing. */
  readonly instead?: () => void;
}

/** Application Insights has texts: what is nested is JSON. */
function flat(fields: LogFields, redact: (text: string) => string): TelemetryLine['fields'] {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]): [string, string | number | boolean][] => {
      const shown = name === 'error' || value instanceof Error ? describeError(value) : value;
      if (shown === undefined || shown === null) return [];
      if (typeof shown === 'number' || typeof shown === 'boolean') return [[name, shown]];
      return [[name, redact(typeof shown === 'string' ? shown : JSON.stringify(shown))]];
    }),
  );
}
