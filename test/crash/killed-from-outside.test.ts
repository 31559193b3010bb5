import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { assertWhole, ENVIRONMENT } from '../support/assert-whole.ts';
import { makeRandom } from '../support/make-random.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { ChildPool, type FunctionsChild } from './child-pool.ts';

/** How often the process is killed; `npm run test:crash` does it more often. */
const KILLS = Number(process.env.CRASH_KILLS ?? 4);
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 31);
const APPS = 6;
const CLIENTS = 4;
/** A process answers so many at most before it is killed, a moment later. */
const MOST_ANSWERS = 6;
const MOMENT_MS = 100;

/** What a client was told, and by what it can ask for it again. */
interface Accepted {
  readonly app: string;
  readonly id: string;
}

describe('a process that is killed from outside, whenever', () => {
  let stack: TestStack;
  let folder: string;
  let pool: ChildPool;
  let child: FunctionsChild;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    for (const app of apps) await writeApp(folder, 'ttd', app, minimalApp('ttd', app));
    stack = await startTestStack({ apps: folder, blobEvents: false });
    const file = join(folder, 'environments.yaml');
    const { studio, environments } = parse(await readFile(stack.env.ENVIRONMENTS_FILE as string, 'utf8'));
    await writeFile(file, stringify({ studio, environments: { [ENVIRONMENT]: environments[ENVIRONMENT] } }));
    pool = await ChildPool.open({ ...stack.env, ENVIRONMENTS_FILE: file });
    child = await pool.take();
  });
  after(async () => {
    child.kill();
    await pool.close();
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  const apps = Array.from({ length: APPS }, (_, number) => `app-${number}`);
  const random = makeRandom(SEED);
  const chosen = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;

  /** Asks with one key until it is answered, as Studio does; undefined: refused, with nothing begun. */
  async function ask(app: string, isGoingOn: () => boolean): Promise<Accepted | undefined> {
    const key = randomUUID();
    const isUndeploy = random() < 0.2;
    const body = isUndeploy ? { envName: ENVIRONMENT } : { envName: ENVIRONMENT, tagName: '1' };
    while (isGoingOn()) {
      const answer = await fetch(`${child.url}/api/v1/ttd/${app}/${isUndeploy ? 'undeploy' : 'deployments'}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
      })
        .then(async (one) => ({ status: one.status, body: (await one.json()) as { id?: string } }))
        .catch(() => undefined);
      if (answer?.status === 202) return { app, id: answer.body.id as string };
      // An undeploy of what was never deployed.
      if (answer?.status === 404) return undefined;
      await sleep(20);
    }
    return undefined;
  }

  const runFunction = (name: string, input = '') =>
    fetch(`${child.url}/admin/functions/${name}`, { method: 'POST', body: JSON.stringify({ input }) })
      .then((answer) => answer.text())
      .catch(() => undefined);

  /** What the platform does, again and again: hands over blobs, fires timers. */
  async function playPlatform(isGoingOn: () => boolean): Promise<void> {
    while (isGoingOn()) {
      for (const { name } of await stack.studioStorage().container('incoming').list(''))
        await runFunction('acceptArtifact', `incoming/${name}`);
      await runFunction('reconcileSources');
      await sleep(50);
    }
  }

  /** On a slow machine as on a fast one, something has been answered before, and something is on its way. */
  async function killAgainAndAgain(accepted: readonly Accepted[]): Promise<void> {
    for (let kills = 0; kills < KILLS; kills++) {
      const enough = accepted.length + Math.ceil(random() * MOST_ANSWERS);
      while (accepted.length < enough) await sleep(5);
      await sleep(random() * MOMENT_MS);
      child.kill();
      await child.ended;
      child = await pool.take();
    }
  }

  /** All is well again, and enough time has gone by. */
  async function recover(): Promise<void> {
    await stack.sql(
      `update pull_deploy.deployments set lease_until = clock_timestamp() - interval '1 second'
        where state in ('accepted', 'building')`,
    );
    // A pass takes up so many, and each kill may leave as many as there are clients.
    for (let passes = 0; passes < KILLS; passes++) {
      await runFunction('sweepIncoming');
      if (
        (await stack.sql(`select 1 from pull_deploy.deployments where state in ('accepted', 'building')`)).length === 0
      )
        break;
    }
    for (const { name } of await stack.studioStorage().container('incoming').list(''))
      await runFunction('acceptArtifact', `incoming/${name}`);
    await runFunction('reconcileSources');
  }

  it('loses no deployment that it has answered', async (t) => {
    const accepted: Accepted[] = [];
    let isGoingOn = true;
    const going = () => isGoingOn;
    const client = async () => {
      while (isGoingOn) {
        const answered = await ask(chosen(apps), going);
        if (answered) accepted.push(answered);
      }
    };
    const work = [...Array.from({ length: CLIENTS }, client), playPlatform(going)];
    await killAgainAndAgain(accepted);
    isGoingOn = false;
    await Promise.all(work);
    await recover();
    t.diagnostic(`CRASH_SEED=${SEED}: ${KILLS} kills, ${accepted.length} accepted`);
    assert.ok(accepted.length >= KILLS);
    for (const app of apps) await assertWhole(stack, app);
    const known = new Set(
      (await stack.sql<{ id: string }>('select id from pull_deploy.deployments')).map(({ id }) => id),
    );
    assert.deepEqual(
      accepted.filter(({ id }) => !known.has(id)),
      [],
    );
  });
});
