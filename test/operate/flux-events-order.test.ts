import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { ReleaseKey } from '../../src/model/names.ts';
import {
  acceptInLedger,
  appliedIn,
  type FluxEventParts,
  helm,
  publishInLedger,
  sendTo,
} from '../support/flux-events.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const START = Math.floor(Date.now() / 1000) * 1000 - 24 * 3_600_000;

/** What helm-controller does with one release, and what it tells of it. */
const STORIES = [
  'works',
  'works at once, then fails on its own and is rolled back',
  'fails and is rolled back',
  'fails, is rolled back, works at the second attempt',
  'works, its tests fail, is rolled back',
  'is hindered, then works',
  'is hindered',
  'works, and its sources fail later',
  'nothing is told',
] as const;
type Story = (typeof STORIES)[number] | 'undeploy';

interface Told extends FluxEventParts {
  /** Which deployment it names: its place among all. */
  readonly of: number | 'none';
  /** Among all that was told, and the deployment that was published last by then. */
  readonly turn: number;
  readonly phase: number;
}

interface Delivery {
  readonly pick: number;
  readonly isLost: boolean;
  readonly copies: number;
  /** How many deployments are published in the meantime. */
  readonly isLate: number;
  readonly order: number;
}

/** A cluster whose clock goes on by 0 to 40 seconds from one event to the next. */
function tellStories(app: string, stories: readonly Story[], gaps: readonly number[]) {
  const told: Told[] = [];
  const published: { kind: 'deploy' | 'undeploy'; at: Date }[] = [];
  let [seconds, number, running, good] = [0, 0, -1, 0];
  const kustomization = { kind: 'Kustomization', severity: 'error', reason: 'BuildFailed' };
  stories.forEach((story, phase) => {
    seconds += 60;
    published.push({ kind: story === 'undeploy' ? 'undeploy' : 'deploy', at: new Date(START + seconds * 1000) });
    const tell = (parts: FluxEventParts, of: number | 'none' = phase) => {
      seconds += gaps[told.length % gaps.length] ?? 1;
      told.push({ ...parts, of, turn: told.length, phase, at: new Date(START + (seconds + 2) * 1000) });
    };
    const works = () => {
      const isInstall = number === 0;
      [number, running] = [number + 1, phase];
      tell({
        reason: isInstall ? 'InstallSucceeded' : 'UpgradeSucceeded',
        message: isInstall ? helm.installed(app, number) : helm.upgraded(app, number),
      });
    };
    const fails = () => {
      const isFirst = number === 0;
      number += 1;
      const reason = isFirst ? 'InstallFailed' : 'UpgradeFailed';
      const message = `${isFirst ? helm.installFailed(app) : helm.upgradeFailed(app)} (${number})`;
      tell({ reason, severity: 'error', message });
    };
    const goesBack = (to: number) => {
      if (to === 0) {
        tell({ reason: 'UninstallSucceeded', message: helm.cleared(app, number) });
        number = 0;
      } else {
        number += 1;
        tell({ reason: 'RollbackSucceeded', message: helm.rolledBack(app, to) });
      }
    };
    const before = good;
    if (story === 'undeploy') {
      if (running >= 0) tell({ reason: 'UninstallSucceeded', message: helm.uninstalled(app, number) }, running);
      [number, running, good] = [0, -1, 0];
      return;
    }
    if (story.startsWith('is hindered')) tell({ ...kustomization, message: `cut ${phase}` }, 'none');
    if (story.startsWith('works') || story === 'is hindered, then works') works();
    if (story.startsWith('works') || story === 'is hindered, then works') good = number;
    if (story.startsWith('works at once')) {
      fails();
      goesBack(good);
    }
    if (story.startsWith('fails')) {
      fails();
      goesBack(before);
    }
    if (story.startsWith('fails, is rolled back, works')) {
      works();
      good = number;
    }
    if (story.startsWith('works, its tests fail')) {
      tell({ reason: 'TestFailed', severity: 'error', message: 'Helm test failed' });
      goesBack(before);
      good = before;
    }
    if (story === 'works, and its sources fail later') {
      tell({ ...kustomization, message: `gone ${phase}` }, 'none');
      tell({ reason: 'DriftDetected', severity: 'error', message: 'Cluster state has drifted' });
    }
  });
  return { told, published };
}

