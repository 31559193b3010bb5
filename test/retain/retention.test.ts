import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { BlobServiceClient } from '@azure/storage-blob';
import fc from 'fast-check';
import { type App, makeApp } from '../../src/app.ts';
import { type Connection, connect } from '../../src/connect.ts';
import { AppError, toAppError } from '../../src/errors.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import type { Studio } from '../../src/model/environments.ts';
import { artifactBlob, releaseBlob } from '../../src/model/names.ts';
import type { Retention } from '../../src/model/policy.ts';
import type { Ports } from '../../src/ports.ts';
import { faultyPorts } from '../crash/faulty-ports.ts';
import { runs } from '../properties/runs.ts';
import { type Answer, get, post } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { makeRandom } from '../support/make-random.ts';
import { withHooks } from '../support/ports.ts';
import { collectLog, startTestStack, type TestStack } from '../support/stack.ts';

const APP = 'keeper';
const RULES: Retention = {
  ...{ keepLast: 1, keepDays: 90, keepGood: 1, immutableDays: 0 },
  ...{ rejectedDays: 30, idempotencyHours: 24 },
};

/** An app's artifacts in one environment, the oldest last, and which of them are what. */
interface History {
  readonly artifacts: readonly {
    readonly days: number;
    readonly state: string;
    readonly isPublished: boolean;
    readonly isApplied: boolean;
    readonly isBlocked: boolean;
    /** State of a deployment that takes its artifact from it. */
    readonly taker: string | null;
    readonly removal: 'held' | 'left' | 'refused' | 'refusedBefore' | null;
  }[];
  readonly wanted: number;
  readonly published: number;
  readonly applied: number;
  readonly held: boolean;
}

const seldom = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 5 }).map((found) => found ?? undefined);
const anyHistory: fc.Arbitrary<History> = fc.record({
  artifacts: fc.array(
    fc.record({
      days: fc.constantFrom(1, 89, 91, 100, 100, 200, 300),
      state: fc.constantFrom('superseded', 'superseded', 'superseded', 'applied', 'failed', 'failed', 'uploaded'),
      isPublished: fc.boolean(),
      isApplied: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
      isBlocked: fc.integer({ min: 0, max: 7 }).map((one) => one === 0),
      taker: seldom(fc.constantFrom('building', 'superseded')).map((found) => found ?? null),
      removal: seldom(fc.constantFrom('held', 'left', 'refused', 'refusedBefore')).map((found) => found ?? null),
    }),
    { maxLength: 12 },
  ) as fc.Arbitrary<History['artifacts']>,
  wanted: fc.integer({ min: 0, max: 12 }),
  published: fc.integer({ min: 0, max: 12 }),
  applied: fc.integer({ min: 0, max: 12 }),
  held: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
});

/** The rules once more, in other words. */
function expectedToGo(history: History, ids: readonly string[], retention: Retention): string[] {
  const all = history.artifacts.map((artifact, index) => ({ ...artifact, index, id: ids[index] ?? '' }));
  const begun = all.filter(({ removal }) => removal === 'left');
  const latest = all
    .filter(({ removal }) => removal !== 'held' && removal !== 'left')
    .sort((a, b) => a.days - b.days || (a.id < b.id ? 1 : -1));
  const isGood = (one: (typeof all)[number]) => one.isApplied || (one.isPublished && one.state !== 'failed');
  const staying = new Set([
    ...latest.slice(0, retention.keepLast),
    ...latest.filter(isGood).slice(0, retention.keepGood),
    ...latest.filter(({ days }) => days < retention.keepDays),
    ...latest.filter(({ index }) => [history.wanted, history.published, history.applied].includes(index)),
    ...latest.filter(({ isBlocked, state }) => isBlocked || state === 'uploaded'),
    ...latest.filter(({ taker, removal }) => taker === 'building' || removal === 'refused'),
    ...(history.held ? latest : []),
  ]);
  return [...begun, ...latest.filter((one) => !staying.has(one))].map(({ id }) => id);
}

