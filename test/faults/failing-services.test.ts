import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { AppError, toAppError } from '../../src/errors.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { assertWhole, ENVIRONMENT } from '../support/assert-whole.ts';
import { makeRandom } from '../support/make-random.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { HTTP_FAULTS, TCP_FAULTS } from './fault-proxy.ts';
import { FAULTY_CONNECTIONS, type FaultyStack, noFaults, startFaultyStack } from './faulty-stack.ts';

const APPS = 20;
/** 1,000 with `npm run test:faults`, which also has each fault at every call; else at some, others each time. */
const DEPLOYMENTS = Number(process.env.FAULTY_DEPLOYMENTS ?? 20);
const IS_LONG = process.env.FAULTY_DEPLOYMENTS !== undefined;
const FAULT_RATE = 0.1;
const CLIENTS = 8;
const MAX_TRIES = 100;
/** In place of the seconds that `Retry-After` says. */
const PAUSE_MS = 50;
/** As often as the platform hands a blob over. */
const DELIVERIES = 5;
/** 60 with `npm run test:faults`. */
const DOWN_SECONDS = Number(process.env.DATABASE_DOWN_SECONDS ?? 1);
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 2 ** 31);
const LEFT_OVER_MS = 6 * 60_000;

describe('services that fail', () => {
  let stack: TestStack;
  let faulty: FaultyStack;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    for (let number = 0; number < APPS; number++)
      await writeApp(folder, 'ttd', `app-${number}`, minimalApp('ttd', `app-${number}`));
    stack = await startTestStack({ apps: folder, blobEvents: false });
    faulty = await startFaultyStack(stack, ENVIRONMENT);
  });
  after(async () => {
    await faulty.close();
    await stack.stop();
    await rm(folder, { recursive: true });
  });
  afterEach(() => noFaults(faulty.faults));

  const ask = (app: string, idempotencyKey: string) =>
    faulty.app.deploy({
      ...{ org: 'ttd', app, envName: ENVIRONMENT, tagName: '1', caller: { id: 'tester', name: 'tester' } },
      ...{ idempotencyKey, traceparent: undefined, tracestate: undefined },
    });

  /** Like a client that comes again after `Retry-After`, with its key. A failure that is recorded is an answer. */
  async function askUntilHeard(app: string, maxTries = MAX_TRIES, key = randomUUID()): Promise<void> {
    for (let tries = 0; tries < maxTries; tries++)
      try {
        await ask(app, key);
        return;
      } catch (error) {
        if (error instanceof AppError && 'deployment' in error) return;
        assert.equal(toAppError(error).kind, 'unavailable', String((error as Error).cause ?? error));
        await sleep(PAUSE_MS);
      }
    throw new Error('never heard');
  }

  async function deliver(app: string): Promise<void> {
    const blobs = await stack.studioStorage().container('incoming').list(`ttd/${app}/`);
    for (const { name } of blobs)
      for (let tries = 0; tries < DELIVERIES; tries++)
        try {
          await faulty.app.acceptArtifact(name);
          break;
        } catch (error) {
          assert.equal(toAppError(error).kind, 'unavailable', String((error as Error).cause ?? error));
        }
  }

  /** What the timers do when all is well again, and enough time has gone by. */
  async function recover(): Promise<void> {
    noFaults(faulty.faults);
    await stack.sql(
      `update pull_deploy.deployments set lease_until = clock_timestamp() - interval '1 second'
        where state in ('accepted', 'building')`,
    );
    for (let left = -1; left !== 0; ) {
      await faulty.app.sweepIncoming(new Date(Date.now() + LEFT_OVER_MS));
      const [row] = await stack.sql<{ count: string }>(
        `select count(*) from pull_deploy.deployments where state in ('accepted', 'building') and lease_until < clock_timestamp()`,
      );
      left = Number(row?.count);
    }
    await faulty.app.sweepIncoming(new Date(Date.now() + LEFT_OVER_MS));
    await faulty.app.reconcileSources(new Date());
  }

  let appNumber = 0;
  const nextApp = () => `app-${appNumber++ % APPS}`;
  const chooseFirst = makeRandom(SEED);
  /** Deploys with a fault at one call, again and again, until there is no such call: at every one, or at every so-many-th. */
  async function atOneCallEach(t: TestContext, every: number, inject: (isNow: () => boolean) => void): Promise<void> {
    const step = IS_LONG ? 1 : every;
    const first = 1 + Math.floor(chooseFirst() * step);
    t.diagnostic(`FAULT_SEED=${SEED}: at call ${first} and each ${step} calls later`);
    for (let nth = first, met = true; met; nth += step) {
      const app = nextApp();
      met = false;
      let calls = 0;
      inject(() => {
        const isNow = ++calls === nth;
        met ||= isNow;
        return isNow;
      });
      await askUntilHeard(app);
      await deliver(app);
      await recover();
      await assertWhole(stack, app);
    }
  }

  for (const service of ['storage', 'gitea'] as const)
    for (const fault of HTTP_FAULTS)
      it(`${service} with ${fault} once at any call: the deployment ends as it should`, (t) =>
        atOneCallEach(t, service === 'gitea' ? 2 : 8, (isNow) => {
          faulty.faults[service] = () => (isNow() ? fault : undefined);
        }));

  for (const fault of TCP_FAULTS)
    it(`a database with ${fault} once at any call: the deployment ends as it should`, (t) =>
      atOneCallEach(t, fault === 'hang' ? 12 : 8, (isNow) => {
        faulty.faults.database = () => (isNow() ? fault : undefined);
      }));

  it('all at once, one call in ten: every deployment ends as it should', async (t) => {
    const random = makeRandom(SEED);
    let injected = 0;
    const choose =
      <F>(faults: readonly F[]) =>
      (): F | undefined => {
        if (random() >= FAULT_RATE) return undefined;
        injected++;
        return faults[Math.floor(random() * faults.length)];
      };
    Object.assign(faulty.faults, {
      storage: choose(HTTP_FAULTS),
      gitea: choose(HTTP_FAULTS),
      database: choose(TCP_FAULTS),
    });
    let waiting = DEPLOYMENTS;
    const client = async () => {
      while (waiting-- > 0) {
        const app = nextApp();
        await askUntilHeard(app);
        await deliver(app);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    await recover();
    t.diagnostic(`FAULT_SEED=${SEED}: ${DEPLOYMENTS} deployments, ${injected} faults`);
    for (let number = 0; number < APPS; number++) await assertWhole(stack, `app-${number}`);
  });

  const ids = () => stack.sql('select id from pull_deploy.deployments order by id');

  it(`a database that is down for ${DOWN_SECONDS} s takes no request, says when to come again, and takes them then`, async () => {
    const before = await ids();
    faulty.faults.database = () => 'reset';
    await assert.rejects(ask(nextApp(), randomUUID()), { code: 'DATABASE_UNAVAILABLE', retryAfterSeconds: 5 });
    const apps = Array.from({ length: CLIENTS }, nextApp);
    const heard = apps.map((app) => askUntilHeard(app, Number.POSITIVE_INFINITY));
    for (let second = 0; second < DOWN_SECONDS; second++) {
      await assert.rejects(faulty.app.reconcileSources(new Date()), { code: 'DATABASE_UNAVAILABLE' });
      await assert.rejects(faulty.app.sweepIncoming(new Date()), { code: 'DATABASE_UNAVAILABLE' });
      await sleep(1_000);
    }
    assert.deepEqual(await ids(), before);
    noFaults(faulty.faults);
    await Promise.all(heard);
    assert.equal((await ids()).length, before.length + apps.length);
    for (const app of apps) await deliver(app);
    await recover();
    for (const app of apps) await assertWhole(stack, app);
  });

  it('a database whose connections are all taken takes no more requests, and the same ones later', async () => {
    const app = nextApp();
    await askUntilHeard(app);
    await deliver(app);
    const before = await ids();
    const keys = Array.from({ length: 2 * FAULTY_CONNECTIONS }, () => randomUUID());
    const holder = new pg.Client({ connectionString: stack.run.postgresUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select 1 from pull_deploy.releases where app = $1 for update', [app]);
    const refused = await Promise.all(keys.map((key) => ask(app, key).catch(toAppError)));
    assert.deepEqual([...new Set(refused.map((one) => one instanceof AppError && one.code))], ['DATABASE_UNAVAILABLE']);
    await holder.end();
    assert.deepEqual(await ids(), before);
    await Promise.all(keys.map((key) => askUntilHeard(app, MAX_TRIES, key)));
    assert.equal((await ids()).length, before.length + keys.length);
    await deliver(app);
    await recover();
    await assertWhole(stack, app);
  });
});
