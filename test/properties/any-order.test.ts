import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type App, makeApp } from '../../src/app.ts';
import { type Connection, connect } from '../../src/connect.ts';
import { toAppError } from '../../src/errors.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { artifactBlob, INCOMING_CONTAINER } from '../../src/model/names.ts';
import { post } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { assertWhole, ENVIRONMENT } from '../support/assert-whole.ts';
import { collectLog, startTestStack, type TestStack } from '../support/stack.ts';
import { runs } from './runs.ts';

const APP = 'any-order';
const CALLER = { id: 'tester', name: 'tester' };

/** What becomes of the blob of one deployment before its events come. */
type Fate = 'there' | 'gone' | 'overwritten';

interface Plan {
  readonly asked: readonly {
    readonly what: 'deploy' | 'undeploy' | 'rollback';
    readonly fate: Fate;
    readonly events: number;
  }[];
  /** Sorts the events: any order of them. */
  readonly order: readonly number[];
  /** Events at once, and to which of two processes. */
  readonly atOnce: number;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  asked: fc.array(
    fc.record({
      what: fc.constantFrom('deploy', 'deploy', 'deploy', 'undeploy', 'rollback'),
      fate: fc.constantFrom<Fate>('there', 'there', 'there', 'gone', 'overwritten'),
      events: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 4 },
  ) as fc.Arbitrary<Plan['asked']>,
  order: fc.array(fc.integer(), { minLength: 12, maxLength: 12 }),
  atOnce: fc.integer({ min: 1, max: 4 }),
});

describe('one app, whatever happens in whatever order', () => {
  let stack: TestStack;
  let folder: string;
  let other: Connection;
  let processes: readonly App[];
  let base: Deployment;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    await writeApp(folder, 'ttd', APP, minimalApp('ttd', APP));
    stack = await startTestStack({ apps: folder, blobEvents: false });
    other = connect(stack.config, collectLog().log);
    processes = [stack.app, makeApp(other.ports, stack.config.studio)];
    base = await stack.app.deploy(request());
    await stack.app.acceptArtifact(blobOf(base));
  });
  after(async () => {
    await other.close();
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  const request = (idempotencyKey?: string, what: object = { tagName: '1' }) => ({
    ...{ org: 'ttd', app: APP, envName: ENVIRONMENT, caller: CALLER, idempotencyKey, ...what },
    ...{ traceparent: undefined, tracestate: undefined },
  });
  const blobOf = (of: Deployment) => artifactBlob({ ...of, deploymentId: of.id });
  const incoming = () => stack.studioStorage().container(INCOMING_CONTAINER);
  const marker = async () => {
    const stored = await stack.storage(ENVIRONMENT).container(`app-ttd-${APP}`).read('release/release.yaml');
    return JSON.parse(String(stored?.bytes)).items[0].data;
  };

  async function ask(what: Plan['asked'][number]['what'], app: App): Promise<Deployment> {
    if (what === 'undeploy') return app.undeploy(request());
    return app.deploy(request(undefined, what === 'rollback' ? { fromDeploymentId: base.id } : { tagName: '1' }));
  }

  async function meetFate(deployment: Deployment, fate: Fate): Promise<void> {
    const name = blobOf(deployment);
    const blob = await incoming().read(name);
    if (blob === undefined) return;
    if (fate === 'gone') await incoming().remove(name, blob.etag);
    if (fate === 'overwritten') await incoming().overwrite(name, 'not the one that was built', 'application/zip');
  }

  it('publishes the newest whose artifact came, and ends all others', async (t) => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ asked, order, atOnce }) => {
        const made: { deployment: Deployment; fate: Fate; isUndeploy: boolean }[] = [];
        const events: string[] = [];
        for (const [index, { what, fate, events: count }] of asked.entries()) {
          const deployment = await ask(what, processes[index % 2] as App);
          made.push({ deployment, fate: what === 'undeploy' ? 'there' : fate, isUndeploy: what === 'undeploy' });
          await meetFate(deployment, fate);
          if (what !== 'undeploy') events.push(...Array(count).fill(blobOf(deployment)));
        }
        const shuffled = events
          .map((event, index) => ({ event, key: order[index] ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ event }) => event);
        for (let start = 0; start < shuffled.length; start += atOnce)
          await Promise.all(
            shuffled.slice(start, start + atOnce).map((name, index) => processes[index % 2]?.acceptArtifact(name)),
          );
        const arrived = made.filter(({ fate }) => fate === 'there').map(({ deployment }) => deployment);
        const newest = arrived.at(-1);
        if (newest) assert.equal((await marker()).deploymentId, newest.id);
        for (const { deployment, fate } of made) {
          const state = (await stack.connection.ports.ledger.deployment(deployment.id))?.state;
          if (deployment.id === newest?.id) assert.equal(state, 'published');
          else if (fate === 'there') assert.match(String(state), /^(published|superseded)$/);
          else assert.match(String(state), /^(uploaded|superseded)$/, 'it waits for the blob that was built for it');
        }
        // Those that wait for ever are ended by the timer after a quarter of an hour.
        await stack.sql(
          `update pull_deploy.deployments set created_at = created_at - interval '16 minutes' where state = 'uploaded'`,
        );
        await stack.app.sweepIncoming(new Date());
        await assertWhole(stack, APP);
      }),
      runs(t, { short: 25, long: 1_000 }),
    );
  });

  it('makes one deployment of 50 requests with one key, and answers all of them with it', async () => {
    const url = `${stack.run.functionsUrl}/api/v1/ttd/${APP}/deployments`;
    const key = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => post(url, { envName: ENVIRONMENT, tagName: '1' }, key)),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [202]);
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
    const [row] = await stack.sql<{ count: string }>(
      `select count(*) from pull_deploy.idempotency_keys where key = $1`,
      [key['idempotency-key']],
    );
    assert.equal(row?.count, '1');
    await stack.app.acceptArtifact(
      artifactBlob({ org: 'ttd', app: APP, environment: ENVIRONMENT, deploymentId: answers[0]?.body.id }),
    );
  });

  it('orders 50 requests with 50 keys from two processes, and publishes the last', async () => {
    const asked = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const app = processes[index % 2] as App;
        for (;;)
          try {
            return await app.deploy(request(randomUUID()));
          } catch (error) {
            // More at once than one process takes.
            assert.equal(toAppError(error).code, 'TOO_MANY_REQUESTS');
            await sleep(50);
          }
      }),
    );
    const bySequence = asked.toSorted((a, b) => a.sequence - b.sequence);
    assert.equal(new Set(bySequence.map(({ sequence }) => sequence)).size, 50);
    assert.equal((bySequence.at(-1)?.sequence ?? 0) - (bySequence[0]?.sequence ?? 0), 49, 'no gap');
    await Promise.all(asked.map((one, index) => processes[index % 2]?.acceptArtifact(blobOf(one))));
    assert.equal((await marker()).deploymentId, bySequence.at(-1)?.id);
    await assertWhole(stack, APP);
    const states = await Promise.all(
      asked.map(async ({ id }) => (await stack.connection.ports.ledger.deployment(id))?.state),
    );
    assert.ok(states.every((state) => state === 'published' || state === 'superseded'));
  });
});