describe('what was kept long enough', () => {
  let stack: TestStack;
  let ports: Ports;
  let folder: string;
  let other: Connection;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    await writeApp(folder, 'ttd', APP, minimalApp('ttd', APP));
    stack = await startTestStack({ apps: folder, blobEvents: false });
    ports = stack.connection.ports;
    other = connect(stack.config, collectLog().log);
    for (const envName of ['tt02', 'at22', 'at23', 'at24', 'yt01']) await makeModel(envName);
    await forgetArtifacts();
  });
  after(async () => {
    await other.close();
    await stack.stop();
    await rm(folder, { recursive: true });
  });
  /** What one test has left is not to be another's. */
  afterEach(() => forgetArtifacts());

  const studioWith = (changes: Partial<Retention> = {}): Studio => ({
    ...stack.config.studio,
    policy: { ...stack.config.studio.policy, retention: { ...RULES, ...changes } },
  });
  const appWith = (changes: Partial<Retention> = {}, over = ports): App => makeApp(over, studioWith(changes));
  const pass = (changes: Partial<Retention> = {}, over = ports) => appWith(changes, over).removeExpired();
  const request = (envName: string, what: object = { tagName: '1' }, idempotencyKey?: string) => ({
    ...{ org: 'ttd', app: APP, envName, caller: { id: 'tester', name: 'tester' }, idempotencyKey },
    ...{ traceparent: undefined, tracestate: undefined, ...what },
  });
  const pathOf = (of: Deployment) => ({ ...of, deploymentId: of.id });
  const accept = (of: Deployment) => stack.app.acceptArtifact(artifactBlob(pathOf(of)));
  async function deployed(envName: string, what?: object): Promise<Deployment> {
    const deployment = await stack.app.deploy(request(envName, what));
    assert.equal(await accept(deployment), 'published');
    return deployment;
  }
  /** A whole deployment of each environment, that others are made after: that is much faster. */
  const models = new Map<string, { id: string; zip: Buffer; document: string }>();
  async function makeModel(envName: string): Promise<void> {
    const deployment = await deployed(envName);
    const zip = (await ports.artifacts.readArtifact(pathOf(deployment))) as Buffer;
    const document = (await ports.artifacts.readRelease(pathOf(deployment))) as string;
    models.set(envName, { id: deployment.id, zip, document });
  }
  async function forgetArtifacts(): Promise<void> {
    await stack.sql('delete from pull_deploy.artifacts');
    for (const { name } of await artifacts().list('')) await artifacts().delete(name);
  }
  /** Published one after the other, the last one wanted. The first is the oldest, the last has the given age. */
  async function series(envName: string, count: number, days = 100): Promise<Deployment[]> {
    const all: Deployment[] = [];
    for (let made = 1; made <= count; made++)
      all.push(await published(envName, { days: days + count - made, isLast: made === count }));
    return all;
  }
  async function published(envName: string, { days, isLast }: { days: number; isLast: boolean }): Promise<Deployment> {
    const { id: model, zip, document } = models.get(envName) as { id: string; zip: Buffer; document: string };
    const id = randomUUID();
    await stack.sql(
      `with release as (
         update pull_deploy.releases
            set last_sequence = last_sequence + 1, wanted_sequence = last_sequence + 1, wanted_deployment = $1,
                published_sequence = last_sequence + 1, published_deployment = $1
          where (org, app, environment) = ('ttd', $5, $6) returning last_sequence),
       deployment as (
         insert into pull_deploy.deployments
           (id, org, app, environment, sequence, kind, origin, state, tag_name, commit_id, creator, resolved,
            artifact_sha256, artifact_bytes, inputs_digest, deploy_digest, published_at)
         select $1, org, app, environment, last_sequence, kind, origin, $4, tag_name, commit_id, creator, resolved,
                artifact_sha256, artifact_bytes, inputs_digest, deploy_digest, now()
           from pull_deploy.deployments, release where id = $2 returning *)
       insert into pull_deploy.artifacts
         (deployment_id, org, app, environment, sha256, bytes, inputs_digest, deploy_digest, tag_name, commit_id, archived_at)
       select id, org, app, environment, artifact_sha256, artifact_bytes, inputs_digest, deploy_digest, tag_name, commit_id,
              now() - $3 * interval '1 day' from deployment`,
      [id, model, days, isLast ? 'published' : 'superseded', APP, envName],
    );
    const deployment = (await ports.ledger.deployment(id)) as Deployment;
    await Promise.all([
      ports.artifacts.archive(pathOf(deployment), zip),
      ports.artifacts.archiveRelease(pathOf(deployment), document),
    ]);
    return deployment;
  }
  const age = (id: string, days: number) =>
    stack.sql(`update pull_deploy.artifacts set archived_at = now() - $2 * interval '1 day' where deployment_id = $1`, [
      id,
      days,
    ]);
  const letRetry = () => stack.sql(`update pull_deploy.artifacts set retry_at = now() - interval '1 second'`);
  const artifacts = () => stack.studioStorage().container('artifacts');
  /** What is left of a deployment's artifact, wherever it could be. */
  async function world(of: Deployment) {
    const path = pathOf(of);
    const [found] = await stack.sql<{ row: boolean; told: number; can_be_had: boolean }>(
      `select exists (select 1 from pull_deploy.artifacts a where a.deployment_id = d.id) as row,
              (select count(*)::int from pull_deploy.deployment_events e
                where e.deployment_id = d.id and e.type = 'artifactRemoved') as told,
              artifact_removed_at is null as can_be_had
         from pull_deploy.deployments d where d.id = $1`,
      [of.id],
    );
    const [zip, release] = await Promise.all(
      [artifactBlob(path), releaseBlob(path)].map((name) => artifacts().etag(name)),
    );
    return {
      ...{ row: found?.row, told: found?.told, canBeHad: found?.can_be_had },
      ...{ zip: zip !== undefined, release: release !== undefined },
    };
  }
  const KEPT = { row: true, zip: true, release: true, told: 0, canBeHad: true };
  const GONE = { row: false, zip: false, release: false, told: 1, canBeHad: false };
  async function assertWorld(deployments: readonly Deployment[], gone: readonly Deployment[]): Promise<void> {
    for (const [index, one] of deployments.entries())
      assert.deepEqual(await world(one), gone.includes(one) ? GONE : KEPT, `the ${index + 1}th`);
  }
  const url = (id: string, what = '') => `${stack.run.functionsUrl}/api/v1/ttd/${APP}/deployments/${id}${what}`;
  const assertRefused = ({ status, body }: Answer) =>
    assert.deepEqual([status, body.code], [409, 'ARTIFACT_REMOVED'], JSON.stringify(body));

  it('goes beyond the last artifacts of its app and environment, and the history says so', async () => {
    const all = await series('tt02', 4);
    const young = await series('at22', 3, 10);
    const summary = await pass({ keepLast: 2 });
    assert.deepEqual([summary.artifactsRemoved, summary.failures], [2, 0]);
    await assertWorld(all, all.slice(0, 2));
    await assertWorld(young, []);
    const [first] = all as [Deployment];
    const events = await ports.ledger.events({ org: 'ttd', deploymentId: first.id, after: 0, limit: 100 });
    const { type, message, origin } = events.at(-1) ?? {};
    assert.deepEqual([type, origin], ['artifactRemoved', 'timer']);
    assert.match(message ?? '', /older than 90 days, and not among the last 2/);
    assert.equal((await pass({ keepLast: 2 })).artifactsRemoved, 0);
  });

  it('is just what the rules say, whatever an app has gone through', async (t) => {
    const { numRuns, seed } = runs(t, { short: 60, long: 2_000 });
    const retention = { ...RULES, keepLast: 2, keepGood: 2 };
    const check = async (histories: History[]) => {
      const ids = await writeHistories(histories);
      const expected = histories.map((history, index) => expectedToGo(history, ids[index] ?? [], retention));
      const found = await ports.ledger.removable(retention, 1_000);
      const asSet = (list: readonly string[]) => [...list].sort();
      assert.deepEqual(asSet(found.map(({ deploymentId }) => deploymentId)), asSet(expected.flat()));
      // One by one, all else as it was: the same.
      const some = ids.flat()[0];
      if (some) assert.equal(await ports.ledger.beginRemoval(some, retention), expected.flat().includes(some));
    };
    await fc.assert(fc.asyncProperty(fc.array(anyHistory, { minLength: 1, maxLength: 2 }), check), { numRuns, seed });
  });

  /** Directly into the tables. Returns each history's ids. */
  async function writeHistories(histories: readonly History[]): Promise<string[][]> {
    await stack.sql('delete from pull_deploy.artifacts');
    await stack.sql('delete from pull_deploy.holds');
    const all: string[][] = [];
    for (const { artifacts, wanted, published, applied, held } of histories) {
      const app = `history-${randomUUID().slice(0, 8)}`;
      const rows = artifacts.map((artifact, index) => ({ ...artifact, index: index + 1, id: randomUUID() }));
      all.push(rows.map(({ id }) => id));
      const idAt = (index: number) => rows[index]?.id ?? null;
      await stack.sql(`insert into pull_deploy.apps (org, app) values ('ttd', $1)`, [app]);
      await stack.sql(
        `insert into pull_deploy.releases (org, app, environment, last_sequence, wanted_deployment, published_deployment, applied_deployment)
         values ('ttd', $1, 'tt02', 100, $2, $3, $4)`,
        [app, idAt(wanted), idAt(published), idAt(applied)],
      );
      await stack.sql(
        `with given as (
           select * from jsonb_to_recordset($2) as row (id uuid, index int, days int, state text, "isPublished" boolean,
             "isApplied" boolean, "isBlocked" boolean, taker text, removal text)),
         deployment as (
           insert into pull_deploy.deployments
             (id, org, app, environment, sequence, kind, origin, state, creator, resolved, published_at, applied_at, blocked_at)
           select id, 'ttd', $1, 'tt02', index, 'deploy', 'api', state, 'tester', '{}',
                  case when "isPublished" then now() end, case when "isApplied" then now() end,
                  case when "isBlocked" then now() end from given),
         taker as (
           insert into pull_deploy.deployments
             (id, org, app, environment, sequence, kind, origin, state, creator, resolved, from_deployment)
           select gen_random_uuid(), 'ttd', $1, 'tt02', 50 + index, 'rollback', 'api', taker, 'tester', '{}', id
             from given where taker is not null)
         insert into pull_deploy.artifacts
           (deployment_id, org, app, environment, sha256, bytes, inputs_digest, deploy_digest, tag_name, commit_id,
            archived_at, removing_at, retry_at)
         select id, 'ttd', $1, 'tt02', '', 1, '', '', '1', '', date_trunc('day', now()) - days * interval '1 day',
                case when removal in ('held', 'left') then now() end,
                case removal when 'held' then now() + interval '1 hour' when 'refused' then now() + interval '1 hour'
                             when 'left' then now() - interval '1 hour' when 'refusedBefore' then now() - interval '1 hour' end
           from given`,
        [app, JSON.stringify(rows)],
      );
      if (held) await ports.ledger.recordHold({ environment: 'tt02', org: 'ttd', app, code: 'X', message: 'x' });
    }
    return all;
  }

  it('is refused with its own code to whoever asks for it, and shown by the deployment', async () => {
    const [gone, kept] = (await series('tt02', 2)) as [Deployment, Deployment];
    await pass();
    assertRefused(await get(url(gone.id, '/artifact')));
    assertRefused(await post(url(gone.id, '/rollback'), {}));
    const promotion = { envName: 'at22', fromDeploymentId: gone.id };
    const deployments = `${stack.run.functionsUrl}/api/v1/ttd/${APP}/deployments`;
    assertRefused(await post(deployments, promotion));
    assertRefused(await post(`${deployments}/preview`, promotion));
    const { body } = await get(url(gone.id));
    assert.match(body.artifact.removedAt, /^\d{4}-/);
    assert.deepEqual(
      [body.artifact.sha256, body.state, body.events.at(-1).type],
      [gone.built?.sha256 ?? body.artifact.sha256, 'superseded', 'artifactRemoved'],
    );
    assert.equal((await get(url(kept.id))).body.artifact.removedAt, undefined);
    assert.equal((await get(url(kept.id, '/artifact'))).status, 200);
  });

  it('is never what is wanted, published, applied, blocked, taken by an unfinished deployment, or good', async () => {
    const all = await series('at23', 7);
    const [wanted, published, applied, blocked, taken, good, last] = all as never as Record<number, Deployment> &
      Deployment[];
    const release = (column: string, of: Deployment | undefined) =>
      stack.sql(`update pull_deploy.releases set ${column} = $2 where (org, app, environment) = ('ttd', $1, 'at23')`, [
        APP,
        of?.id,
      ]);
    const rollback = await stack.app.deploy(request('at24', { fromDeploymentId: taken?.id }));
    await stack.app.blockDeployment({ org: 'ttd', app: APP }, blocked?.id ?? '', { by: 'Kari', reason: 'Evidence.' });
    // The last one failed in its cluster: good is the one before.
    await stack.sql(`update pull_deploy.deployments set state = 'failed' where id = $1`, [last?.id]);
    await release('wanted_deployment', wanted);
    await release('published_deployment', published);
    await release('applied_deployment', applied);
    assert.equal((await pass()).artifactsRemoved, 0);
    await assertWorld(all, []);

    // Each goes as soon as what kept it is over.
    const gone: Deployment[] = [];
    const over = async (of: Deployment | undefined, end: () => Promise<unknown>) => {
      await end();
      gone.push(of as Deployment);
      assert.equal((await pass()).artifactsRemoved, 1);
      await assertWorld(all, gone);
    };
    await over(wanted, () => release('wanted_deployment', last));
    await over(published, () => release('published_deployment', last));
    await over(applied, () => release('applied_deployment', last));
    await over(blocked, () => stack.app.unblockDeployment({ org: 'ttd', app: APP }, blocked?.id ?? '', 'Kari'));
    await over(taken, () => accept(rollback));
    await over(good, () => stack.sql(`update pull_deploy.deployments set state = 'applied' where id = $1`, [last?.id]));
    assert.equal((await pass({ keepLast: 1, keepGood: 100 })).artifactsRemoved, 0);
  });

  it('is not tried before the immutability period has passed', async () => {
    const [old] = (await series('yt01', 2, 300)) as [Deployment];
    const tried: string[] = [];
    const watched = withHooks(ports, {
      artifacts: {
        removeRelease: (remove) => (path) => {
          tried.push(path.deploymentId);
          return remove(path);
        },
      },
    });
    assert.equal((await pass({ immutableDays: 365 }, watched)).artifactsRemoved, 0);
    assert.deepEqual(tried, []);
    await age(old.id, 366);
    assert.equal((await pass({ immutableDays: 365 }, watched)).artifactsRemoved, 1);
    assert.deepEqual(tried, [old.id]);
  });

  it('stays while its release, or its cluster, is held', async () => {
    const [old] = (await series('yt01', 2)) as [Deployment];
    for (const app of [APP, '']) {
      const hold = { environment: 'yt01', org: 'ttd', app };
      await ports.ledger.recordHold({ ...hold, code: 'LEDGER_STALE', message: 'an older database' });
      assert.equal((await pass()).artifactsRemoved, 0);
      await ports.ledger.clearHold(hold);
    }
    assert.equal((await pass()).artifactsRemoved, 1);
    assert.deepEqual(await world(old), GONE);
  });

  describe('and that storage keeps', () => {
    const client = () =>
      BlobServiceClient.fromConnectionString(
        (stack.config.studioStorage as { connectionString: string }).connectionString,
      ).getContainerClient('artifacts');

    it('is kept again when nothing of it is gone, and tried again a day later', async () => {
      const [old, , wanted] = (await series('at22', 3)) as [Deployment, Deployment, Deployment];
      const lease = client()
        .getBlobClient(releaseBlob(pathOf(old)))
        .getBlobLeaseClient();
      await lease.acquireLease(-1);
      const summary = await pass();
      assert.deepEqual([summary.artifactsRefused, summary.artifactsRemoved, summary.failures], [1, 1, 0]);
      assert.deepEqual(await world(old), KEPT);
      assert.equal((await pass()).artifactsRefused, 0, 'it was not tried again at once');
      assert.ok(stack.lines.some(({ fields }) => fields.deploymentId === old.id && fields.code === 'LeaseIdMissing'));
      const again = await deployed('at22', { fromDeploymentId: old.id });
      assert.ok(again.sequence > wanted.sequence);
      await lease.releaseLease();
      await letRetry();
      await pass();
      assert.deepEqual(await world(old), GONE);
    });

    it('goes on where it was, when its release document is gone already', async () => {
      const [old] = (await series('at22', 2)) as [Deployment];
      const lease = client()
        .getBlobClient(artifactBlob(pathOf(old)))
        .getBlobLeaseClient();
      await lease.acquireLease(-1);
      assert.equal((await pass()).artifactsRefused, 1);
      assert.deepEqual(await world(old), { ...KEPT, release: false, canBeHad: false });
      assertRefused(await post(url(old.id, '/rollback'), {}));
      await lease.releaseLease();
      assert.equal((await pass()).artifactsRemoved, 0, 'it was not tried again at once');
      await letRetry();
      assert.equal((await pass()).artifactsRemoved, 1);
      assert.deepEqual(await world(old), GONE);
    });
  });

  it('waits for no other that fails', async () => {
    const all = await series('at24', 4);
    const [bad] = all as [Deployment];
    const failing = withHooks(ports, {
      artifacts: {
        removeArtifact: (remove) => async (path) => {
          if (path.deploymentId === bad.id) throw new AppError('STORAGE_UNAVAILABLE', 'it is down');
          return remove(path);
        },
      },
      ledger: {
        removeIdempotencyKeys: () => async () => {
          throw new AppError('DATABASE_UNAVAILABLE', 'it is down');
        },
      },
    });
    const summary = await pass({}, failing);
    assert.deepEqual([summary.artifactsRemoved, summary.failures], [2, 2]);
    assertRefused(await post(url(bad.id, '/rollback'), {}));
    await letRetry();
    assert.equal((await pass()).artifactsRemoved, 1);
    await assertWorld(all, all.slice(0, 3));
  });

  describe('and a pass that dies', () => {
    class Dead extends Error {}
    /** The process is gone from then on: no later call gets out. Returns the calls that did. */
    function dying(at: number): { ports: Ports; calls: string[] } {
      const calls: string[] = [];
      let passed = 0;
      const mortal = faultyPorts(ports, (call, when) => {
        if (passed >= at) throw new Dead();
        passed++;
        calls.push(`${call} ${when}`);
      });
      return { ports: mortal, calls };
    }

    it('at any of its calls is ended by the next one', async (t) => {
      const whole = dying(Number.POSITIVE_INFINITY);
      await series('at23', 2);
      await pass({}, whole.ports);
      for (const call of [
        'ledger.beginRemoval',
        'artifacts.removeRelease',
        'artifacts.removeArtifact',
        'ledger.finishRemoval',
      ])
        assert.ok(whole.calls.includes(`${call} before`), call);
      // After one call is before the next.
      for (let at = 0; at < whole.calls.length; at += 2) {
        const [old, last] = (await series('at23', 2)) as [Deployment, Deployment];
        await assert.doesNotReject(pass({}, dying(at).ports).catch((error) => assert.ok(error instanceof Dead, error)));
        await assertNeverHalfGiven(old);
        await letRetry();
        assert.equal((await pass()).failures, 0);
        assert.deepEqual(await world(old), GONE, `died at ${whole.calls[at]}`);
        assert.deepEqual(await world(last), KEPT);
      }
      t.diagnostic(`${whole.calls.length / 2} points`);
    });

    /** Whoever may have it can have all of it. */
    async function assertNeverHalfGiven(one: Deployment): Promise<void> {
      const { canBeHad, zip, release } = await world(one);
      if (canBeHad) assert.deepEqual([zip, release], [true, true]);
    }
  });

  describe('and that is asked for at the same time', () => {
    /** What runs at a given moment of the pass, or of the request. */
    const meanwhile =
      <A extends unknown[], R>(work: () => Promise<unknown>, when: 'before' | 'after') =>
      (call: (...values: A) => Promise<R>) =>
      async (...values: A): Promise<R> => {
        if (when === 'before') await work();
        const answer = await call(...values);
        if (when === 'after') await work();
        return answer;
      };

    it('stays for a rollback that is accepted before its removal has begun', async () => {
      const [old] = (await series('tt02', 2)) as [Deployment];
      let rollback: Deployment | undefined;
      const ask = async () => {
        rollback ??= await stack.app.deploy(request('tt02', { fromDeploymentId: old.id }));
      };
      assert.equal(
        (await pass({}, withHooks(ports, { ledger: { beginRemoval: meanwhile(ask, 'before') } }))).artifactsRemoved,
        0,
      );
      assert.equal(await accept(rollback as Deployment), 'published');
      assert.deepEqual(await world(old), KEPT);
    });

    it('is refused to a rollback that has seen it, and is accepted after its removal has begun', async () => {
      for (const envName of ['tt02', 'at22']) {
        const [old] = (await series('tt02', 2)) as [Deployment];
        const late = withHooks(ports, { ledger: { acceptRequest: meanwhile(() => pass(), 'before') } });
        const rollback = makeApp(late, studioWith()).deploy(request(envName, { fromDeploymentId: old.id }, old.id));
        await assert.rejects(rollback, { code: 'ARTIFACT_REMOVED' });
        assert.deepEqual(await world(old), GONE);
        const taken = await stack.sql('select 1 from pull_deploy.deployments where from_deployment = $1', [old.id]);
        const keys = await stack.sql('select 1 from pull_deploy.idempotency_keys where key = $1', [old.id]);
        assert.deepEqual([taken, keys], [[], []]);
      }
    });

    it('is not taken from a rollback that was accepted and has not read it yet', async () => {
      const [old] = (await series('tt02', 2)) as [Deployment];
      const slow = withHooks(ports, { artifacts: { readArtifact: meanwhile(() => pass(), 'before') } });
      const rollback = await makeApp(slow, studioWith()).deploy(request('tt02', { fromDeploymentId: old.id }));
      assert.equal(await accept(rollback), 'published');
      assert.deepEqual(await world(old), KEPT);
    });

    it('is told to be gone by a preview and a download that come in between', async () => {
      const [first] = (await series('tt02', 2)) as [Deployment];
      const slow = withHooks(ports, { artifacts: { readArtifact: meanwhile(() => pass(), 'before') } });
      const preview = makeApp(slow, studioWith()).previewDeployment(request('tt02', { fromDeploymentId: first.id }));
      await assert.rejects(preview, { code: 'ARTIFACT_REMOVED' });
      const [second] = (await series('tt02', 2)) as [Deployment];
      const { open } = await stack.app.findArtifact({ org: 'ttd', app: APP }, second.id);
      await pass();
      await assert.rejects(open(), { code: 'ARTIFACT_REMOVED' });
    });

    it('is kept by a block that comes before, whatever the plan was', async () => {
      const [old] = (await series('tt02', 2)) as [Deployment];
      const block = () =>
        stack.app.blockDeployment({ org: 'ttd', app: APP }, old.id, { by: 'Kari', reason: 'Evidence.' });
      await pass({}, withHooks(ports, { ledger: { removable: meanwhile(block, 'after') } }));
      assert.deepEqual(await world(old), KEPT);
    });

    /** Calls take as long as they like, so that every order of them comes about. */
    function unsteady(of: Ports, random: () => number): Ports {
      const slowed = (methods: object) =>
        Object.fromEntries(
          Object.entries(methods).map(([name, call]) => [
            name,
            async (...values: unknown[]) => {
              await sleep(random() * 20);
              return call(...values);
            },
          ]),
        );
      return { ...of, ledger: slowed(of.ledger), artifacts: slowed(of.artifacts) } as unknown as Ports;
    }

    it('ends whole, or refused, in any order of passes and rollbacks of two processes', async (t) => {
      const { numRuns, seed } = runs(t, { short: 15, long: 500 });
      const processes = [ports, other.ports].map((of, index) =>
        makeApp(unsteady(of, makeRandom(seed + index)), studioWith()),
      );
      const seen = { published: 0, refused: 0, gone: 0 };
      for (let round = 0; round < numRuns; round++) {
        // What earlier rounds have left would go first.
        await forgetArtifacts();
        const [victim] = (await series('yt01', 2)) as [Deployment];
        const rollbacks = await Promise.all([
          // The second is a promotion: its own release is another one.
          ...processes.map((app, index) =>
            app.deploy(request(index === 0 ? 'yt01' : 'at24', { fromDeploymentId: victim.id })).catch(toAppError),
          ),
          ...processes.map(async (app) => {
            assert.equal((await app.removeExpired()).failures, 0);
          }),
        ]);
        for (const rollback of rollbacks.filter((one) => one !== undefined)) {
          if (rollback instanceof AppError) {
            assert.equal(rollback.code, 'ARTIFACT_REMOVED', inspect(rollback, { depth: 5 }));
            seen.refused++;
            continue;
          }
          assert.ok(['published', 'superseded'].includes(await accept(rollback)), 'it was accepted');
          assert.deepEqual(await world(rollback), KEPT);
          seen.published++;
        }
        const left = await world(victim);
        if (left.row) assert.deepEqual(left, KEPT);
        else assert.deepEqual(left, GONE);
        seen.gone += left.row ? 0 : 1;
      }
      t.diagnostic(JSON.stringify(seen));
      const failed = await stack.sql(
        `select problems from pull_deploy.deployments where state = 'failed' and kind = 'rollback'`,
      );
      assert.deepEqual(failed, []);
    });
  });

  it('of refused blobs goes, and of no others', async () => {
    const rejected = stack.studioStorage().container('rejected');
    const names = ['a.zip', 'a.zip.problems.json', 'b.zip'].map((name) => `ttd/${APP}/tt02/${name}`);
    for (const name of names) await rejected.overwrite(name, 'x', 'text/plain');
    assert.equal((await pass()).rejectedRemoved, 0);
    const aged = withHooks(ports, {
      artifacts: {
        pageOf: (page) => async (container, marker) => {
          const { blobs, marker: next } = await page(container, marker);
          const ages = (name: string, at: Date) =>
            container === 'rejected' && !name.endsWith('b.zip') ? new Date(at.getTime() - 31 * 86_400_000) : at;
          return {
            marker: next,
            blobs: blobs.map((blob) => ({ ...blob, lastModified: ages(blob.name, blob.lastModified) })),
          };
        },
        removeRejected: (remove) => async (name, etag) => {
          // Refused once more in between: it is another one by now.
          if (name.endsWith('a.zip')) await rejected.overwrite(name, 'y', 'text/plain');
          return remove(name, etag);
        },
      },
    });
    const { rejectedRemoved, failures } = await pass({}, aged);
    assert.deepEqual([rejectedRemoved, failures], [1, 0]);
    assert.deepEqual(
      (await rejected.list('')).map(({ name }) => name),
      [names[0], names[2]],
    );
  });

  it('of idempotency keys goes by the time of the database', async () => {
    const [young, old] = [randomUUID(), randomUUID()];
    const accepted = async (key: string) => {
      const { resolved, tagName, commit } = (await ports.ledger.deployment(models.get('tt02')?.id ?? '')) as Deployment;
      const what = { org: 'ttd', app: APP, environment: 'tt02', kind: 'deploy', tagName, commit, resolved } as const;
      const id = { org: 'ttd', app: APP, caller: 'tester', key, requestDigest: 'one' };
      const { deployment } = await ports.ledger.acceptRequest({ ...what, id: randomUUID(), creator: 'tester' }, id);
      return deployment.id;
    };
    const [first, second] = [await accepted(young), await accepted(old)];
    const makeOld = (hours: number) =>
      stack.sql(`update pull_deploy.idempotency_keys set created_at = now() - $2 * interval '1 hour' where key = $1`, [
        old,
        hours,
      ]);
    await makeOld(23);
    assert.equal((await pass()).idempotencyKeysRemoved, 0);
    assert.equal(await accepted(old), second);
    await makeOld(25);
    assert.equal((await pass()).idempotencyKeysRemoved, 1);
    assert.notEqual(await accepted(old), second);
    assert.equal(await accepted(young), first);

    // At the same time as requests with it: each is answered, all with one deployment, or with one before and one after.
    for (let round = 0; round < 20; round++) {
      await makeOld(25);
      const answers = await Promise.all([
        ...[accepted(old), accepted(old)],
        other.ports.ledger.removeIdempotencyKeys(24, 1_000),
        accepted(old),
      ]);
      assert.ok(new Set(answers.filter((answer) => typeof answer === 'string')).size <= 2, String(answers));
    }
    await stack.sql(`update pull_deploy.deployments set state = 'failed' where state = 'accepted'`);
  });

  it('is never a blob that the database does not know: those are counted', async () => {
    const names = [`ttd/${APP}/tt02/${randomUUID()}.zip`, `brg/other/tt02/${randomUUID()}.release.json`, 'stray.txt'];
    for (const name of names) await artifacts().write(name, 'x', 'absent', 'text/plain');
    await deployed('tt02');
    await stack.app.undeploy(request('tt02'));
    // Of an artifact that is being accepted, for all that can be known.
    assert.equal((await pass()).unknownBlobs, 0);
    const pages: (string | undefined)[] = [];
    const later = withHooks(ports, {
      artifacts: {
        pageOf: (page) => async (container, marker) => {
          if (container === 'artifacts') pages.push(marker);
          return page(container, marker);
        },
      },
      ledger: {
        walk: (walk) => async (container) => {
          const { now, ...rest } = await walk(container);
          return { ...rest, now: new Date(now.getTime() + 2 * 3_600_000) };
        },
      },
    });
    assert.equal((await pass({}, later)).unknownBlobs, 3);
    for (const name of names) assert.ok(await artifacts().etag(name), name);
    assert.deepEqual(pages, [undefined]);
    for (const name of names) await artifacts().delete(name);
  });

  it('is walked through in pages, each pass going on where the one before stopped', async () => {
    const pages = new Map([
      [undefined, 'p1'],
      ...Array.from({ length: 11 }, (_, index) => [`p${index + 1}`, `p${index + 2}`] as const),
      ['p12', undefined],
    ] as [string | undefined, string | undefined][]);
    let asked: (string | undefined)[] = [];
    const paged = (fails: boolean) =>
      withHooks(ports, {
        artifacts: {
          pageOf: () => async (container, marker) => {
            if (container === 'rejected') return { blobs: [], marker: undefined };
            asked.push(marker);
            if (fails) throw new AppError('STORAGE_UNAVAILABLE', 'it does not know the marker');
            return { blobs: [], marker: pages.get(marker) };
          },
        },
      });
    await pass({}, paged(false));
    assert.deepEqual([asked.length, asked[0], asked.at(-1)], [10, undefined, 'p9']);
    asked = [];
    await pass({}, paged(false));
    assert.deepEqual(asked, ['p10', 'p11', 'p12']);
    asked = [];
    await pass({}, paged(false));
    assert.equal((await pass({}, paged(true))).failures, 1);
    asked = [];
    await pass({}, paged(false));
    assert.equal(asked[0], undefined, 'it begins anew behind a marker that can not be used');
  });
});
