import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AppError } from '../../src/errors.ts';
import type { Hold } from '../../src/ledger.ts';
import type { Studio } from '../../src/model/environments.ts';
import { checkHealth } from '../../src/operate/check-health.ts';
import type { Ports } from '../../src/ports.ts';
import { collectLog } from '../support/stack.ts';

const STUDIO = { environments: [{ name: 'tt02' }] } as unknown as Studio;

type Answers = { database?: () => Promise<void>; gitea?: () => Promise<void>; holds?: () => Promise<Hold[]> };

function check({ database = well, gitea = well, holds = async () => [] }: Answers) {
  const { log, lines } = collectLog();
  const ports = {
    ledger: {
      ping: database,
      async longestHolds(limit: number) {
        const all = await holds();
        return { holds: all.slice(0, limit), count: all.length };
      },
    },
    artifacts: { ping: well },
    repositories: { ping: gitea },
    documents: { ping: well },
    log,
  } as unknown as Ports;
  return { health: checkHealth(ports, STUDIO), lines };
}

const well = async () => {};
const statuses = (checks: readonly { name: string; status: string }[]) =>
  Object.fromEntries(checks.map(({ name, status }) => [name, status]));

describe('checkHealth', () => {
  it('is healthy when all answer', async () => {
    const { health, lines } = check({});
    const { status, checks } = await health;
    assert.equal(status, 'healthy');
    assert.deepEqual(statuses(checks), { database: 'ok', 'studio storage': 'ok', gitea: 'ok', 'storage tt02': 'ok' });
    assert.deepEqual(lines, []);
  });

  it('says what failed in the words of the error, and logs nothing that is foreseen', async () => {
    const { health, lines } = check({
      gitea: () => Promise.reject(new AppError('GITEA_UNAVAILABLE', 'Gitea is being repaired')),
    });
    const { status, checks } = await health;
    assert.equal(status, 'degraded');
    assert.equal(checks.find(({ name }) => name === 'gitea')?.message, 'Gitea is being repaired');
    assert.deepEqual(lines, []);
  });

  it('logs what is unforeseen, of which the answer tells nothing', async () => {
    const unforeseen = new Error('column "password=hunter2" does not exist');
    const { health, lines } = check({
      database: () => Promise.reject(unforeseen),
      holds: () => Promise.reject(unforeseen),
    });
    const answer = await health;
    assert.equal(answer.status, 'unhealthy');
    assert.doesNotMatch(JSON.stringify(answer), /hunter2/);
    assert.deepEqual(
      lines.map(({ level, message, fields }) => [level, message, fields.check, fields.error]),
      [
        ['error', 'health check failed', 'database', unforeseen],
        ['error', 'health check failed', 'holds', unforeseen],
      ],
    );
  });

  it('is degraded by what is held, of which it shows the first twenty, under the names that the API has', async () => {
    const place = { environment: 'tt02', org: 'ttd', app: 'app' };
    const hold = { ...place, code: 'LEDGER_STALE', message: 'stale', since: new Date(0) };
    const { status, holds, holdCount } = await check({ holds: async () => Array<Hold>(21).fill(hold) }).health;
    assert.deepEqual([status, holds.length, holdCount], ['degraded', 20, 21]);
    assert.deepEqual(holds[0], {
      ...{ envName: 'tt02', org: 'ttd', app: 'app' },
      ...{ code: 'LEDGER_STALE', message: 'stale', since: '1970-01-01T00:00:00.000Z' },
    });
  });

  it('waits for nobody for longer than five seconds', async ({ mock }) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const { health } = check({ gitea: () => new Promise(() => {}) });
    mock.timers.tick(5_000);
    const { checks } = await health;
    assert.equal(checks.find(({ name }) => name === 'gitea')?.message, 'no answer within 5000 ms');
  });

  it("takes a service's own 'timeout' for an unforeseen fault", async () => {
    const { health, lines } = check({ gitea: () => Promise.reject(new Error('timeout')) });
    const { checks } = await health;
    assert.match(checks.find(({ name }) => name === 'gitea')?.message ?? '', /unexpected fault/);
    assert.equal(lines.length, 1);
  });
});
