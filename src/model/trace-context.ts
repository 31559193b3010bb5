/** W3C Trace Context, https://www.w3.org/TR/trace-context-1/: which call a step belongs to. */
export interface TraceContext {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** A place in a trace, as a traceparent names it. */
export interface TracePoint {
  readonly traceId: string;
  readonly spanId: string;
}

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;
const SAMPLED = 1;

/** 3.2, 4.2; undefined when it is none. A version that we do not know is read as far as version 00 goes, and becomes that. */
export function readTraceparent(text: string): string | undefined {
  const [, version, traceId, parentId, flags = '', rest] = TRACEPARENT.exec(text) ?? [];
  if (version === '00') return rest === undefined ? text : undefined;
  if (version === undefined) return undefined;
  // Of the flags only this one is known to mean the same.
  return `00-${traceId}-${parentId}-0${Number.parseInt(flags, 16) & SAMPLED}`;
}

export function readTracePoint(traceparent: string | undefined): TracePoint | undefined {
  const [, traceId, spanId] = readTraceparent(traceparent ?? '')?.split('-') ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
}

/** 3.3, without what stands in it, which is not ours. */
export const isTracestate = (text: string): boolean => TRACESTATE.test(text);
