import type { HttpRequest } from '@azure/functions';
import { z } from 'zod';
import { AppError } from '../errors.ts';

export const IDEMPOTENCY_HEADER = {
  'Idempotency-Key':
    'Up to 128 visible ASCII characters. The same key from the same caller for the same app gives the same deployment; with another body it is refused.',
};
export const TRACE_HEADERS = {
  traceparent: 'W3C trace context, handed on to the HelmRelease.',
  tracestate: 'Goes with traceparent.',
};

const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters')
  .optional();

/** @throws AppError REQUEST_INVALID */
export function readIdempotencyKey(request: HttpRequest): string | undefined {
  const key = idempotencyKeySchema.safeParse(request.headers.get('idempotency-key') ?? undefined);
  if (key.success) return key.data;
  throw new AppError('REQUEST_INVALID', `Idempotency-Key: ${key.error.issues[0]?.message}`, {
    path: 'Idempotency-Key',
  });
}

/** W3C trace context; what is not well-formed is left out, as the specification asks. */
export function readTraceContext(request: HttpRequest): {
  traceparent: string | undefined;
  tracestate: string | undefined;
} {
  const traceparent = request.headers.get('traceparent')?.trim();
  if (!traceparent || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent))
    return { traceparent: undefined, tracestate: undefined };
  const tracestate = request.headers.get('tracestate')?.trim();
  return { traceparent, tracestate: tracestate && /^[\x20-\x7e]{1,512}$/.test(tracestate) ? tracestate : undefined };
}
