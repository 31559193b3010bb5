import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { parse, stringify } from 'yaml';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { assertWhole, ENVIRONMENT } from '../support/assert-whole.ts';
import { makeRandom } from '../support/make-random.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { ChildPool, type FunctionsChild } from './child-pool.ts';
import { distinctPoints, everyPoint, type Pass } from './crash-points.ts';
import type { Fault } from './faulty-ports.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

/**
 * `npm test` takes some pairs, by a seed; `npm run test:crash` all of those that differ (`distinct`), `CRASH_PAIRS=all` each
 * point with each other. With the latter two, every single point is taken too, though it be the same as another.
 */
const PAIRS = process.env.CRASH_PAIRS ?? '3';
const IS_LONG = PAIRS === 'all' || PAIRS === 'distinct';
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 31);
/** One for each run that needs a new one: those of the first workload, its single points and its pairs. */
const APPS = { distinct: 500, all: 5_500 }[PAIRS] ?? 45;

describe('a process that is killed', () => {
  let stack: TestStack;
  let folder: string;
  let pool: ChildPool;
  let appNumber = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    for (let number = 0; number < APPS; number++)
      await writeApp(folder, 'ttd', `app-${number}`, minimalApp('ttd', `app-${number}`));
    stack = await startTestStack({ apps: folder, blobEvents: false });
    const file = join(folder, 'environments.yaml');
    const { studio, environments } = parse(await readFile(stack.env.ENVIRONMENTS_FILE as string, 'utf8'));
    await writeFile(file, stringify({ studio, environments: { [ENVIRONMENT]: environments[ENVIRONMENT] } }));
    pool = await ChildPool.open({ ...stack.env, ENVIRONMENTS_FILE: file });
  });
  after(async () => {
    await pool.close();
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  /** Those of the first workload are new; all others may have been used before. */
  const nextApp = (isNew = false) => {
    assert.ok(!isNew || appNumber < APPS, 'more apps are needed');
    return `app-${appNumber++ % APPS}`;
  };

  /** What the platform does: hands over each blob's event until it is acknowledged. */
  async function deliverEvents(app: string, url: string): Promise<void> {
    const blobs = await stack.studioStorage().container('incoming').list(`ttd/${app}/`);
    for (const { name } of blobs) await runFunction(url, 'acceptArtifact', `incoming/${name}`);
  }

  async function runFunction(url: string, name: string, input = ''): Promise<void> {
    const answer = await fetch(`${url}/admin/functions/${name}`, { method: 'POST', body: JSON.stringify({ input }) });
    if (answer.status !== 202) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
  }

  /** The whole of it, with no other process about. */
  async function perform(step: (url: string) => Promise<void>, app: string, url: string): Promise<void> {
    await step(url);
    await deliverEvents(app, url);
  }

  async function findPasses(workload: Workload): Promise<Pass[]> {
    const app = nextApp(workload.needsNewApp);
    const step = await workload.prepare(stack, app);
    const child = await pool.take();
    // One that has lived before has made others, too.
    await child.passes();
    await perform(step, app, child.url);
    const passes = await child.passes();
    pool.giveBack(child);
    return passes;
  }

  /** Each process dies where it is told to; the last one lives, gets what is delivered again, and one pass of each timer. */
  async function survive(workload: Workload, faults: readonly Fault[]): Promise<number> {
    const app = nextApp(workload.needsNewApp);
    const step = await workload.prepare(stack, app);
    let crashes = 0;
    for (const fault of faults) {
      const child = await pool.take();
      await child.dieAt(fault);
      if (await dies(child, () => recover(step, app, child.url))) crashes++;
      child.kill();
    }
    const last = await pool.take();
    await recover(step, app, last.url);
    pool.giveBack(last);
    await assertWhole(stack, app);
    return crashes;
  }

  async function dies(child: FunctionsChild, work: () => Promise<void>): Promise<boolean> {
    const failed = work().then(
      () => false,
      () => true,
    );
    // Whatever the client saw of it, the process is gone.
    return Promise.race([
      child.ended.then(() => true),
      failed.then((is) => (is ? child.ended.then(() => true) : false)),
    ]);
  }

  async function recover(step: (url: string) => Promise<void>, app: string, url: string): Promise<void> {
    await stack.sql(
      `update pull_deploy.deployments set lease_until = clock_timestamp() - interval '1 second'
        where app = $1 and state in ('accepted', 'building')`,
      [app],
    );
    await perform(step, app, url);
    await runFunction(url, 'sweepIncoming');
    await deliverEvents(app, url);
    await runFunction(url, 'reconcileSources');
  }

  async function surviveAll(t: TestContext, workload: Workload, runs: readonly (readonly Fault[])[]): Promise<void> {
    const failures: string[] = [];
    let crashes = 0;
    // One after the other: a sweep takes up whatever it finds, and the next crash would be of someone else's work.
    for (const [index, faults] of runs.entries()) {
      try {
        crashes += await survive(workload, faults);
      } catch (error) {
        failures.push(`${faults.map(describeFault).join(', then ')}: ${(error as Error).message}`);
      }
      if ((index + 1) % 100 === 0)
        console.error(
          `${workload.name}: ${index + 1} of ${runs.length} runs, ${crashes} crashes, ${failures.length} losses`,
        );
    }
    t.diagnostic(`${runs.length} runs, ${crashes} crashes, ${failures.length} losses`);
    assert.deepEqual(failures, []);
    // Some calls are made once for all apps, and the recovery does not come to every point a second time.
    assert.ok(crashes >= 0.9 * runs.length, 'most runs should crash');
  }

  const describeFault = ({ call, when, nth }: Fault) => `${when} call ${nth} of ${call}`;

  for (const workload of WORKLOADS) {
    it(`at any point of ${workload.name} loses nothing`, async (t) => {
      const passes = await findPasses(workload);
      assert.ok(passes.length >= 20, `only ${passes.length} points`);
      const points = IS_LONG ? everyPoint(passes) : distinctPoints(passes);
      await surviveAll(
        t,
        workload,
        points.map((point) => [point]),
      );
    });

    it(`twice in ${workload.name} loses nothing`, async (t) => {
      const passes = await findPasses(workload);
      const points = PAIRS === 'all' ? everyPoint(passes) : distinctPoints(passes);
      const pairs = points.flatMap((first) => points.map((second) => [first, second]));
      t.diagnostic(IS_LONG ? `${pairs.length} pairs` : `CRASH_SEED=${SEED}: ${PAIRS} of ${pairs.length} pairs`);
      await surviveAll(t, workload, IS_LONG ? pairs : sample(pairs, Number(PAIRS), SEED));
    });
  }

  it('leaves storage and ledger in agreement, all apps together', async () => {
    for (let number = 0; number < APPS; number++) await assertWhole(stack, `app-${number}`);
    assert.deepEqual(await stack.studioStorage().container('rejected').list(''), []);
  });
});

/** Different ones each time, the same for a seed. */
function sample<T>(list: readonly T[], count: number, seed: number): T[] {
  const random = makeRandom(seed);
  return Array.from({ length: count }, () => list[Math.floor(random() * list.length)] as T);
}
