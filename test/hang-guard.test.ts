import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../src/errors.ts';
import { HangGuard } from '../src/hang-guard.ts';

const HANGS_MS = 20;

describe('HangGuard', () => {
  const failing = async (guard: HangGuard, environment: string | undefined, error: Error, ms: number) => {
    const work = async () => {
      await sleep(ms);
      throw error;
    };
    await assert.rejects(guard.watch(environment, work), (thrown) => thrown === error);
  };
  const down = new AppError('STORAGE_UNAVAILABLE', 'no answer');

  it('leaves an environment alone whose storage failed after a long wait, and no other', async () => {
    const guard = new HangGuard(HANGS_MS);
    assert.equal(guard.hangs('tt02'), false);
    await failing(guard, 'tt02', down, 2 * HANGS_MS);
    assert.deepEqual([guard.hangs('tt02'), guard.hangs('at22'), guard.hangs(undefined)], [true, false, false]);
  });

  it('does not where it failed at once, did not fail, or the fault was not of its storage', async () => {
    const guard = new HangGuard(HANGS_MS);
    await failing(guard, 'tt02', down, 0);
    await failing(guard, 'tt02', new AppError('GITEA_UNAVAILABLE', 'no answer'), 2 * HANGS_MS);
    await failing(guard, 'tt02', new TypeError('a fault of ours'), 2 * HANGS_MS);
    await failing(guard, undefined, down, 2 * HANGS_MS);
    assert.equal(await guard.watch('tt02', async () => sleep(2 * HANGS_MS, 'done')), 'done');
    assert.equal(guard.hangs('tt02'), false);
  });

  it('waits for a look no longer than that, however it ends', async () => {
    for (const end of [async () => 'late', async () => Promise.reject(down)]) {
      const guard = new HangGuard(HANGS_MS);
      let isEnded = false;
      const ended = sleep(5 * HANGS_MS).then(() => {
        isEnded = true;
        return end();
      });
      await assert.rejects(
        guard.glance('tt02', () => ended),
        { code: 'STORAGE_UNAVAILABLE' },
      );
      assert.deepEqual([isEnded, guard.hangs('tt02')], [false, true]);
      await ended.catch(() => {});
    }
    const guard = new HangGuard(HANGS_MS);
    assert.equal(await guard.glance('tt02', async () => 'in time'), 'in time');
    assert.equal(guard.hangs('tt02'), false);
  });
});
