import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type App, makeApp } from '../../src/app.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { artifactBlob } from '../../src/model/names.ts';
import type { Ports } from '../../src/ports.ts';
import { type Answer, get, post } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { withHooks } from '../support/ports.ts';
import { deployRequest } from '../support/requests.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

describe('undeploying an app', () => {
  let stack: TestStack;
  let ports: Ports;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    for (const app of ['parking-permit', 'grant-application', 'household-survey'])
      await writeApp(folder, 'ttd', app, minimalApp('ttd', app));
    stack = await startTestStack({ apps: folder, blobEvents: false });
    ports = stack.connection.ports;
  });
  after(async () => {
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  const APP = 'parking-permit';
  const url = (what: string, app = APP) => `${stack.run.functionsUrl}/api/v1/ttd/${app}/${what}`;
  const ask = (envName: string, headers: Record<string, string> = {}, app = APP) =>
    post(url('undeploy', app), { envName }, headers);
  const caller = { id: 'tester', name: 'tester' };
  const request = (envName: string, app = APP) => ({ org: 'ttd', app, envName, caller, idempotencyKey: undefined });
  const deploy = (envName: string, app = APP) => stack.app.deploy(deployRequest(app, envName));
  const accept = (of: Deployment) => stack.app.acceptArtifact(artifactBlob({ ...of, deploymentId: of.id }));
  async function deployed(envName: string, app = APP): Promise<Deployment> {
    const deployment = await deploy(envName, app);
    assert.equal(await accept(deployment), 'published');
    return deployment;
  }
  async function release(environment: string, app = APP) {
    const stored = await stack.storage(environment).container(`app-ttd-${app}`).read('release/release.yaml');
    return JSON.parse(String(stored?.bytes)).items;
  }
  const marker = async (environment: string, app = APP) => (await release(environment, app))[0].data;
  const stateOf = async (id: string) => (await ports.ledger.deployment(id))?.state;
  const historyOf = async (id: string) =>
    (await ports.ledger.events({ org: 'ttd', deploymentId: id, after: 0, limit: 1000 })).map(({ type }) => type);
  const hooked = (hooks: Parameters<typeof withHooks>[1]): App => makeApp(withHooks(ports, hooks), stack.config.studio);
  const endLease = (id: string) =>
    stack.sql(
      `update pull_deploy.deployments set lease_until = clock_timestamp() - interval '1 second' where id = $1`,
      [id],
    );
  const sweep = () => stack.app.sweepIncoming(new Date());
  async function undeploysOf(environment: string, app = APP): Promise<readonly Deployment[]> {
    const all = await ports.ledger.deployments({ org: 'ttd', app, environment, before: undefined, limit: 20 });
    return all.filter(({ kind }) => kind === 'undeploy');
  }
  function assertProblem({ status, body }: Answer, expected: number, ...codes: string[]): void {
    assert.deepEqual([status, body.problems?.map(({ code }: { code: string }) => code)], [expected, codes]);
  }

  /** What should be held up, or gone, and ends instead, fails the test: waiting for it would have no end. */
  const survives = async (work: Promise<unknown>): Promise<never> => {
    await work;
    throw new Error('the process got further than it should');
  };
  /** Everything up to a point happens, then the process is gone: what it waited for never comes. */
  async function diesAt(environment: string, hooks: (die: () => Promise<never>) => Parameters<typeof withHooks>[1]) {
    let tell: () => void = () => {};
    const died = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const die = () => {
      tell();
      return new Promise<never>(() => {});
    };
    await Promise.race([died, survives(hooked(hooks(die)).undeploy(request(environment)))]);
    const [dead] = await undeploysOf(environment);
    assert.ok(dead);
    return dead;
  }
  /** Holds a call up until it is let go. */
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

  it('publishes a release that holds nothing but its marker, with a higher sequence', async () => {
    const deployment = await deployed('at22');
    assert.ok((await release('at22')).length > 1);
    const sources = await stack.storage('at22').container('cluster-ttd').etag('sources/sources.yaml');
    const { status, body, headers } = await ask('at22');
    assert.equal(status, 202);
    assert.deepEqual([body.kind, body.state, body.sequence], ['undeploy', 'published', 2]);
    assert.deepEqual([body.tagName, body.commit, body.artifact], [undefined, undefined, undefined]);
    assert.equal(headers.get('location'), `/api/v1/ttd/${APP}/deployments/${body.id}`);

    const items = await release('at22');
    assert.deepEqual(
      items.map(({ kind }: { kind: string }) => kind),
      ['ConfigMap'],
    );
    const { state, sequence, deploymentId, org, app, environment, installation } = items[0].data;
    assert.deepEqual([state, sequence, deploymentId], ['undeployed', '2', body.id]);
    assert.deepEqual([org, app, environment], ['ttd', APP, 'at22']);
    assert.equal(installation, await ports.ledger.installation());
    assert.equal(items[0].metadata.name, `ttd-${APP}-release-dev`);

    // The source stays, so that Flux takes down what it had applied.
    assert.equal(await stack.storage('at22').container('cluster-ttd').etag('sources/sources.yaml'), sources);
    assert.deepEqual(await historyOf(body.id), ['accepted', 'published']);
    const details = (await get(`${stack.run.functionsUrl}${headers.get('location')}`)).body;
    assert.equal(details.events[0].message, 'developer asked for the undeploy.');
    assert.equal(details.events[1].message, 'Published for Flux to take the app down.');
    // The cluster never told of it.
    assert.deepEqual(await historyOf(deployment.id), ['accepted', 'building', 'uploaded', 'published', 'superseded']);
  });

  it('leaves other environments and other apps as they are', async () => {
    await deployed('at23', 'household-survey');
    const before = [await marker('at22'), await marker('at23', 'household-survey')];
    await deployed('at23');
    await ask('at23');
    assert.deepEqual([await marker('at22'), await marker('at23', 'household-survey')], before);
  });

  it('is in step for the timer, which changes nothing more', async () => {
    const etag = await stack.storage('at22').container(`app-ttd-${APP}`).etag('release/release.yaml');
    await stack.app.reconcileSources(new Date());
    assert.equal(await stack.storage('at22').container(`app-ttd-${APP}`).etag('release/release.yaml'), etag);
    const view = (await get(`${stack.run.functionsUrl}/api/v1/ttd/${APP}`)).body;
    const at22 = view.environments.find(({ envName }: { envName: string }) => envName === 'at22');
    assert.deepEqual([at22.inStep, at22.published.kind, at22.wanted.kind], [true, 'undeploy', 'undeploy']);
  });

  it('puts its release back when somebody has taken it away', async () => {
    const container = stack.storage('at22').container(`app-ttd-${APP}`);
    const before = await release('at22');
    await container.remove('release/release.yaml', (await container.etag('release/release.yaml')) as string);
    await stack.app.reconcileSources(new Date());
    assert.deepEqual(await release('at22'), before);
  });

  it('is one undeploy for one Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'take-it-down' };
    const answers = await Promise.all([1, 2, 3].map(() => ask('at22', key)));
    const again = await ask('at22', key);
    assert.deepEqual(
      [...answers, again].map(({ status, body }) => [status, body.id]),
      [1, 2, 3, 4].map(() => [202, again.body.id]),
    );
    assert.equal((await undeploysOf('at22')).length, 2);
    assert.equal((await marker('at22')).deploymentId, again.body.id);
    assertProblem(await ask('at23', key), 422, 'IDEMPOTENCY_KEY_REUSED');
    assertProblem(
      await post(url('deployments'), { envName: 'at22', tagName: '1' }, key),
      422,
      'IDEMPOTENCY_KEY_REUSED',
    );
    assert.notEqual((await ask('at22')).body.id, again.body.id);
  });

  it('is refused where the app was never deployed, and leaves no deployment behind', async () => {
    assertProblem(await ask('tt02'), 404, 'APP_UNKNOWN');
    assertProblem(await ask('at22', {}, 'grant-application'), 404, 'APP_UNKNOWN');
    assertProblem(await ask('at22', {}, 'no-such-app'), 404, 'APP_UNKNOWN');
    await stack.app.registerApp({ org: 'ttd', app: 'grant-application' });
    assertProblem(await ask('at22', {}, 'grant-application'), 404, 'APP_UNKNOWN');
    assert.equal((await marker('at22', 'grant-application')).state, 'none');
    assert.deepEqual([...(await undeploysOf('tt02')), ...(await undeploysOf('at22', 'grant-application'))], []);
  });

  it('is refused for an environment that there is not, or a request that is not as documented', async () => {
    assertProblem(await ask('at99'), 404, 'ENVIRONMENT_UNKNOWN');
    const nav = await post(`${stack.run.functionsUrl}/api/v1/nav/${APP}/undeploy`, { envName: 'at22' });
    assertProblem(nav, 404, 'CLUSTER_UNKNOWN');
    assertProblem(await post(url('undeploy'), {}), 400, 'REQUEST_INVALID');
    assertProblem(await post(url('undeploy'), { envName: 'at22', tagName: '1' }), 400, 'REQUEST_INVALID');
    assertProblem(await post(url('undeploy', 'two--hyphens'), { envName: 'at22' }), 400, 'APP_NAME_UNSUPPORTED');
    assert.equal((await get(url('undeploy'))).status, 405);
  });

  it('does not keep the app from being deployed again', async () => {
    const { id, sequence } = await deployed('at22');
    const { state, deploymentId } = await marker('at22');
    assert.deepEqual([state, deploymentId], ['deployed', id]);
    assert.ok((await release('at22')).length > 1);
    const { body } = await ask('at22');
    assert.ok(body.sequence > sequence);
    assert.equal((await marker('at22')).state, 'undeployed');
    assert.equal((await marker('at22')).sequence, String(body.sequence));
  });

  describe('and deploying it at the same time', () => {
    it('lets the undeploy win that was asked for later, though the artifact comes last', async () => {
      await deployed('at24');
      const deployment = await deploy('at24');
      const { body } = await ask('at24');
      assert.equal(await accept(deployment), 'superseded');
      assert.deepEqual((await marker('at24')).deploymentId, body.id);
      assert.deepEqual([await stateOf(deployment.id), await stateOf(body.id)], ['superseded', 'published']);
      assert.deepEqual(await historyOf(deployment.id), ['accepted', 'building', 'uploaded', 'superseded']);
      assert.deepEqual(await historyOf(body.id), ['accepted', 'published']);
    });

    it('lets the deployment win that was asked for later, though the undeploy ends last', async () => {
      await deployed('at24');
      const { pause, reached, letGo } = paused();
      const slow = hooked({
        ledger: {
          wantUndeploy: (want) => async (of) => {
            await pause();
            return want(of);
          },
        },
      });
      const undeploying = slow.undeploy(request('at24'));
      await Promise.race([reached, survives(undeploying)]);
      const later = await deployed('at24');
      letGo();
      const undeployed = await undeploying;
      assert.ok(undeployed.sequence < later.sequence);
      assert.deepEqual([undeployed.state, await stateOf(later.id)], ['superseded', 'published']);
      assert.equal((await marker('at24')).deploymentId, later.id);
      assert.deepEqual(await historyOf(undeployed.id), ['accepted', 'superseded']);
      assert.deepEqual(await historyOf(later.id), ['accepted', 'building', 'uploaded', 'published']);
    });

    it('lets the later deployment win when both write the document at once', async () => {
      await deployed('at24');
      let later: Deployment | undefined;
      const racing = hooked({
        documents: {
          write: (write) => async (place, text, replaces) => {
            // Between the undeploy's read and its write.
            if (place.blob === 'release/release.yaml') later ??= await deployed('at24');
            return write(place, text, replaces);
          },
        },
      });
      const undeployed = await racing.undeploy(request('at24'));
      assert.ok(later);
      assert.equal((await marker('at24')).deploymentId, later.id);
      assert.deepEqual([undeployed.state, await stateOf(later.id)], ['superseded', 'published']);
    });

    it('lets the later undeploy win when both write the document at once', async () => {
      await deployed('at24');
      const deployment = await deploy('at24');
      let later: Deployment | undefined;
      const racing = hooked({
        documents: {
          write: (write) => async (place, text, replaces) => {
            if (place.blob === 'release/release.yaml') later ??= await stack.app.undeploy(request('at24'));
            return write(place, text, replaces);
          },
        },
      });
      await racing.acceptArtifact(artifactBlob({ ...deployment, deploymentId: deployment.id }));
      assert.ok(later);
      assert.equal((await marker('at24')).deploymentId, later.id);
      assert.equal((await marker('at24')).state, 'undeployed');
      assert.deepEqual([await stateOf(deployment.id), await stateOf(later.id)], ['superseded', 'published']);
    });

    it('lets an undeploy win over the first deployment, whose artifact is still on its way', async () => {
      const first = await deploy('production');
      const { status, body } = await ask('production');
      await accept(first);
      assert.equal(status, 202);
      assert.deepEqual((await marker('production')).deploymentId, body.id);
    });
  });

  describe('by a process that dies', () => {
    it('between the archive and the ledger, is finished by the timer once its lease is over', async () => {
      await deployed('yt01');
      const dead = await diesAt('yt01', (die) => ({ ledger: { wantUndeploy: () => die } }));
      assert.equal(dead.state, 'accepted');
      const { id, fence } = dead;

      await sweep();
      assert.equal((await marker('yt01')).state, 'deployed');
      assert.deepEqual(await historyOf(id), ['accepted']);

      await endLease(id);
      assert.equal((await sweep()).resumed, 1);
      assert.deepEqual([(await marker('yt01')).state, (await marker('yt01')).deploymentId], ['undeployed', id]);
      assert.deepEqual(await historyOf(id), ['accepted', 'resumed', 'published']);
      assert.equal((await ports.ledger.deployment(id))?.fence, fence + 1);
      assert.equal((await sweep()).resumed, 0);
    });

    it('before the archive, is finished likewise', async () => {
      await deployed('yt01');
      const dead = await diesAt('yt01', (die) => ({ artifacts: { archiveRelease: () => die } }));
      await endLease(dead.id);
      assert.equal((await sweep()).resumed, 1);
      assert.equal((await marker('yt01')).deploymentId, dead.id);
      assert.equal(await stateOf(dead.id), 'published');
    });

    it('between the ledger and the document, is finished by the next reconcile pass', async () => {
      await deployed('yt01');
      const dead = await diesAt('yt01', (die) => ({ documents: { write: () => die } }));
      assert.equal((await marker('yt01')).state, 'deployed');
      await stack.app.reconcileSources(new Date());
      assert.equal((await marker('yt01')).deploymentId, dead.id);
      assert.equal(await stateOf(dead.id), 'published');
    });

    it('is not finished any more after 15 minutes, and says so', async () => {
      await deployed('yt01');
      const dead = await diesAt('yt01', (die) => ({ ledger: { wantUndeploy: () => die } }));
      await endLease(dead.id);
      await stack.sql(
        `update pull_deploy.deployments set created_at = clock_timestamp() - interval '16 minutes' where id = $1`,
        [dead.id],
      );
      const { expired, resumed } = await sweep();
      assert.deepEqual([expired, resumed], [1, 0]);
      const ended = await ports.ledger.deployment(dead.id);
      assert.deepEqual([ended?.state, ended?.problems[0]?.code], ['failed', 'BUILD_ABANDONED']);
      await stack.app.reconcileSources(new Date());
      assert.equal((await marker('yt01')).state, 'deployed');
    });
  });

  describe('while something is down', () => {
    it('is delayed, not failed, when the document can not be written, and the timer ends it', async () => {
      await deployed('at23');
      const broken = hooked({ documents: { write: () => async () => Promise.reject(new Error('storage is down')) } });
      const { id, state } = await broken.undeploy(request('at23'));
      assert.equal(state, 'accepted');
      assert.equal((await marker('at23')).state, 'deployed');
      await stack.app.reconcileSources(new Date());
      assert.equal((await marker('at23')).deploymentId, id);
      assert.equal(await stateOf(id), 'published');
    });

    it('fails with its reason when it can not be archived, and nothing is taken down', async () => {
      const { id } = await deployed('at23');
      const broken = hooked({ artifacts: { archiveRelease: () => async () => Promise.reject(new Error('no')) } });
      await assert.rejects(broken.undeploy(request('at23')), { code: 'INTERNAL' });
      const [failed] = await undeploysOf('at23');
      assert.deepEqual([failed?.state, failed?.problems[0]?.code], ['failed', 'INTERNAL']);
      await stack.app.reconcileSources(new Date());
      assert.equal((await marker('at23')).deploymentId, id);
    });

    it('is not called failed when only the answer of the ledger was lost', async () => {
      await deployed('at23');
      const lossy = hooked({
        ledger: {
          wantUndeploy: (want) => async (of) => {
            await want(of);
            throw new Error('the connection broke off after the commit');
          },
        },
      });
      await lossy.undeploy(request('at23')).catch(() => {});
      await stack.app.reconcileSources(new Date());
      const [last] = await undeploysOf('at23');
      assert.equal((await marker('at23')).deploymentId, last?.id);
      assert.equal(last?.state, 'published');
    });

    it('changes nothing where storage knows more than the database', async () => {
      await deployed('production');
      const before = await marker('production');
      const container = stack.storage('production').container(`app-ttd-${APP}`);
      const stored = await container.read('release/release.yaml');
      const text = String(stored?.bytes).replace(before.deploymentId, randomUUID());
      await container.overwrite('release/release.yaml', text, 'application/yaml');
      assertProblem(await ask('production'), 503, 'LEDGER_STALE');
      const after_ = await container.read('release/release.yaml');
      assert.equal(String(after_?.bytes), text);
      const [failed] = await undeploysOf('production');
      assert.deepEqual([failed?.state, failed?.problems[0]?.code], ['failed', 'LEDGER_STALE']);
    });
  });
});
