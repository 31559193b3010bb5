import type { HttpRequest } from '@azure/functions';
import { AppError } from '../errors.ts';
import { isTracestate, readTraceparent, type TraceContext } from '../model/trace-context.ts';

type Headers = HttpRequest['headers'];

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

/** @throws AppError REQUEST_INVALID */
export function readIdempotencyKey(headers: Headers): string | undefined {
  const key = headers.get('idempotency-key');
  if (key === null) return undefined;
  if (IDEMPOTENCY_KEY.test(key)) return key;
  throw new AppError('REQUEST_INVALID', 'Idempotency-Key: must be 1 to 128 visible ASCII characters', {
    path: 'Idempotency-Key',
  });
}

/** What is not well-formed is left out, and the state with the parent. */
export function readTraceContext(headers: Headers): Required<TraceContext> {
  const traceparent = readTraceparent(headers.get('traceparent')?.trim() ?? '');
  if (traceparent === undefined) return { traceparent, tracestate: undefined };
  const tracestate = headers.get('tracestate')?.trim() ?? '';
  return { traceparent, tracestate: isTracestate(tracestate) ? tracestate : undefined };
}
