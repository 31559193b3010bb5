import type { HttpRequest } from '@azure/functions';
import { AppError } from '../errors.ts';

type Headers = HttpRequest['headers'];

export interface TraceHeaders {
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** As the OpenAPI document tells of them. */
export const IDEMPOTENCY_HEADER = {
  'Idempotency-Key':
    'Up to 128 visible ASCII characters. The same key from the same caller for the same app gives the same deployment; with another body it is refused.',
};
export const TRACE_HEADERS = {
  traceparent: 'W3C trace context, handed on to the HelmRelease.',
  tracestate: 'Goes with traceparent.',
};

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;
const SAMPLED = 1;

/** @throws AppError REQUEST_INVALID */
export function readIdempotencyKey(headers: Headers): string | undefined {
  const key = headers.get('idempotency-key');
  if (key === null) return undefined;
  if (IDEMPOTENCY_KEY.test(key)) return key;
  throw new AppError('REQUEST_INVALID', 'Idempotency-Key: must be 1 to 128 visible ASCII characters', {
    path: 'Idempotency-Key',
  });
}

/**
 * W3C Trace Context (3.2, 3.3; 4.2). What is not well-formed is left out, and the state with the parent. A version that we do
 * not know is read as far as version 00 goes, and passed on as that.
 */
export function readTraceContext(headers: Headers): TraceHeaders {
  const traceparent = readTraceparent(headers.get('traceparent')?.trim() ?? '');
  if (traceparent === undefined) return { traceparent, tracestate: undefined };
  const tracestate = headers.get('tracestate')?.trim() ?? '';
  return { traceparent, tracestate: TRACESTATE.test(tracestate) ? tracestate : undefined };
}

function readTraceparent(text: string): string | undefined {
  const [, version, traceId, parentId, flags = '', rest] = TRACEPARENT.exec(text) ?? [];
  if (version === '00') return rest === undefined ? text : undefined;
  if (version === undefined) return undefined;
  // Of the flags only this one is known to mean the same.
  return `00-${traceId}-${parentId}-0${Number.parseInt(flags, 16) & SAMPLED}`;
}
