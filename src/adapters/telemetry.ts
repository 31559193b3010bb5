import type { AzureMonitorOpenTelemetryOptions } from 'applicationinsights';
import { METRICS, type Metric } from '../model/telemetry-names.ts';
import type { TracePoint } from '../model/trace-context.ts';
import type { Facts } from '../telemetry.ts';
import type { TelemetrySettings } from '../telemetry-settings.ts';
import { identityOf } from './identity.ts';
import { factsOf, type SpanRecord } from './span-records.ts';

/** Where telemetry goes once it is loaded. */
export interface TelemetrySink {
  /** An outermost step with all its parts. */
  span(root: SpanRecord): void;
  log(line: TelemetryLine): void;
  record(metric: Metric, value: number, facts: Facts): void;
  /** Sends all that there is. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface TelemetryLine {
  readonly at: Date;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  readonly point: TracePoint | undefined;
}

/** Tests send to a server of their own. */
export type HttpClient = NonNullable<AzureMonitorOpenTelemetryOptions['azureMonitorExporterOptions']>['httpClient'];

/** OpenTelemetry's numbers. */
const SEVERITY = { info: 9, warn: 13, error: 17 } as const;
const SCOPE = 'pull-deploy';
const SAMPLED = 1;
const OFF = { enabled: false };

/**
 * Loads the SDK: one second and 80 MB, hence only here and only when there is something to tell. Nothing is instrumented by
 * itself: spans of HTTP calls would hold URLs with signatures, and the host tells of requests already.
 */
export async function loadTelemetry(
  settings: TelemetrySettings,
  clean: (text: string) => string,
  httpClient?: HttpClient,
): Promise<TelemetrySink> {
  const [{ useAzureMonitor, flushAzureMonitor, shutdownAzureMonitor }, api, { logs }] = await Promise.all([
    import('applicationinsights'),
    import('@opentelemetry/api'),
    import('@opentelemetry/api-logs'),
  ]);
  useAzureMonitor(options(settings, httpClient));
  const tracer = api.trace.getTracer(SCOPE);
  const logger = logs.getLogger(SCOPE);
  const instruments = makeInstruments(api.metrics.getMeter(SCOPE));
  const at = (point: TracePoint) =>
    api.trace.setSpanContext(api.ROOT_CONTEXT, { ...point, traceFlags: SAMPLED, isRemote: true });

  const send = (record: SpanRecord, parent: ReturnType<typeof at>): void => {
    const facts = factsOf(record);
    const span = tracer.startSpan(
      record.name,
      {
        // What is taken over from elsewhere is a request of its own to Application Insights, all else a part of one.
        kind: record.isContinued ? api.SpanKind.CONSUMER : api.SpanKind.INTERNAL,
        startTime: record.startedAt,
        // A request has its name from there.
        attributes: { ...cleaned(facts, clean), ...(record.isContinued ? { 'ai.operation.name': record.name } : {}) },
        ...(record.link ? { links: [{ context: { ...record.link, traceFlags: SAMPLED } }] } : {}),
      },
      parent,
    );
    for (const part of record.parts) send(part, api.trace.setSpan(parent, span));
    const endedAt = new Date(record.startedAt.getTime() + record.durationMs);
    const hasFailed = record.failure?.isOurs ?? false;
    if (record.failure && hasFailed) {
      const { bug, message } = record.failure;
      span.setStatus({ code: api.SpanStatusCode.ERROR, message: clean(message) });
      if (bug)
        span.recordException({ name: bug.name, message: clean(bug.message), stack: clean(bug.stack ?? '') }, endedAt);
    }
    span.end(endedAt);
    const { org, environment } = facts;
    instruments.stageDuration(record.durationMs, {
      org,
      environment,
      stage: record.name,
      outcome: hasFailed ? 'failed' : 'ok',
    });
  };

  return {
    span: (root) => send(root, at(root.below)),
    log: ({ at: timestamp, level, message, fields, point }) =>
      logger.emit({
        timestamp,
        body: message,
        attributes: fields,
        ...{ severityNumber: SEVERITY[level], severityText: level },
        context: point ? at(point) : api.ROOT_CONTEXT,
      }),
    record: (metric, value, facts) => instruments[metric](value, facts),
    flush: () => flushAzureMonitor(),
    close: () => shutdownAzureMonitor(),
  };
}

function options(
  { connectionString, identity }: TelemetrySettings,
  httpClient: HttpClient,
): AzureMonitorOpenTelemetryOptions {
  return {
    azureMonitorExporterOptions: {
      connectionString,
      ...(identity ? { credential: identityOf({ as: 'managed-identity', ...identity }) } : {}),
      ...(httpClient ? { httpClient } : {}),
      // The disk of an instance goes with it.
      disableOfflineStorage: true,
    },
    // Of all: deployments are few, and one that can't be found is the one that is asked for.
    samplingRatio: 1,
    tracesPerSecond: 0,
    enableTraceBasedSamplingForLogs: false,
    enableLiveMetrics: false,
    enableStandardMetrics: false,
    enablePerformanceCounters: false,
    enableAutoCollectExceptions: false,
    enableAutoCollectPerformance: false,
    instrumentationOptions: {
      ...{ http: OFF, azureSdk: OFF, mongoDb: OFF, mySql: OFF, postgreSql: OFF, redis: OFF, redis4: OFF },
      // Spread, since the type that is exported lacks the last, though it is read.
      ...{ bunyan: OFF, winston: OFF, console: OFF },
    },
  };
}

type Instruments = Readonly<Record<Metric, (value: number, facts: Facts) => void>>;

function makeInstruments(meter: import('@opentelemetry/api').Meter): Instruments {
  const make = ({ name, kind, unit, meaning: description }: (typeof METRICS)[Metric]) => {
    const described = { unit, description };
    if (kind === 'counter') {
      const counter = meter.createCounter(name, described);
      return (value: number, facts: Record<string, string>) => counter.add(value, facts);
    }
    const instrument = kind === 'gauge' ? meter.createGauge(name, described) : meter.createHistogram(name, described);
    return (value: number, facts: Record<string, string>) => instrument.record(value, facts);
  };
  const entries = Object.entries(METRICS).map(([key, metric]) => {
    const take = make(metric);
    return [key, (value: number, facts: Facts) => take(value, only(metric.attributes, facts))];
  });
  return Object.fromEntries(entries) as Instruments;
}

/** A metric has the attributes that are listed for it, whatever else is known. */
function only(names: readonly (keyof Facts)[], facts: Facts): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (facts[name] === undefined ? [] : [[name, facts[name]]])));
}

function cleaned(facts: Facts, clean: (text: string) => string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, text]) => (text === undefined ? [] : [[name, clean(text)]])),
  );
}
