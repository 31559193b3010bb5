import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { limitCalls } from '../src/limit-calls.ts';

/** A call that ends when it is told to. */
function openCall() {
  let end: () => void = () => {};
  let fail: (error: Error) => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { run: () => ended, end: () => end(), fail: () => fail(new Error('failed')) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('calls that are limited', () => {
  it('run so many at once, wait so many, and all others are told to come again', async () => {
    const limit = limitCalls({ atOnce: 2, waiting: 1 });
    const calls = [openCall(), openCall(), openCall()];
    const started: number[] = [];
    const running = calls.map((call, index) =>
      limit(() => {
        started.push(index);
        return call.run();
      }),
    );
    await settled();
    assert.deepEqual(started, [0, 1]);
    await assert.rejects(
      limit(async () => {}),
      { code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 5 },
    );
    calls[1]?.end();
    await settled();
    assert.deepEqual(started, [0, 1, 2]);
    for (const call of calls) call.end();
    await Promise.all(running);
    await limit(async () => started.push(3));
    assert.equal(started.length, 4);
  });

  it('that fail make room like all others', async () => {
    const limit = limitCalls({ atOnce: 1, waiting: 0 });
    for (let i = 0; i < 5; i++)
      await assert.rejects(
        limit(() => Promise.reject(new Error('failed'))),
        /failed/,
      );
    const call = openCall();
    const running = limit(call.run);
    await assert.rejects(
      limit(async () => {}),
      { code: 'TOO_MANY_REQUESTS' },
    );
    call.fail();
    await assert.rejects(running, /failed/);
    assert.equal(await limit(async () => 'in'), 'in');
  });

  it('never run more than that, however they come and go', async () => {
    const limit = limitCalls({ atOnce: 3, waiting: 100 });
    let running = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        limit(async () => {
          most = Math.max(most, ++running);
          await sleep(index % 4);
          running--;
          if (index % 7 === 0) throw new Error('now and then');
        }).catch(() => {}),
      ),
    );
    assert.deepEqual([most, running], [3, 0]);
  });
});