describe("a cluster's events over several deployments", () => {
  let stack: TestStack;
  before(async () => {
    stack = await startTestStack({ blobEvents: false });
  });
  after(() => stack.stop());

  let last = 0;
  /** Publishes each deployment, and delivers what is due by then. */
  async function run(
    stories: readonly Story[],
    gaps: readonly number[],
    deliver: (told: readonly Told[], phase: number, phases: number) => readonly Told[],
  ) {
    const app = `app-${++last}`;
    const key: ReleaseKey = { org: 'ttd', app, environment: 'tt02' };
    const { told, published } = tellStories(app, stories, gaps);
    const send = sendTo(stack);
    const ids: string[] = [];
    // One of ours that failed before anything of it was published: named in events that nobody could tell.
    const never = await acceptInLedger(stack, key);
    await stack.connection.ports.ledger.move(never, 'failed', { message: 'ours', origin: 'api' });
    const sent: (FluxEventParts & { metadata?: Record<string, string> })[] = [];
    for (const [phase, { kind, at }] of published.entries()) {
      ids.push(await publishInLedger(stack, key, { kind, publishedAt: at }));
      for (const { of, turn: _turn, phase: _phase, ...parts } of deliver(told, phase, published.length)) {
        const named = of === 'none' ? {} : { metadata: { 'deployment-id': ids[of] as string } };
        const event = { ...parts, name: `ttd-${app}-dev`, ...named };
        await send(event);
        sent.push(event);
        await send({ ...event, metadata: { 'deployment-id': never } });
      }
    }
    const snapshot = async () => {
      const rows = await Promise.all(ids.map((id) => stack.connection.ports.ledger.deployment(id)));
      const neverRow = await stack.connection.ports.ledger.deployment(never);
      const runs = await appliedIn(stack, key);
      return {
        states: rows.map((row) => row?.state),
        words: rows.map((row) => row?.cluster),
        problems: rows.map((row) => row?.problems.map(({ message }) => message)),
        never: [neverRow?.state, neverRow?.cluster],
        runs: runs && { ...runs, id: ids.indexOf(runs.id ?? '') },
      };
    };
    return { app, snapshot, again: () => Promise.all(sent.map((event) => send(event))) };
  }

  const story = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...STORIES) },
    { weight: 1, arbitrary: fc.constant('undeploy' as const) },
  );
  const delivery: fc.Arbitrary<Delivery> = fc.record({
    pick: fc.nat(),
    isLost: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    copies: fc.integer({ min: 1, max: 2 }),
    isLate: fc.constantFrom(0, 0, 0, 1, 2),
    order: fc.nat(),
  });

  it('end as they would in their order, each told once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(story, { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
        fc.array(delivery, { minLength: 8, maxLength: 8 }),
        async (stories, gaps, deliveries) => {
          const how = ({ turn }: Told) => deliveries[turn % deliveries.length] as Delivery;
          const arrives = (told: Told, phases: number) => Math.min(told.phase + how(told).isLate, phases - 1);
          // One that names no deployment, and comes when the next one is published, can be nobody's any more.
          const isLost = (told: Told, phases: number) =>
            how(told).isLost || (told.of === 'none' && arrives(told, phases) > told.phase);
          const inOrder = await run(stories, gaps, (told, phase, phases) =>
            told.filter((one) => one.phase === phase && !isLost(one, phases)),
          );
          const shuffled = await run(stories, gaps, (told, phase, phases) =>
            told
              .filter((one) => !how(one).isLost && arrives(one, phases) === phase)
              .flatMap((one) => Array.from({ length: how(one).copies }, () => one))
              .sort((a, b) => ((how(a).order * (a.turn + 7)) % 101) - ((how(b).order * (b.turn + 7)) % 101)),
          );
          const [expected, found] = [await inOrder.snapshot(), await shuffled.snapshot()];
          const sameApp = JSON.parse(JSON.stringify(expected).replaceAll(inOrder.app, shuffled.app));
          const seen = JSON.parse(JSON.stringify(found));
          // Told too late, an undeploy that was overtaken is history; that nothing ran after it is known all the same.
          for (const [index, state] of seen.states.entries())
            if (state === 'superseded' && stories[index] === 'undeploy') sameApp.words[index] = seen.words[index];
          assert.deepEqual([seen.words, seen.runs, seen.never], [sameApp.words, sameApp.runs, sameApp.never]);
          assert.deepEqual(
            [seen.states.at(-1), seen.problems.at(-1)],
            [sameApp.states.at(-1), sameApp.problems.at(-1)],
          );
          // One that was told of too late had been superseded by then; nothing else differs.
          for (const [index, state] of seen.states.entries())
            if (state !== 'superseded') assert.equal(state, sameApp.states[index]);
          assert.deepEqual(seen.never, ['failed', null]);

          await shuffled.again();
          assert.deepEqual(await shuffled.snapshot(), found, 'what comes again changes nothing');
        },
      ),
      { numRuns: 60 },
    );
  });

  it('end with what Helm told last of each', async () => {
    const ends: Record<(typeof STORIES)[number], string> = {
      works: 'applied',
      'works at once, then fails on its own and is rolled back': 'failed',
      'fails and is rolled back': 'failed',
      'fails, is rolled back, works at the second attempt': 'applied',
      'works, its tests fail, is rolled back': 'failed',
      'is hindered, then works': 'applied',
      'is hindered': 'failed',
      'works, and its sources fail later': 'applied',
      'nothing is told': 'published',
    };
    const runs: Record<string, number> = {};
    for (const first of ['works', 'undeploy'] as const)
      for (const second of STORIES) {
        const done = await run([first, second], [3], (told, phase) => told.filter((one) => one.phase === phase));
        const { states, runs: running } = await done.snapshot();
        assert.deepEqual(states, [first === 'works' ? 'applied' : 'superseded', ends[second]], `${first}, ${second}`);
        runs[`${first}, ${second}`] = running?.id ?? -1;
      }
    assert.deepEqual(runs, {
      ...{ 'works, works': 1, 'undeploy, works': 1 },
      // Its own upgrade failed and Helm went back to its own release before: it runs.
      'works, works at once, then fails on its own and is rolled back': 1,
      'undeploy, works at once, then fails on its own and is rolled back': 1,
      ...{ 'works, fails and is rolled back': 0, 'undeploy, fails and is rolled back': -1 },
      'works, fails, is rolled back, works at the second attempt': 1,
      'undeploy, fails, is rolled back, works at the second attempt': 1,
      ...{ 'works, works, its tests fail, is rolled back': 0, 'undeploy, works, its tests fail, is rolled back': -1 },
      ...{ 'works, is hindered, then works': 1, 'undeploy, is hindered, then works': 1 },
      ...{ 'works, is hindered': 0, 'undeploy, is hindered': -1 },
      ...{ 'works, works, and its sources fail later': 1, 'undeploy, works, and its sources fail later': 1 },
      ...{ 'works, nothing is told': 0, 'undeploy, nothing is told': -1 },
    });
  });
});
