import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readIdempotencyKey, readTraceContext } from '../../src/functions/read-headers.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const GOOD = `00-${TRACE}-${PARENT}-01`;
const NONE = { traceparent: undefined, tracestate: undefined };

const read = (headers: Record<string, string>) => readTraceContext(new Headers(headers));

/** https://www.w3.org/TR/trace-context-1/ */
describe('the trace context of a request', () => {
  it('is passed on as it came', () => {
    assert.deepEqual(read({ traceparent: GOOD, tracestate: 'a=1,b=2' }), { traceparent: GOOD, tracestate: 'a=1,b=2' });
    assert.deepEqual(read({ traceparent: ` ${GOOD} ` }), { traceparent: GOOD, tracestate: undefined });
    const notSampled = `00-${TRACE}-${PARENT}-00`;
    assert.equal(read({ traceparent: notSampled }).traceparent, notSampled);
  });

  const malformed: [string, string][] = [
    ['nothing', ''],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${TRACE}-${PARENT}-01`],
    ['version ff, and longer', `ff-${TRACE}-${PARENT}-01-more`],
    ['version 00 that is longer', `${GOOD}-more`],
    ['version 00 with a dash at its end', `${GOOD}-`],
    ['a later version that goes on without a dash', `01-${TRACE}-${PARENT}-01more`],
    ['a later version with a trace id of zeros', `01-${'0'.repeat(32)}-${PARENT}-01-more`],
    ['capitals', GOOD.toUpperCase()],
    ['a short trace id', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['a long parent id', `00-${TRACE}-${PARENT}0-01`],
    ['no flags', `00-${TRACE}-${PARENT}`],
    ['two of them', `${GOOD}, ${GOOD}`],
    ['letters beyond f', GOOD.replace('4bf9', '4bg9')],
  ];
  for (const [what, traceparent] of malformed)
    it(`is left out, its state too, where it is malformed: ${what}`, () => {
      assert.deepEqual(read({ traceparent, tracestate: 'a=1' }), NONE);
    });

  it('of a later version is passed on as what we know of it', () => {
    for (const [given, passedOn] of [
      [`01-${TRACE}-${PARENT}-01`, GOOD],
      [`01-${TRACE}-${PARENT}-01-what-the-future-will-be-like`, GOOD],
      [`fe-${TRACE}-${PARENT}-ff-`, GOOD],
      [`cc-${TRACE}-${PARENT}-fe-x`, `00-${TRACE}-${PARENT}-00`],
    ] as const)
      assert.deepEqual(read({ traceparent: given, tracestate: 'a=1' }), { traceparent: passedOn, tracestate: 'a=1' });
  });

  it('has no state without a parent, nor one that is too long or not ASCII', () => {
    assert.deepEqual(read({ tracestate: 'a=1' }), NONE);
    for (const tracestate of ['', 'a=\u00e5', `a=${'x'.repeat(511)}`])
      assert.deepEqual(read({ traceparent: GOOD, tracestate }), { traceparent: GOOD, tracestate: undefined });
  });
});

describe('the Idempotency-Key of a request', () => {
  const key = (value?: string) =>
    readIdempotencyKey(new Headers(value === undefined ? {} : { 'idempotency-key': value }));

  it('may be left out', () => assert.equal(key(), undefined));

  it('is 1 to 128 visible ASCII characters', () => {
    for (const good of ['1', '!~', 'k'.repeat(128)]) assert.equal(key(good), good);
    for (const bad of ['', 'a b', 'a\tb', 'k'.repeat(129), 'n\u00f8kkel'])
      assert.throws(() => key(bad), { code: 'REQUEST_INVALID', message: /^Idempotency-Key: must be 1 to 128 visible/ });
  });
});
