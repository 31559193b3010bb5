import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { DeploymentState } from '../../src/model/deployment.ts';
import type { ReleaseKey } from '../../src/model/names.ts';
import { showApp } from '../../src/operate/show-apps.ts';
import {
  acceptInLedger,
  appliedIn,
  type FluxEventParts,
  helm,
  publishInLedger,
  sendTo,
} from '../support/flux-events.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/** When everything here was published; seconds after that are the cluster's times. */
const START = new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000);
const after_ = (seconds: number) => new Date(START.getTime() + seconds * 1000);

describe("a cluster's event", () => {
  let stack: TestStack;
  let send: ReturnType<typeof sendTo>;
  before(async () => {
    stack = await startTestStack({ blobEvents: false });
    send = sendTo(stack);
  });
  after(() => stack.stop());

  let last = 0;
  /** An app that no other test knows. */
  function newApp() {
    const app = `app-${++last}`;
    const key = { org: 'ttd', app, environment: 'tt02' };
    const name = `ttd-${app}-dev`;
    return {
      ...{ app, key, name },
      publish: (seconds = 0, kind: 'deploy' | 'undeploy' = 'deploy') =>
        publishInLedger(stack, key, { kind, publishedAt: after_(seconds) }),
      tell: (id: string | undefined, seconds: number, reason: string, message: string, parts: FluxEventParts = {}) =>
        send({
          ...{ name, reason, message, at: after_(seconds) },
          ...(id === undefined ? {} : { metadata: { 'deployment-id': id } }),
          ...parts,
        }),
    };
  }
  const deployment = async (id: string) => {
    const found = await stack.connection.ports.ledger.deployment(id);
    assert.ok(found);
    return found;
  };
  const stateOf = async (id: string) => (await deployment(id)).state;
  const historyOf = async (id: string) => {
    const all = await stack.connection.ports.ledger.events({ org: 'ttd', deploymentId: id, after: 0, limit: 1000 });
    return all.filter(({ origin }) => origin === 'flux');
  };
  const typesOf = async (id: string) => (await historyOf(id)).map(({ type }) => type);
  const runs = async (key: ReleaseKey) => (await appliedIn(stack, key))?.id ?? undefined;

  describe('of a HelmRelease', () => {
    type Case = readonly [reason: string, severity: string, message: string, ...after: DeploymentState[]];
    // What becomes of a deployment that is published, applied, failed.
    const app = (message: (app: string, revision: number) => string) => message('APP', 1);
    const cases: readonly Case[] = [
      ['InstallSucceeded', 'info', app(helm.installed), 'applied', 'applied', 'applied'],
      ['UpgradeSucceeded', 'info', app(helm.upgraded), 'applied', 'applied', 'applied'],
      ['UpgradeSucceeded', 'info', 'a message of another version', 'applied', 'applied', 'applied'],
      ['InstallFailed', 'error', app(helm.installFailed), 'failed', 'failed', 'failed'],
      ['UpgradeFailed', 'error', app(helm.upgradeFailed), 'failed', 'failed', 'failed'],
      ['RollbackSucceeded', 'info', app(helm.rolledBack), 'failed', 'failed', 'failed'],
      ['RollbackFailed', 'error', 'Helm rollback failed', 'failed', 'failed', 'failed'],
      ['TestFailed', 'error', 'Helm test failed', 'failed', 'failed', 'failed'],
      ['TestFailed', 'info', 'Helm test failed', 'published', 'applied', 'failed'],
      ['TestSucceeded', 'info', 'Helm test succeeded', 'published', 'applied', 'failed'],
      // It could not try. An applied one goes on, and Helm says nothing when it can again.
      ['ArtifactFailed', 'error', 'no such chart', 'failed', 'applied', 'failed'],
      ['ValuesError', 'error', 'no such values', 'failed', 'applied', 'failed'],
      ['SomethingNew', 'error', 'no idea', 'failed', 'applied', 'failed'],
      ['SomethingNew', 'info', 'no idea', 'published', 'applied', 'failed'],
      ['SomethingNew', 'trace', 'no idea', 'published', 'applied', 'failed'],
      // Flux tells these as errors, too.
      ['DriftDetected', 'error', 'Cluster state has drifted', 'published', 'applied', 'failed'],
      ['DependencyNotReady', 'info', 'not ready', 'published', 'applied', 'failed'],
      ['HealthCheckCanceled', 'error', 'New reconciliation triggered', 'published', 'applied', 'failed'],
      // Nobody asked for the app to be taken down.
      ['UninstallSucceeded', 'info', app(helm.uninstalled), 'published', 'applied', 'failed'],
      ['UninstallSucceeded', 'info', app(helm.cleared), 'published', 'applied', 'failed'],
      ['UninstallFailed', 'error', 'Helm uninstall failed', 'published', 'applied', 'failed'],
    ];
    for (const [reason, severity, message, ...expected] of cases)
      it(`${reason} (${severity}: ${message.slice(0, 24)}) leads to ${expected.join(', ')}`, async () => {
        const states: DeploymentState[] = [];
        for (const begin of ['published', 'applied', 'failed'] as const) {
          const { app, publish, tell } = newApp();
          const id = await publish();
          if (begin === 'applied') await tell(id, 10, 'InstallSucceeded', helm.installed(app, 1));
          if (begin === 'failed') await tell(id, 10, 'InstallFailed', helm.installFailed(app), { severity: 'error' });
          assert.equal(await stateOf(id), begin);
          const outcome = await tell(id, 20, reason, message.replace('APP', app), { severity });
          const state = await stateOf(id);
          assert.deepEqual(outcome, {
            ...{ outcome: state === begin ? 'kept' : 'moved', deploymentId: id },
            ...(state === begin ? {} : { state }),
          });
          assert.equal((await typesOf(id)).at(-1), state === begin ? reason : state);
          states.push(state);
        }
        assert.deepEqual(states, expected);
      });

    it("shows Helm's message and number, and what to do", async () => {
      const { app, key, publish, tell } = newApp();
      const id = await publish();
      await tell(id, 10, 'UpgradeFailed', helm.upgradeFailed(app), { severity: 'error' });
      const failed = await deployment(id);
      assert.deepEqual(failed.problems, [{ code: 'CLUSTER_FAILED', message: helm.upgradeFailed(app) }]);
      assert.deepEqual(failed.cluster, {
        ...{ state: 'failed', at: after_(10), helmRevision: undefined },
        message: helm.upgradeFailed(app),
      });
      await tell(id, 11, 'RollbackSucceeded', helm.rolledBack(app, 6));
      const back = `The cluster runs the previous release. ${helm.rolledBack(app, 6)}`;
      assert.deepEqual((await deployment(id)).problems, [{ code: 'CLUSTER_FAILED', message: back }]);
      assert.equal(await runs(key), undefined);
      await tell(id, 20, 'UpgradeSucceeded', helm.upgraded(app, 9));
      const applied = await deployment(id);
      assert.deepEqual(applied.problems, []);
      assert.deepEqual(applied.cluster, {
        ...{ state: 'applied', at: after_(20), helmRevision: 9 },
        message: helm.upgraded(app, 9),
      });
      assert.deepEqual(await appliedIn(stack, key), { id, at: after_(20), revision: 9 });
      assert.deepEqual(
        (await historyOf(id)).map(({ type, details }) => [type, details]),
        [
          ['failed', { reason: 'UpgradeFailed', kind: 'HelmRelease', severity: 'error', at: after_(10).toISOString() }],
          [
            'RollbackSucceeded',
            {
              ...{ reason: 'RollbackSucceeded', kind: 'HelmRelease', severity: 'info', at: after_(11).toISOString() },
              helmRevision: 6,
            },
          ],
          [
            'applied',
            {
              ...{ reason: 'UpgradeSucceeded', kind: 'HelmRelease', severity: 'info', at: after_(20).toISOString() },
              helmRevision: 9,
            },
          ],
        ],
      );
    });

    it('is joined by any spelling of the id, and by none to what is published', async () => {
      for (const key of [
        'deployment-id',
        'event.toolkit.fluxcd.io/deployment-id',
        'helm.toolkit.fluxcd.io/deployment-id',
        'toolkit.fluxcd.io/deployment-id',
        'build-id',
        'altinn.studio/build-id',
      ]) {
        const { app, publish, tell } = newApp();
        const first = await publish();
        await publish(5);
        await tell(undefined, 10, 'InstallSucceeded', helm.installed(app, 1), { metadata: { [key]: first } });
        assert.deepEqual(await typesOf(first), ['InstallSucceeded'], key);
      }
      const { app, publish, tell } = newApp();
      await publish();
      const second = await publish(5);
      await tell(undefined, 10, 'InstallSucceeded', helm.installed(app, 1));
      assert.equal(await stateOf(second), 'applied');
      // A key of somebody else's says nothing.
      await tell(undefined, 20, 'UpgradeFailed', 'x', { metadata: { 'example.com/deployment-id': randomUUID() } });
      assert.equal(await stateOf(second), 'failed');
    });
  });

  describe('of a source', () => {
    const KINDS = [
      ['Kustomization', 'ReconciliationFailed', ''],
      ['Bucket', 'BucketOperationFailed', ''],
      ['HelmChart', 'ChartPullError', 'default-'],
    ] as const;
    for (const [kind, reason, prefix] of KINDS) {
      it(`${kind} fails what is published, until Helm tells of it`, async () => {
        const { app, name, publish, tell } = newApp();
        const id = await publish();
        const source = { kind, name: `${prefix}${name}`, severity: 'error' };
        assert.equal((await tell(undefined, 10, reason, 'no', { ...source, severity: 'info' })).outcome, 'kept');
        assert.equal(await stateOf(id), 'published');
        assert.equal((await tell(undefined, 30, reason, 'no', source)).outcome, 'moved');
        assert.deepEqual((await deployment(id)).problems, [{ code: 'CLUSTER_FAILED', message: 'no' }]);
        // Earlier, yet told later: it was applied after all.
        await tell(id, 20, 'InstallSucceeded', helm.installed(app, 1));
        assert.deepEqual([await stateOf(id), (await deployment(id)).problems], ['applied', []]);
        assert.equal((await tell(undefined, 40, reason, 'no again', source)).outcome, 'kept');
        assert.equal(await stateOf(id), 'applied');
      });
    }

    it('is kept once, however often it is repeated, and counts again when it was too early before', async () => {
      const { name, publish, tell } = newApp();
      const id = await publish(60);
      const source = { kind: 'Kustomization', name, severity: 'error' };
      assert.equal((await tell(undefined, 50, 'BuildFailed', 'cut', source)).outcome, 'kept');
      assert.equal((await tell(undefined, 55, 'BuildFailed', 'cut', source)).outcome, 'repeated');
      assert.equal(await stateOf(id), 'published');
      assert.equal((await tell(undefined, 65, 'BuildFailed', 'cut', source)).outcome, 'moved');
      for (const seconds of [70, 80, 90])
        assert.equal((await tell(undefined, seconds, 'BuildFailed', 'cut', source)).outcome, 'repeated');
      for (const seconds of [70, 80, 90])
        await tell(undefined, seconds, 'ReconciliationSucceeded', 'Reconciliation finished', { kind: 'Kustomization' });
      assert.deepEqual(await typesOf(id), ['BuildFailed', 'failed', 'ReconciliationSucceeded']);
    });
  });

  describe('of something else', () => {
    it('is acknowledged, and leaves no trace', async () => {
      const { app, key, name, publish } = newApp();
      const other = newApp();
      const id = await publish();
      const otherId = await other.publish();
      await publishInLedger(stack, { ...key, environment: 'at22' });
      const install = { reason: 'InstallSucceeded', message: helm.installed(app, 1), at: after_(10) };
      const metadata = { 'deployment-id': id };
      const before = await stack.sql('select count(*) from pull_deploy.deployment_events');
      for (const parts of [
        { name: `ttd-${app}-prod`, metadata },
        { name: `ttd-${app}`, metadata },
        { name: `${name}-dev`, metadata },
        { name: `ttd-${app}-more-dev`, metadata },
        { name: `ttd-app-dev`, metadata },
        { name: `nav-${app}-dev`, metadata },
        { name: `default-${name}`, metadata },
        { name: 'ttd--dev', metadata },
        { name: 'ttd-dev', metadata },
        { name: `ttd-${app.toUpperCase()}-dev`, metadata },
        { name, metadata, namespace: 'kube-system' },
        { name, metadata, kind: 'GitRepository' },
        { name, metadata, kind: 'HelmChart' },
        { name, metadata: { 'deployment-id': randomUUID() } },
        { name, metadata: { 'deployment-id': otherId } },
        { name, metadata: { 'build-id': '4711' } },
        { name, metadata: { 'deployment-id': id.toUpperCase() } },
      ])
        assert.deepEqual(await send({ ...install, ...parts }), { outcome: 'ignored' }, JSON.stringify(parts));
      // Signed by another cluster, with its own key.
      assert.deepEqual(await send({ ...install, name, metadata }, { envName: 'at22' }), { outcome: 'ignored' });
      assert.deepEqual(await stack.sql('select count(*) from pull_deploy.deployment_events'), before);
      assert.equal(await stateOf(id), 'published');
      assert.ok(stack.lines.some(({ message, fields }) => message === 'flux event ignored' && fields.org === 'ttd'));
    });

    it('is that of an app which was registered and never deployed', async () => {
      const { key, name } = newApp();
      const bare = { sequence: 0, deploymentId: undefined, digest: 'x', etag: 'x' };
      await stack.connection.ports.ledger.recordPublished(key, bare);
      const parts = { name, kind: 'Kustomization', severity: 'error', reason: 'BuildFailed' };
      assert.deepEqual(await send(parts), { outcome: 'ignored' });
    });
  });

  describe('of a deployment that was never published', () => {
    it('is kept, and moves nothing', async () => {
      const { app, key, publish, tell } = newApp();
      const running = await publish();
      await tell(running, 5, 'InstallSucceeded', helm.installed(app, 1));
      const waiting = await acceptInLedger(stack, key);
      const failed = await acceptInLedger(stack, key);
      await stack.connection.ports.ledger.move(failed, 'failed', { message: 'ours', origin: 'api' });
      const rejected = await acceptInLedger(stack, key);
      await stack.connection.ports.ledger.move(rejected, 'rejected', { message: 'ours', origin: 'accept' });
      for (const [id, state] of [
        [waiting, 'accepted'],
        [failed, 'failed'],
        [rejected, 'rejected'],
      ] as const) {
        assert.equal((await tell(id, 100, 'UpgradeSucceeded', helm.upgraded(app, 9))).outcome, 'kept');
        assert.equal((await tell(id, 101, 'UpgradeFailed', 'x', { severity: 'error' })).outcome, 'kept');
        assert.equal((await tell(id, 102, 'UninstallSucceeded', helm.cleared(app, 9))).outcome, 'kept');
        assert.deepEqual([await stateOf(id), (await deployment(id)).cluster], [state, undefined]);
      }
    });
  });

  describe('whose time does not fit', () => {
    it('is history only, when it is from before the deployment, but for what clocks differ', async () => {
      const { app, publish, tell } = newApp();
      const id = await publish(600);
      await tell(id, 540, 'InstallSucceeded', helm.installed(app, 1));
      assert.equal(await stateOf(id), 'published');
      await tell(undefined, 598, 'InstallSucceeded', helm.installed(app, 2));
      assert.equal(await stateOf(id), 'published', 'nothing is said of whose it is, so no time is given');
      await tell(id, 541, 'InstallSucceeded', helm.installed(app, 3));
      assert.equal(await stateOf(id), 'applied');
    });

    it('is history only, when it comes from a clock that runs far ahead', async () => {
      const { app, key, publish, tell } = newApp();
      const id = await publish();
      const tomorrow = { at: new Date(Date.now() + 24 * 3_600_000) };
      await tell(id, 0, 'InstallFailed', 'x', { ...tomorrow, severity: 'error' });
      await tell(id, 0, 'UninstallSucceeded', helm.cleared(app, 1), tomorrow);
      assert.equal(await stateOf(id), 'published');
      await tell(id, 10, 'InstallSucceeded', helm.installed(app, 1));
      assert.deepEqual([await stateOf(id), await runs(key)], ['applied', id]);
    });

    it('is history only, when it is older than the one that decided', async () => {
      const { app, publish, tell } = newApp();
      const id = await publish();
      await tell(id, 20, 'UpgradeFailed', helm.upgradeFailed(app), { severity: 'error' });
      assert.equal((await tell(id, 10, 'UpgradeSucceeded', helm.upgraded(app, 7))).outcome, 'kept');
      assert.equal(await stateOf(id), 'failed');
    });

    it('counts in the order that Helm works in, within one second', async () => {
      const { app, publish, tell } = newApp();
      const [first, second] = [await publish(), await newApp().publish()];
      assert.ok(second);
      await tell(first, 10, 'RollbackSucceeded', helm.rolledBack(app, 6));
      await tell(first, 10, 'UpgradeSucceeded', helm.upgraded(app, 7));
      await tell(first, 10, 'UpgradeFailed', helm.upgradeFailed(app), { severity: 'error' });
      assert.match((await deployment(first)).cluster?.message ?? '', /^The cluster runs the previous release/);
      await tell(first, 11, 'UpgradeSucceeded', helm.upgraded(app, 10));
      await tell(first, 11, 'UpgradeSucceeded', helm.upgraded(app, 9));
      assert.equal((await deployment(first)).cluster?.helmRevision, 10);
    });
  });

  describe('that comes again', () => {
    it('changes nothing, not even when both are there at the same time', async () => {
      const { app, key, publish, tell } = newApp();
      const id = await publish();
      const outcomes = await Promise.all(
        [1, 2, 3, 4, 5].map(() => tell(id, 10, 'InstallSucceeded', helm.installed(app, 1))),
      );
      assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), [
        'moved',
        'repeated',
        'repeated',
        'repeated',
        'repeated',
      ]);
      const before = await deployment(id);
      await tell(id, 10, 'InstallSucceeded', helm.installed(app, 1));
      assert.deepEqual(await deployment(id), before);
      assert.deepEqual([await typesOf(id), await runs(key)], [['applied'], id]);
    });

    it('does so after others, too', async () => {
      const { app, publish, tell } = newApp();
      const id = await publish();
      const failed = () => tell(id, 10, 'InstallFailed', helm.installFailed(app), { severity: 'error' });
      await failed();
      await tell(id, 20, 'InstallSucceeded', helm.installed(app, 1));
      assert.equal((await failed()).outcome, 'repeated');
      assert.deepEqual([await stateOf(id), await typesOf(id)], ['applied', ['failed', 'applied']]);
    });

    it('in ever other words is kept 500 times at most, and moves the state all the same', async () => {
      const { app, publish, tell } = newApp();
      const id = await publish();
      await stack.sql(
        `insert into pull_deploy.deployment_events (deployment_id, org, type, message, origin)
         select $1, 'ttd', 'Progressing', 'x', 'flux' from generate_series(1, 399)`,
        [id],
      );
      await tell(id, 10, 'Progressing', 'the last one');
      await tell(id, 11, 'Progressing', 'one too many');
      assert.equal((await historyOf(id)).length, 400);
      await tell(id, 12, 'InstallFailed', helm.installFailed(app), { severity: 'error' });
      await tell(id, 13, 'InstallSucceeded', helm.installed(app, 1));
      assert.deepEqual((await typesOf(id)).slice(400), ['failed', 'applied']);
      await stack.sql(
        `insert into pull_deploy.deployment_events (deployment_id, org, type, message, origin)
         select $1, 'ttd', 'Progressing', 'x', 'flux' from generate_series(1, 98)`,
        [id],
      );
      await tell(id, 14, 'UpgradeFailed', helm.upgradeFailed(app), { severity: 'error' });
      assert.deepEqual([await stateOf(id), (await historyOf(id)).length], ['failed', 500]);
    });
  });

  describe('of one of several deployments', () => {
    it('supersedes those before it that the cluster never told of', async () => {
      const { key, publish, app, tell } = newApp();
      const [first, second] = [await publish(), await publish(10)];
      assert.deepEqual([await stateOf(first), await stateOf(second)], ['superseded', 'published']);
      await tell(second, 20, 'InstallSucceeded', helm.installed(app, 1));
      const third = await publish(30);
      assert.deepEqual([await stateOf(second), await runs(key)], ['applied', second]);
      await tell(third, 40, 'UpgradeFailed', helm.upgradeFailed(app), { severity: 'error' });
      const fourth = await publish(50);
      assert.deepEqual(await Promise.all([first, second, third, fourth].map(stateOf)), [
        'superseded',
        'applied',
        'failed',
        'published',
      ]);
      // Left published by an earlier version of this service.
      await stack.sql(`update pull_deploy.deployments set state = 'published' where id = $1`, [first]);
      await tell(fourth, 60, 'UpgradeSucceeded', helm.upgraded(app, 3));
      assert.equal(await stateOf(first), 'superseded');
      const last = (await historyOf(first)).at(-1);
      assert.deepEqual([last?.type, last?.message], ['superseded', 'A newer one was applied first.']);
    });

    it('tells what runs, when it is of one that was superseded, and leaves that so', async () => {
      const { app, key, publish, tell } = newApp();
      const [first, second] = [await publish(), await publish(10)];
      assert.equal((await tell(first, 12, 'InstallSucceeded', helm.installed(app, 1))).outcome, 'kept');
      assert.deepEqual([await stateOf(first), await runs(key)], ['superseded', first]);
      assert.equal((await deployment(first)).cluster?.state, 'applied');
      await tell(second, 20, 'UpgradeSucceeded', helm.upgraded(app, 2));
      assert.equal(await runs(key), second);
      await tell(first, 15, 'UpgradeSucceeded', helm.upgraded(app, 1));
      assert.deepEqual(await appliedIn(stack, key), { id: second, at: after_(20), revision: 2 });
      await tell(first, 30, 'UpgradeFailed', 'x', { severity: 'error' });
      assert.deepEqual([await stateOf(first), (await deployment(first)).problems], ['superseded', []]);
    });

    it('tells that an earlier one runs again after a rollback', async () => {
      const { app, key, publish, tell } = newApp();
      const first = await publish();
      await tell(first, 10, 'InstallSucceeded', helm.installed(app, 1));
      const second = await publish(20);
      await tell(second, 30, 'UpgradeSucceeded', helm.upgraded(app, 2));
      await tell(second, 31, 'TestFailed', 'Helm test failed', { severity: 'error' });
      assert.deepEqual([await stateOf(second), await runs(key)], ['failed', second], 'it is still there');
      await tell(second, 32, 'RollbackSucceeded', helm.rolledBack(app, 1));
      assert.deepEqual([await stateOf(second), await runs(key)], ['failed', first]);
      // An upgrade that puts right what was changed by hand fails, and Helm goes back to its own last number.
      await tell(second, 40, 'UpgradeSucceeded', helm.upgraded(app, 4));
      await tell(second, 50, 'UpgradeFailed', helm.upgradeFailed(app), { severity: 'error' });
      await tell(second, 51, 'RollbackSucceeded', helm.rolledBack(app, 4));
      assert.deepEqual([await stateOf(second), await runs(key)], ['failed', second]);
    });

    it("is the other's when it has the number that the other runs with", async () => {
      const { app, key, publish, tell } = newApp();
      const first = await publish();
      await tell(first, 10, 'UpgradeSucceeded', helm.upgraded(app, 7));
      const second = await publish(20);
      await tell(second, 30, 'UpgradeSucceeded', helm.upgraded(app, 7));
      assert.deepEqual([await stateOf(second), await runs(key)], ['published', first]);
      await tell(second, 40, 'UpgradeSucceeded', helm.upgraded(app, 8));
      assert.deepEqual([await stateOf(second), await runs(key)], ['applied', second]);
    });

    it('counts with any number after an install, or when the app was taken down in between', async () => {
      const { app, key, publish, tell } = newApp();
      const first = await publish();
      await tell(first, 10, 'InstallSucceeded', helm.installed(app, 1));
      const second = await publish(20);
      await tell(second, 30, 'InstallSucceeded', helm.installed(app, 1));
      assert.deepEqual([await stateOf(second), await runs(key)], ['applied', second]);
      await tell(second, 35, 'UpgradeSucceeded', helm.upgraded(app, 2));
      await publish(40, 'undeploy');
      const third = await publish(50);
      await tell(third, 60, 'UpgradeSucceeded', helm.upgraded(app, 2));
      assert.deepEqual([await stateOf(third), await runs(key)], ['applied', third]);
    });
  });

  describe('of an undeploy', () => {
    async function deployed() {
      const made = newApp();
      const id = await made.publish();
      await made.tell(id, 10, 'InstallSucceeded', helm.installed(made.app, 1));
      return { ...made, id };
    }

    it('is told with the id of what is taken down', async () => {
      const { app, key, publish, tell, id } = await deployed();
      const undeploy = await publish(20, 'undeploy');
      assert.equal(await runs(key), id);
      assert.deepEqual(await tell(id, 30, 'UninstallSucceeded', helm.uninstalled(app, 1)), {
        ...{ outcome: 'moved', deploymentId: undeploy, state: 'removed' },
      });
      assert.deepEqual([await stateOf(id), await stateOf(undeploy)], ['applied', 'removed']);
      assert.deepEqual(await appliedIn(stack, key), { id: null, at: null, revision: null });
      assert.equal((await deployment(undeploy)).cluster?.message, helm.uninstalled(app, 1));
      await tell(id, 10, 'InstallSucceeded', helm.installed(app, 1));
      await tell(id, 12, 'UpgradeSucceeded', helm.upgraded(app, 2));
      assert.equal(await runs(key), undefined, 'what was before does not run any more');
    });

    it('fails when Helm says so, and may succeed later, whatever is told first', async () => {
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const { app, publish, tell, id } = await deployed();
        const undeploy = await publish(20, 'undeploy');
        const told = [
          () => tell(id, 30, 'UninstallFailed', 'Helm uninstall failed', { severity: 'error' }),
          () => tell(id, 90, 'UninstallSucceeded', helm.uninstalled(app, 1)),
        ];
        await told[order[0] as number]?.();
        const between = await deployment(undeploy);
        assert.deepEqual([between.state, between.problems.length], order[0] === 0 ? ['failed', 1] : ['removed', 0]);
        await told[order[1] as number]?.();
        assert.deepEqual([await stateOf(undeploy), (await deployment(undeploy)).problems], ['removed', []]);
      }
    });

    it('is not over because an install was cleared away, or something was uninstalled before it', async () => {
      const { app, publish, tell, id } = await deployed();
      const undeploy = await publish(20, 'undeploy');
      await tell(id, 15, 'UninstallSucceeded', helm.uninstalled(app, 1));
      await tell(id, 30, 'UninstallSucceeded', helm.cleared(app, 1));
      await tell(undeploy, 40, 'InstallSucceeded', helm.installed(app, 1));
      await tell(undefined, 41, 'UpgradeFailed', 'x', { severity: 'error' });
      assert.equal(await stateOf(undeploy), 'published');
    });

    it('fails when its document can not be applied', async () => {
      const { app, name, publish, tell, id } = await deployed();
      const undeploy = await publish(20, 'undeploy');
      const source = { kind: 'Kustomization', name, severity: 'error' };
      await tell(undefined, 30, 'BuildFailed', 'the marker is missing', source);
      assert.equal(await stateOf(undeploy), 'failed');
      await tell(id, 25, 'UninstallSucceeded', helm.uninstalled(app, 1));
      assert.equal(await stateOf(undeploy), 'removed');
    });

    it('that was overtaken by a new deployment is history', async () => {
      const { app, key, publish, tell, id } = await deployed();
      const undeploy = await publish(20, 'undeploy');
      const again = await publish(30);
      await tell(id, 25, 'UninstallSucceeded', helm.uninstalled(app, 1));
      assert.deepEqual([await stateOf(undeploy), await stateOf(again)], ['superseded', 'published']);
      assert.equal(await runs(key), undefined, 'but it was uninstalled');
      await tell(again, 40, 'InstallSucceeded', helm.installed(app, 1));
      assert.deepEqual([await stateOf(again), await runs(key)], ['applied', again]);
    });
  });

  it('is not overruled by a failure of ours that comes later', async () => {
    const { app, publish, tell } = newApp();
    const id = await publish();
    const { ledger } = stack.connection.ports;
    for (const state of ['published', 'applied']) {
      assert.equal(await ledger.move(id, 'failed', { message: 'ours', origin: 'accept' }), undefined);
      assert.equal(await stateOf(id), state);
      await tell(id, 10, 'InstallSucceeded', helm.installed(app, 1));
    }
  });

  it('shows in the app what runs, though a newer one is published', async () => {
    const { key, app, publish, tell } = newApp();
    const first = await publish();
    await tell(first, 10, 'UpgradeSucceeded', helm.upgraded(app, 4));
    const second = await publish(20);
    const view = await showApp(stack.connection.ports, stack.config.studio, key);
    const found = view.environments.find(({ envName }) => envName === 'tt02');
    assert.deepEqual([found?.published?.id, found?.published?.state], [second, 'published']);
    const { id, state, since, helmRevision } = found?.applied ?? {};
    assert.deepEqual([id, state, since, helmRevision], [first, 'applied', after_(10).toISOString(), 4]);
  });
});
