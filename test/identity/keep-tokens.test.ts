import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type IdentityToken, keepTokens } from '../../src/adapters/identity.ts';
import { AppError } from '../../src/errors.ts';

const MINUTE_MS = 60_000;
const SCOPE = 'https://storage.azure.com/.default';

/** A token service with a clock of its own; tokens are numbered and end an hour after they were made. */
function makeService() {
  const service = {
    now: 0,
    isUp: true,
    asked: [] as string[],
    ask: async (scope: string): Promise<IdentityToken> => {
      service.asked.push(scope);
      if (!service.isUp) throw new Error('down');
      return { token: `token ${service.asked.length}`, expiresOnTimestamp: service.now + 60 * MINUTE_MS };
    },
  };
  const identity = keepTokens(service.ask, 'managed-identity', () => service.now);
  const token = async (scope = SCOPE) => (await identity.getToken(scope)).token;
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { service, token, settled };
}

const isUnavailable = (error: unknown) =>
  error instanceof AppError && error.code === 'IDENTITY_UNAVAILABLE' && error.kind === 'unavailable';

describe('tokens of the managed identity', () => {
  it('are asked for once, however many calls need one at the same time', async () => {
    const { service, token } = makeService();
    assert.deepEqual(await Promise.all([token(), token(), token()]), ['token 1', 'token 1', 'token 1']);
    assert.equal(await token(), 'token 1');
    assert.deepEqual(service.asked, [SCOPE]);
  });

  it('are kept for each service apart', async () => {
    const { token } = makeService();
    assert.deepEqual([await token(), await token('database'), await token()], ['token 1', 'token 2', 'token 1']);
  });

  it('are renewed before they end, beside the calls', async () => {
    const { service, token, settled } = makeService();
    await token();
    service.now = 54 * MINUTE_MS;
    await token();
    await settled();
    assert.equal(await token(), 'token 1', 'still far from its end');
    service.now = 55 * MINUTE_MS;
    assert.equal(await token(), 'token 1', 'nobody waits for the new one');
    await settled();
    assert.equal(await token(), 'token 2');
  });

  it('serve until their end when no new one can be had, which is tried twice a minute', async () => {
    const { service, token, settled } = makeService();
    await token();
    service.isUp = false;
    for (service.now = 55 * MINUTE_MS; service.now < 60 * MINUTE_MS; service.now += 1_000) {
      assert.equal(await token(), 'token 1');
      await settled();
    }
    assert.equal(service.asked.length, 1 + 10);
    await assert.rejects(token(), isUnavailable);
    service.isUp = true;
    assert.match(await token(), /^token \d+$/);
  });

  it('fail as "unavailable", with the cause for the log and the scope for people', async () => {
    const { service, token } = makeService();
    service.isUp = false;
    await assert.rejects(token(), (error: AppError) => {
      assert.ok(isUnavailable(error));
      assert.match(error.message, /storage\.azure\.com/);
      assert.equal((error.cause as Error).message, 'down');
      return true;
    });
  });
});
