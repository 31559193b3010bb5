import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { acceptArtifact } from '../../src/accept/accept-artifact.ts';
import { giveUpArtifact } from '../../src/accept/give-up-artifact.ts';
import { type App, makeApp } from '../../src/app.ts';
import { finishDeploy } from '../../src/deploy/deploy.ts';
import { finishUndeploy } from '../../src/deploy/undeploy.ts';
import { AppError } from '../../src/errors.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { artifactBlob } from '../../src/model/names.ts';
import type { Ports } from '../../src/ports.ts';
import { type RecoverStages, SWEEP_LIMITS, sweepIncoming } from '../../src/recover/sweep-incoming.ts';
import { post } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { eventually } from '../support/eventually.ts';
import { withHooks } from '../support/ports.ts';
import { deployRequest } from '../support/requests.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const AFTER_FIVE_MINUTES = 5 * 60_000 + 10_000;

describe('the sweep of what was left behind', () => {
  let stack: TestStack;
  let ports: Ports;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    await writeApp(folder, 'ttd', 'small', minimalApp('ttd', 'small'));
    stack = await startTestStack({ apps: folder, blobEvents: false });
    ports = stack.connection.ports;
  });
  after(async () => {
    await stack.stop();
    await rm(folder, { recursive: true });
  });
  /** Each test starts with nothing left behind by the one before. */
  beforeEach(async () => {
    for (const { name } of await incoming().list(''))
      await incoming().remove(name, (await incoming().etag(name)) as string);
    await stack.sql(
      "update pull_deploy.deployments set state = 'failed' where state in ('accepted', 'building', 'uploaded')",
    );
  });

  const incoming = () => stack.studioStorage().container('incoming');
  const hooked = (hooks: Parameters<typeof withHooks>[1]): App => makeApp(withHooks(ports, hooks), stack.config.studio);
  const request = (envName: string) => deployRequest('small', envName);
  const deploy = (envName = 'tt02', app = stack.app) => app.deploy(request(envName));
  const blobOf = (of: Deployment) => artifactBlob({ ...of, deploymentId: of.id });
  const accept = (of: Deployment, app = stack.app) => app.acceptArtifact(blobOf(of));
  const sweep = (app = stack.app) => app.sweepIncoming(new Date());
  const lateSweep = (app = stack.app) => app.sweepIncoming(new Date(Date.now() + AFTER_FIVE_MINUTES));
  async function row(id: string): Promise<Deployment> {
    const found = await ports.ledger.deployment(id);
    assert.ok(found);
    return found;
  }
  /** None yet, where its archive is on its way before it is durable. */
  async function latest(environment: string): Promise<Deployment | undefined> {
    const key = { org: 'ttd', app: 'small', environment };
    const [found] = await ports.ledger.deployments({ ...key, before: undefined, limit: 1 });
    return found;
  }
  const typesOf = async ({ id }: Deployment) =>
    (await ports.ledger.events({ org: 'ttd', deploymentId: id, after: 0, limit: 1000 })).map(({ type }) => type);
  const timesPublished = async (of: Deployment) => (await typesOf(of)).filter((type) => type === 'published').length;
  async function published(environment = 'tt02'): Promise<string | undefined> {
    const stored = await stack.storage(environment).container('app-ttd-small').read('release/release.yaml');
    return stored && JSON.parse(stored.bytes.toString()).items[0].data.deploymentId;
  }
  const endLease = ({ id }: Deployment) =>
    stack.sql(
      `update pull_deploy.deployments set lease_until = clock_timestamp() - interval '1 second' where id = $1`,
      [id],
    );
  const grow = ({ id }: Deployment, minutes: number) =>
    stack.sql(
      `update pull_deploy.deployments set created_at = clock_timestamp() - $2 * interval '1 minute' where id = $1`,
      [id, minutes],
    );
  const attemptsAt = async (blob: string) =>
    (
      await stack.sql<{ attempts: number }>('select attempts from pull_deploy.incoming_attempts where blob = $1', [
        blob,
      ])
    )[0]?.attempts;

  /** What should be held up, or gone, and ends instead, fails the test: waiting for it would have no end. */
  const survives = async (work: Promise<unknown>): Promise<never> => {
    await work;
    throw new Error('the process got further than it should');
  };
  /** Everything up to a point happens, then the process is gone: what it waited for never comes. */
  async function diesAt(
    hooks: (die: () => Promise<never>) => Parameters<typeof withHooks>[1],
    environment = 'tt02',
    state = 'building',
  ): Promise<Deployment> {
    let tell: () => void = () => {};
    const died = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const die = () => {
      tell();
      return new Promise<never>(() => {});
    };
    await Promise.race([died, survives(deploy(environment, hooked(hooks(die))))]);
    return inState(state, environment);
  }
  /** The move to `building` runs beside the build: until it is done, its lock keeps the row from being claimed. */
  async function inState(state: string, environment = 'tt02'): Promise<Deployment> {
    const found = await eventually(
      () => latest(environment),
      (one) => one?.state === state,
    );
    assert.ok(found);
    return found;
  }
  /** Holds a process up until it is let go, its lease long over. */
  function paused() {
    let reach: () => void = () => {};
    let free: () => void = () => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const letGo = new Promise<void>((resolve) => {
      free = resolve;
    });
    const pause = () => {
      reach();
      return letGo;
    };
    return { reached, letGo: () => free(), pause };
  }

  async function assertPublishedOnce(deployment: Deployment, environment = 'tt02'): Promise<void> {
    assert.equal((await row(deployment.id)).state, 'published');
    assert.equal(await timesPublished(deployment), 1);
    assert.equal(await published(environment), deployment.id);
    assert.equal(await incoming().etag(blobOf(deployment)), undefined);
  }

  describe('of a request whose process died', () => {
    const beforeBuild: [string, string, (die: () => Promise<never>) => Parameters<typeof withHooks>[1]][] = [
      [
        'once it was in the ledger',
        'accepted',
        (die) => ({
          ledger: {
            acceptRequest:
              (acceptRequest) =>
              async (...args) => {
                await acceptRequest(...args);
                return die();
              },
          },
        }),
      ],
      ['while it read the repository', 'building', (die) => ({ repositories: { archive: () => die } })],
      ['while it recorded what it had built', 'building', (die) => ({ ledger: { recordBuilt: () => die } })],
      ['before the upload', 'building', (die) => ({ artifacts: { uploadIncoming: () => die } })],
    ];
    for (const [when, stateThen, hooks] of beforeBuild)
      it(`${when}, builds it once more when the lease is over, and not before`, async () => {
        const dead = await diesAt(hooks, 'tt02', stateThen);
        assert.equal((await sweep()).resumed, 0);
        assert.equal((await row(dead.id)).fence, dead.fence);

        await endLease(dead);
        assert.equal((await sweep()).resumed, 1);
        const { state, fence, built } = await row(dead.id);
        assert.deepEqual([state, fence], ['uploaded', dead.fence + 1]);
        assert.ok(built);
        assert.ok(await incoming().etag(blobOf(dead)));
        assert.equal((await typesOf(dead)).filter((type) => type === 'resumed').length, 1);

        assert.equal((await sweep()).resumed, 0);
        assert.equal(await accept(dead), 'published');
        await assertPublishedOnce(dead);
        assert.equal((await sweep()).resumed, 0);
      });

    it('after the upload, accepts the stored artifact and builds nothing', async () => {
      const dead = await diesAt((die) => ({
        artifacts: {
          uploadIncoming: (upload) => async (path, zip) => {
            await upload(path, zip);
            return die();
          },
        },
      }));
      const { built } = dead;
      await endLease(dead);
      const read: string[] = [];
      const watching = hooked({
        repositories: {
          archive: (archive) => (name, commit) => {
            read.push(name.app);
            return archive(name, commit);
          },
        },
      });
      assert.equal((await sweep(watching)).resumed, 1);
      await assertPublishedOnce(dead);
      assert.deepEqual(read, []);
      assert.deepEqual((await row(dead.id)).built, built);
    });

    it('whose artifact is in the archive and nowhere else, accepts that', async () => {
      const dead = await diesAt((die) => ({
        artifacts: {
          uploadIncoming: (upload) => async (path, zip) => {
            await upload(path, zip);
            return die();
          },
        },
      }));
      const blob = await incoming().read(blobOf(dead));
      await ports.artifacts.archive({ ...dead, deploymentId: dead.id }, blob?.bytes as Buffer);
      await incoming().remove(blobOf(dead), blob?.etag as string);
      await endLease(dead);
      assert.equal((await sweep()).resumed, 1);
      await assertPublishedOnce(dead);
    });

    it('builds from what was resolved when it was asked for, whatever has changed since', async () => {
      const dead = await diesAt((die) => ({ repositories: { archive: () => die } }));
      await stack.sql(
        `insert into designer.app_scopes (org, app, scopes, created_by) values ('ttd', 'small', $1, 'someone')`,
        [JSON.stringify([{ scope: 'altinn:later', description: 'Later' }])],
      );
      await endLease(dead);
      await sweep();
      await stack.sql("delete from designer.app_scopes where (org, app) = ('ttd', 'small')");
      assert.deepEqual((await row(dead.id)).resolved, dead.resolved);
      await accept(dead);
      const release = await stack.storage('tt02').container('app-ttd-small').read('release/release.yaml');
      assert.doesNotMatch(String(release?.bytes), /altinn:later/);
    });

    it('resumes each once when two sweeps run at once', async () => {
      const dead: Deployment[] = [];
      for (const environment of ['at22', 'at23', 'at24', 'yt01'])
        dead.push(await diesAt((die) => ({ repositories: { archive: () => die } }), environment));
      for (const one of dead) await endLease(one);
      const summaries = await Promise.all([sweep(), sweep(), sweep()]);
      assert.equal(
        summaries.reduce((sum, { resumed }) => sum + resumed, 0),
        dead.length,
      );
      for (const one of dead) {
        assert.equal((await row(one.id)).fence, one.fence + 1);
        assert.equal((await typesOf(one)).filter((type) => type === 'resumed').length, 1);
        assert.equal(await accept(one), 'published');
        await assertPublishedOnce(one, one.environment);
      }
    });

    it('goes on with the others when one of them can not be built', async () => {
      const broken = await diesAt((die) => ({ repositories: { archive: () => die } }), 'at22');
      const good = await diesAt((die) => ({ repositories: { archive: () => die } }), 'at23');
      await stack.sql(`update pull_deploy.deployments set commit_id = $2 where id = $1`, [broken.id, '0'.repeat(40)]);
      for (const one of [broken, good]) await endLease(one);
      assert.equal((await sweep()).resumed, 2);
      const { state, problems } = await row(broken.id);
      assert.deepEqual([state, problems[0]?.code], ['failed', 'COMMIT_UNKNOWN']);
      assert.equal((await row(good.id)).state, 'uploaded');
    });
  });

  describe('of a request whose process only seemed dead', () => {
    it('keeps that process from recording a build, and publishes once', async () => {
      const { reached, letGo, pause } = paused();
      const zombie = deploy(
        'tt02',
        hooked({
          repositories: {
            archive: (archive) => async (name, commit) => {
              await pause();
              return archive(name, commit);
            },
          },
        }),
      );
      await Promise.race([reached, survives(zombie)]);
      const row_ = await inState('building');
      await endLease(row_);
      await sweep();
      const { built, updatedAt } = await row(row_.id);
      letGo();
      await zombie;
      const now = await row(row_.id);
      assert.deepEqual([now.built, now.updatedAt, now.fence], [built, updatedAt, 2]);
      assert.ok(stack.lines.some(({ message }) => message === 'deployment was taken over or ended meanwhile'));
      assert.equal(await accept(row_), 'published');
      await assertPublishedOnce(row_);
    });

    it('keeps that process from ending it as failed', async () => {
      const { reached, letGo, pause } = paused();
      const zombie = deploy(
        'tt02',
        hooked({
          repositories: {
            archive: () => async () => {
              await pause();
              throw new AppError('GITEA_UNAVAILABLE', 'it was this process that had no network');
            },
          },
        }),
      );
      await Promise.race([reached, survives(zombie)]);
      const row_ = await inState('building');
      await endLease(row_);
      const second = paused();
      const resuming = sweep(
        hooked({
          artifacts: {
            uploadIncoming: (upload) => async (path, zip) => {
              await second.pause();
              return upload(path, zip);
            },
          },
        }),
      );
      await Promise.race([second.reached, survives(resuming)]);
      letGo();
      await assert.rejects(zombie, { code: 'GITEA_UNAVAILABLE' });
      assert.equal((await row(row_.id)).state, 'building');
      assert.deepEqual((await row(row_.id)).problems, []);
      second.letGo();
      await resuming;
      assert.equal(await accept(row_), 'published');
      await assertPublishedOnce(row_);
    });

    it('takes no build that is recorded with the number of the holder before', async () => {
      const dead = await diesAt((die) => ({ repositories: { archive: () => die } }));
      await endLease(dead);
      const [taken] = await ports.ledger.claimDead(20);
      assert.deepEqual([taken?.id, taken?.fence], [dead.id, dead.fence + 1]);
      const built = { sha256: 'a'.repeat(64), bytes: 1, inputsDigest: 'b', deployDigest: 'c' };
      assert.equal(await ports.ledger.recordBuilt(dead, built, []), false);
      const event = { message: 'From the dead.', origin: 'api' } as const;
      assert.equal(await ports.ledger.move(dead.id, 'failed', event, [], dead.fence), undefined);
      assert.equal((await row(dead.id)).built, undefined);
      assert.equal(await ports.ledger.recordBuilt(taken as Deployment, built, []), true);
    });

    it('removes what that process uploads after all, and publishes nothing again', async () => {
      const { reached, letGo, pause } = paused();
      const zombie = deploy(
        'tt02',
        hooked({
          artifacts: {
            uploadIncoming: (upload) => async (path, zip) => {
              await pause();
              return upload(path, zip);
            },
          },
        }),
      );
      await Promise.race([reached, survives(zombie)]);
      const row_ = await inState('building');
      await endLease(row_);
      assert.equal((await sweep()).resumed, 1);
      assert.equal(await accept(row_), 'published');
      const etag = await stack.storage('tt02').container('app-ttd-small').etag('release/release.yaml');
      letGo();
      await zombie;
      assert.equal((await row(row_.id)).state, 'published');
      assert.equal((await lateSweep()).accepted, 1);
      await assertPublishedOnce(row_);
      assert.equal(await stack.storage('tt02').container('app-ttd-small').etag('release/release.yaml'), etag);
    });
  });

  describe('of what nobody finished in 15 minutes', () => {
    async function assertAbandoned(deployment: Deployment): Promise<void> {
      const { state, problems } = await row(deployment.id);
      assert.deepEqual([state, problems[0]?.code], ['failed', 'BUILD_ABANDONED']);
    }

    it('ends a request that was never built, and does not build it', async () => {
      const dead = await diesAt((die) => ({ repositories: { archive: () => die } }));
      await endLease(dead);
      await grow(dead, 14);
      assert.equal((await ports.ledger.expired(20)).length, 0);
      await grow(dead, 16);
      const { expired, resumed } = await sweep();
      assert.deepEqual([expired, resumed], [1, 0]);
      await assertAbandoned(dead);
      assert.deepEqual(await typesOf(dead), ['accepted', 'building', 'failed']);
      assert.equal((await sweep()).expired, 0);
    });

    it('never publishes its artifact, which the next accept removes', async () => {
      const before = await published();
      const deployment = await deploy();
      await grow(deployment, 16);
      assert.equal((await sweep()).expired, 1);
      await assertAbandoned(deployment);
      assert.ok(await incoming().etag(blobOf(deployment)));
      assert.equal((await lateSweep()).accepted, 1);
      assert.equal(await incoming().etag(blobOf(deployment)), undefined);
      await stack.app.reconcileSources(new Date());
      await assertAbandoned(deployment);
      assert.equal(await published(), before);
    });

    it('tells the last reason that is known', async () => {
      const deployment = await deploy();
      await ports.ledger.noteAttempt(blobOf(deployment), 'the storage account was full');
      await grow(deployment, 16);
      await sweep();
      const [event] = (
        await ports.ledger.events({ org: 'ttd', deploymentId: deployment.id, after: 0, limit: 1000 })
      ).slice(-1);
      assert.match(event?.message ?? '', /Not finished within 15 minutes\. Last: the storage account was full/);
      assert.deepEqual((await row(deployment.id)).problems[0]?.message, event?.message);
    });

    it('leaves alone what is accepted and only waits to be published', async () => {
      const deployment = await deploy();
      await assert.rejects(accept(deployment, hooked({ documents: { write: () => unavailable } })));
      await grow(deployment, 16);
      assert.equal((await sweep()).expired, 0);
      await stack.app.reconcileSources(new Date());
      assert.equal((await row(deployment.id)).state, 'published');
      assert.equal(await published(), deployment.id);
    });

    it('never ends one that is accepted at this moment', async () => {
      const deployment = await deploy();
      await grow(deployment, 16);
      const racing = hooked({
        ledger: {
          // Called between the two.
          attemptReason: (attemptReason) => async (blob) => {
            await accept(deployment, hooked({ documents: { write: () => unavailable } })).catch(() => {});
            return attemptReason(blob);
          },
        },
      });
      await sweep(racing);
      await stack.app.reconcileSources(new Date());
      const { state } = await row(deployment.id);
      assert.equal(state, (await published()) === deployment.id ? 'published' : 'failed');
    });
  });

  const unavailable = async () => {
    throw new AppError('STORAGE_UNAVAILABLE', 'storage is down');
  };
  const broken = async () => {
    throw new TypeError('a fault of ours');
  };

  describe('of blobs in incoming', () => {
    it('leaves young ones to their event, and accepts those over 5 minutes', async () => {
      const deployment = await deploy();
      assert.deepEqual(await sweep(), { expired: 0, resumed: 0, accepted: 0, givenUp: 0, delayed: 0 });
      assert.equal((await row(deployment.id)).state, 'uploaded');
      assert.deepEqual(await lateSweep(), { expired: 0, resumed: 0, accepted: 1, givenUp: 0, delayed: 0 });
      await assertPublishedOnce(deployment);
      assert.equal(await attemptsAt(blobOf(deployment)), undefined);
    });

    it('puts what is no artifact aside at once, with its reason', async () => {
      await incoming().write('hello.zip', 'hello', 'absent', 'application/zip');
      assert.equal((await lateSweep()).accepted, 1);
      const report = await stack.studioStorage().container('rejected').read('hello.zip.problems.json');
      assert.equal(JSON.parse(String(report?.bytes)).problems[0].code, 'ARTIFACT_PATH_INVALID');
      assert.equal(await incoming().etag('hello.zip'), undefined);
    });

    it('publishes once when two sweeps and the event take the same one', async () => {
      const deployment = await deploy();
      await Promise.all([lateSweep(), lateSweep(), accept(deployment).catch(() => {})]);
      await lateSweep();
      await assertPublishedOnce(deployment);
    });

    it('puts one aside at the third failure, its deployment failed with the reason, and takes the others', async () => {
      const hostile = await deploy('at22');
      const good = await deploy('at23');
      const app = hooked({
        ledger: {
          indexArtifact: (index) => async (deployment, manifest, built) =>
            deployment.id === hostile.id ? broken() : index(deployment, manifest, built),
        },
      });
      const first = await lateSweep(app);
      assert.deepEqual([first.accepted, first.delayed, first.givenUp], [1, 1, 0]);
      await assertPublishedOnce(good, 'at23');
      assert.equal(await attemptsAt(blobOf(hostile)), 1);
      assert.equal((await lateSweep(app)).delayed, 1);
      assert.equal((await row(hostile.id)).state, 'uploaded');
      const third = await lateSweep(app);
      assert.deepEqual([third.delayed, third.givenUp], [0, 1]);

      const { state, problems } = await row(hostile.id);
      assert.deepEqual([state, problems[0]?.code], ['failed', 'ACCEPT_FAILED']);
      assert.equal(problems[0]?.message, 'Could not be accepted in 3 attempts. Last: TypeError: a fault of ours');
      const rejected = stack.studioStorage().container('rejected');
      assert.ok(await rejected.etag(blobOf(hostile)));
      const report = await rejected.read(`${blobOf(hostile)}.problems.json`);
      assert.equal(JSON.parse(String(report?.bytes)).problems[0].code, 'ACCEPT_FAILED');
      assert.deepEqual(await incoming().list(''), []);
      assert.equal(await attemptsAt(blobOf(hostile)), undefined);
      assert.deepEqual(await lateSweep(app), { expired: 0, resumed: 0, accepted: 0, givenUp: 0, delayed: 0 });
    });

    it('puts one aside unread that ended the process each time', async () => {
      const deployment = await deploy();
      for (const _time of [1, 2, 3]) await ports.ledger.countAttempt(blobOf(deployment));
      const touched: string[] = [];
      const app = hooked({
        artifacts: {
          archive: (archive) => (path, zip) => {
            touched.push('archive');
            return archive(path, zip);
          },
        },
        ledger: {
          indexArtifact:
            (index) =>
            (...args) => {
              touched.push('indexArtifact');
              return index(...args);
            },
        },
      });
      assert.equal((await lateSweep(app)).givenUp, 1);
      assert.deepEqual(touched, []);
      const { state, problems } = await row(deployment.id);
      assert.deepEqual([state, problems[0]?.code], ['failed', 'ACCEPT_FAILED']);
      assert.equal(problems[0]?.message, 'Could not be accepted in 3 attempts. Last: the process died each time');
      assert.equal(await incoming().etag(blobOf(deployment)), undefined);
    });

    it('does not hold an outage against them', async () => {
      const deployment = await deploy();
      const down = hooked({ artifacts: { archive: () => unavailable } });
      for (const _time of [1, 2, 3, 4, 5]) assert.equal((await lateSweep(down)).delayed, 1);
      assert.equal(await attemptsAt(blobOf(deployment)), 0);
      assert.equal(await ports.ledger.attemptReason(blobOf(deployment)), 'storage is down');
      assert.equal((await lateSweep()).accepted, 1);
      await assertPublishedOnce(deployment);
    });

    it('ends its pass when all of storage is down, and goes on when that is over', async () => {
      const deployment = await deploy();
      const down = hooked({ artifacts: { readIncoming: () => unavailable } });
      assert.equal((await lateSweep(down)).delayed, 1);
      assert.equal((await lateSweep()).accepted, 1);
      await assertPublishedOnce(deployment);
    });

    describe('in several environments', () => {
      const late = () => new Date(Date.now() + AFTER_FIVE_MINUTES);
      const sweepWith = (of: Ports, limits: Partial<typeof SWEEP_LIMITS>) => {
        const { studio } = stack.config;
        const stages: RecoverStages = {
          accept: (blob) => acceptArtifact(of, studio, blob),
          giveUp: (blob, reason) => giveUpArtifact(of, studio, blob, reason),
          finishDeploy: (deployment) => finishDeploy(of, studio, deployment),
          finishUndeploy: (deployment) => finishUndeploy(of, studio, deployment),
        };
        return sweepIncoming(of, stages, late(), { ...SWEEP_LIMITS, ...limits });
      };

      it('tries one whose storage hangs once in a pass, and takes the others', async () => {
        const hanging = [await deploy('at22'), await deploy('at22'), await deploy('at22')];
        const others = [await deploy('at23'), await deploy('at24')];
        const tried: string[] = [];
        const hooks = withHooks(ports, {
          documents: {
            read: (read) => async (place) => {
              tried.push(place.environment);
              if (place.environment !== 'at22') return read(place);
              await new Promise((resolve) => setTimeout(resolve, 60));
              return unavailable();
            },
          },
        });
        const counts = await sweepWith(hooks, { hangsMs: 50 });
        assert.deepEqual([counts.accepted, counts.delayed], [2, 3]);
        assert.equal(tried.filter((environment) => environment === 'at22').length, 1);
        for (const one of hanging) assert.ok(!(await attemptsAt(blobOf(one))), 'no attempt is held against it');
        for (const one of others) assert.equal((await row(one.id)).state, 'published');
        assert.equal((await lateSweep()).accepted, 3);
      });

      it('takes the others also where two hang for as long as the pass has, and their blobs are the oldest', async () => {
        const takeMs = 3_000;
        const hanging = [await deploy('at22'), await deploy('at23')];
        const other = await deploy('at24');
        const hooks = withHooks(ports, {
          documents: {
            read: (read) => async (place) => {
              if (place.environment === 'at24') return read(place);
              await new Promise((resolve) => setTimeout(resolve, takeMs / 2));
              return unavailable();
            },
          },
        });
        const counts = await sweepWith(hooks, { hangsMs: 50, takeMs });
        assert.deepEqual([counts.accepted, counts.delayed], [1, 2]);
        assert.equal((await row(other.id)).state, 'published');
        for (const one of hanging) assert.equal((await row(one.id)).state, 'uploaded');
        assert.equal((await lateSweep()).accepted, 2);
      });

      it('begins nothing more when its time is over', async () => {
        const waiting = await deploy('at22');
        const died = await diesAt((die) => ({ artifacts: { uploadIncoming: () => die } }), 'at23');
        await endLease(died);
        const counts = await sweepWith(ports, { resumeMs: 0, takeMs: 0 });
        assert.deepEqual([counts.resumed, counts.accepted, counts.delayed], [0, 0, 1]);
        assert.ok(!(await attemptsAt(blobOf(waiting))));
        const next = await lateSweep();
        // Also what the resumed one has uploaded.
        assert.deepEqual([next.resumed, next.accepted], [1, 2]);
      });
    });

    it('does not call failed what is wanted already', async () => {
      const deployment = await deploy();
      const app = hooked({ documents: { write: () => broken } });
      for (const _time of [1, 2, 3]) await lateSweep(app);
      await stack.app.reconcileSources(new Date());
      assert.equal(await published(), deployment.id);
      assert.equal((await row(deployment.id)).state, 'published');
    });
  });

  describe('of the poison queue', () => {
    const drain = (input: string) => post(`${stack.run.functionsUrl}/admin/functions/drainPoison`, { input });
    const message = (BlobName: string) =>
      JSON.stringify({
        FunctionId: 'Host.Functions.acceptArtifact',
        Type: 'BlobTrigger',
        ContainerName: 'incoming',
        BlobName,
      });
    const told = (text: string) => stack.lines.filter((line) => line.message === text && line.level === 'error').length;

    it('accepts it when that is possible again', async () => {
      const deployment = await deploy();
      await ports.ledger.noteAttempt(blobOf(deployment), 'storage is down');
      assert.equal((await drain(message(blobOf(deployment)))).status, 202);
      await assertPublishedOnce(deployment);
      const [gaveUp] = stack.lines.filter((line) => line.message === 'trigger gave up').slice(-1);
      const { org, app, environment, id: deploymentId } = deployment;
      const about = { org, app, environment, deploymentId, container: 'incoming', blob: blobOf(deployment) };
      assert.deepEqual(gaveUp?.fields, { ...about, reason: 'storage is down' });
    });

    it('notes the reason on the deployment when it is not possible yet, and leaves it to the timer', async () => {
      const deployment = await deploy();
      const down = hooked({ artifacts: { archive: () => unavailable } });
      await down.drainPoison({ container: 'incoming', blob: blobOf(deployment) });
      assert.equal((await row(deployment.id)).state, 'uploaded');
      assert.equal(await ports.ledger.attemptReason(blobOf(deployment)), 'storage is down');
      const note = (await ports.ledger.events({ org: 'ttd', deploymentId: deployment.id, after: 0, limit: 1000 })).at(
        -1,
      );
      assert.equal(note?.type, 'delayed');
      assert.match(note?.message ?? '', /^Accepting failed five times; .* Last: storage is down$/);
      assert.equal((await lateSweep()).accepted, 1);
      await assertPublishedOnce(deployment);
    });

    it('takes a message about what nobody knows, or what is gone', async () => {
      for (const blob of ['hello.zip', 'ttd/small/tt02/0f8fad5b-d9cb-469f-a165-70867728950e.zip', 'a/b', '../x', '']) {
        const before = told('trigger gave up');
        assert.equal((await drain(message(blob))).status, 202, blob);
        assert.equal(told('trigger gave up'), before + 1, blob);
      }
    });

    it('swallows what is not of the form of the host, and logs it', async () => {
      const nonsense = ['', 'hello', '{', 'null', '7', '"text"', '[]', '{}', '{"BlobName": "x"}'];
      nonsense.push('{"ContainerName": 1, "BlobName": {}}', 'x'.repeat(10_000));
      for (const text of nonsense) {
        const before = told('poison message not understood');
        assert.equal((await drain(text)).status, 202, text);
        assert.equal(told('poison message not understood'), before + 1, text);
      }
      const longest = Math.max(...stack.lines.map(({ fields }) => String(fields.content ?? '').length));
      assert.ok(longest <= 500);
    });

    it('says nothing on a deployment that has been published since', async () => {
      const deployment = await deploy();
      await accept(deployment);
      await drain(message(blobOf(deployment)));
      assert.equal((await typesOf(deployment)).at(-1), 'published');
    });
  });
});
