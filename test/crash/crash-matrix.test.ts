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
import { bundleChild, ChildPool, type FunctionsChild } from './child-pool.ts';
import type { Fault } from './faulty-ports.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

/**
 * Everything with `CRASH_PAIRS=all` (`npm run test:crash`). Else only before each call, since between two calls nothing
 * happens outside and so after one is before the next; and so many of the pairs.
 */
const PAIRS = process.env.CRASH_PAIRS;
const ALL_PAIRS = PAIRS === 'all';
const SAMPLED_PAIRS = Number(PAIRS ?? 3);
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 31);
/** One for each run that needs a new one: those of the first workload. */
const APPS = 45;

/** Both crash points of every call that a workload makes, in order. */
type Points = readonly Fault[];

describe('a process that is killed', () => {
  let stack: TestStack;
  let folder: string;
  let pool: ChildPool;
  let script: string;
  let appNumber = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    script = await bundleChild();
    for (let number = 0; number < APPS; number++)
      await writeApp(folder, 'ttd', `app-${number}`, minimalApp('ttd', `app-${number}`));
    stack = await startTestStack({ apps: folder, blobEvents: false });
    const file = join(folder, 'environments.yaml');
    const { studio, environments } = parse(await readFile(stack.env.ENVIRONMENTS_FILE as string, 'utf8'));
    await writeFile(file, stringify({ studio, environments: { [ENVIRONMENT]: environments[ENVIRONMENT] } }));
    pool = new ChildPool(script, { ...stack.env, ENVIRONMENTS_FILE: file });
  });
  after(async () => {
    await pool.close();
    await stack.stop();
    await rm(folder, { recursive: true });
    await rm(script);
  });

  const nextApp = () => `app-${appNumber++ % APPS}`;

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

  async function findPoints(workload: Workload): Promise<Points> {
    const app = nextApp();
    const step = await workload.prepare(stack, app);
    const child = await pool.take();
    // One that has lived before has made others, too.
    await child.calls();
    await perform(step, app, child.url);
    const calls = await child.calls();
    pool.giveBack(child);
    const seen = new Map<string, number>();
    return calls.flatMap((call) => {
      const nth = (seen.get(call) ?? 0) + 1;
      seen.set(call, nth);
      return (['before', 'after'] as const).map((when) => ({ call, when, nth }));
    });
  }

  /** Each process dies where it is told to; the last one lives, gets what is delivered again, and one pass of each timer. */
  async function survive(workload: Workload, faults: readonly Fault[]): Promise<number> {
    const app = nextApp();
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
    for (const faults of runs)
      try {
        crashes += await survive(workload, faults);
      } catch (error) {
        failures.push(`${faults.map(describeFault).join(', then ')}: ${(error as Error).message}`);
      }
    t.diagnostic(`${runs.length} runs, ${crashes} crashes, ${failures.length} losses`);
    assert.deepEqual(failures, []);
    // Some calls are made once for all apps, and the recovery does not come to every point a second time.
    assert.ok(crashes >= 0.9 * runs.length, 'most runs should crash');
  }

  const describeFault = ({ call, when, nth }: Fault) => `${when} call ${nth} of ${call}`;

  for (const workload of WORKLOADS) {
    it(`at any point of ${workload.name} loses nothing`, async (t) => {
      const points = await findPoints(workload);
      assert.ok(points.length >= 20, `only ${points.length} points`);
      await surviveAll(
        t,
        workload,
        points
          .filter(({ when }, index) => ALL_PAIRS || when === 'before' || index === points.length - 1)
          .map((fault) => [fault]),
      );
    });

    it(`twice in ${workload.name} loses nothing`, async (t) => {
      const points = await findPoints(workload);
      const pairs = points.flatMap((first) => points.map((second) => [first, second]));
      t.diagnostic(ALL_PAIRS ? `all ${pairs.length} pairs` : `CRASH_SEED=${SEED}`);
      await surviveAll(t, workload, ALL_PAIRS ? pairs : sample(pairs, SAMPLED_PAIRS, SEED));
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
