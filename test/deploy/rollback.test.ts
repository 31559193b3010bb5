import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeApp } from '../../src/app.ts';
import { AppError } from '../../src/errors.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import type { Studio } from '../../src/model/environments.ts';
import { artifactBlob } from '../../src/model/names.ts';
import type { Ports } from '../../src/ports.ts';
import { type Answer, call, post } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { unpack } from '../support/make-artifact.ts';
import { withHooks } from '../support/ports.ts';
import { deployRequest } from '../support/requests.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { releaseVersion, setScopes } from '../support/versions.ts';

const APP = 'parking-permit';

describe('deploying an earlier deployment again', () => {
  let stack: TestStack;
  let ports: Ports;
  let offline: Ports;
  let folder: string;
  let first: Deployment;
  let second: Deployment;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    await writeApp(folder, 'ttd', APP, { ...minimalApp('ttd', APP), 'deployment/values.yaml': 'replicaCount: 2\n' });
    stack = await startTestStack({ apps: folder, blobEvents: false });
    ports = stack.connection.ports;
    const down = () => async (): Promise<never> => {
      throw new AppError('GITEA_UNAVAILABLE', 'it is down');
    };
    // Everything that is not ours.
    offline = withHooks(ports, {
      repositories: { exists: down, resolveCommit: down, archive: down, hasFile: down, list: down },
      studio: { findRelease: down, scopes: down },
    });
    await setScopes(stack, APP, ['altinn:profile']);
    first = await deployed({ tagName: '1' });
    await releaseVersion(stack, folder, APP, '2', { 'deployment/values.yaml': 'replicaCount: 3\n' });
    await setScopes(stack, APP, ['altinn:other']);
    second = await deployed({ tagName: '2' });
  });
  after(async () => {
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  type What = { tagName?: string; fromDeploymentId?: string };
  const request = (what: What, envName = 'tt02', idempotencyKey?: string) =>
    deployRequest(APP, envName, { ...what, idempotencyKey });
  async function deployed(what: What, envName = 'tt02', studio: Studio = stack.config.studio, of = ports) {
    const app = makeApp(of, studio);
    const deployment = await app.deploy(request(what, envName));
    assert.equal(await app.acceptArtifact(blobOf(deployment)), 'published');
    return (await ports.ledger.deployment(deployment.id)) as Deployment;
  }
  const blobOf = (of: Deployment) => artifactBlob({ ...of, deploymentId: of.id });
  const artifactOf = async (of: Deployment) =>
    unpack((await ports.artifacts.readArtifact({ ...of, deploymentId: of.id })) as Buffer);
  async function released(environment = 'tt02') {
    const stored = await stack.storage(environment).container(`app-ttd-${APP}`).read('release/release.yaml');
    return String(stored?.bytes);
  }
  const url = (id: string, what: string) => `${stack.run.functionsUrl}/api/v1/ttd/${APP}/deployments/${id}/${what}`;
  const assertRefused = ({ status, body }: Answer, expected: number, code: string) =>
    assert.deepEqual([status, body.code], [expected, code]);

  it('in its environment publishes what ran then, without Gitea and without Studio', async () => {
    const before = await artifactOf(first);
    const again = await deployed({ fromDeploymentId: first.id }, 'tt02', stack.config.studio, offline);
    assert.deepEqual(
      [again.kind, again.from, again.tagName, again.commit, again.state],
      ['rollback', first.id, '1', first.commit, 'published'],
    );
    assert.ok(again.sequence > second.sequence);
    assert.equal(again.built?.inputsDigest, first.built?.inputsDigest);
    const after = await artifactOf(again);
    assert.deepEqual([...after.keys()], [...before.keys()]);
    for (const [path, content] of before)
      if (path !== 'artifact.json')
        assert.equal(String(after.get(path)), String(content).replaceAll(first.id, again.id), path);
    const { items } = JSON.parse(await released());
    assert.equal(items[0].data.deploymentId, again.id);
    assert.equal(items[1].spec.values.replicaCount, 2);
    assert.deepEqual(items[2].spec.scopes, ['altinn:profile']);
    assert.deepEqual(
      again.warnings.map(({ code }) => code),
      ['PLATFORM_DATA_STAYS'],
    );
  });

  it('is not kept from it by a configuration that has changed since', async () => {
    const { studio } = stack.config;
    const changed: Studio = {
      ...studio,
      chart: { name: 'other-chart', version: '4.0.0', repository: 'other-charts' },
      registryPattern: '{org}.other.example',
      appSecretPattern: '{org}-{app}-other',
    };
    const again = await deployed({ fromDeploymentId: first.id }, 'tt02', changed, offline);
    assert.equal(again.built?.inputsDigest, first.built?.inputsDigest);
    const { items } = JSON.parse(await released());
    assert.equal(items[1].spec.chart.spec.chart, 'deployment');
    assert.match(items[1].spec.values.image.repository, /altinnregistry01/);
  });

  it('takes a rollback of a rollback for the same', async () => {
    const once = await deployed({ fromDeploymentId: second.id });
    const twice = await deployed({ fromDeploymentId: once.id });
    assert.deepEqual([twice.from, twice.built?.inputsDigest], [once.id, second.built?.inputsDigest]);
    assert.deepEqual(
      twice.warnings.map(({ code }) => code),
      ['PLATFORM_DATA_STAYS'],
    );
  });

  it('over HTTP, with its reason, and the same for the same key', async () => {
    const ask = () => post(url(first.id, 'rollback'), { reason: 'It fails.' }, { 'idempotency-key': 'again' });
    const answers = await Promise.all([ask(), ask(), ask()]);
    for (const { status, body } of answers) {
      assert.equal(status, 202, JSON.stringify(body));
      assert.deepEqual(
        [body.id, body.kind, body.fromDeploymentId, body.reason],
        [answers[0]?.body.id, 'rollback', first.id, 'It fails.'],
      );
      assert.equal(body.links.self, `/api/v1/ttd/${APP}/deployments/${body.id}`);
    }
  });

  it('needs no body', async () => {
    const answer = await call(url(first.id, 'rollback'), { method: 'POST' });
    assert.deepEqual([answer.status, answer.body.reason], [202, undefined]);
    assertRefused(
      await call(url(first.id, 'rollback'), { method: 'POST', body: 'x=1' }),
      415,
      'CONTENT_TYPE_UNSUPPORTED',
    );
  });

  it('is finished by the timer when its process dies', async () => {
    const dying = withHooks(offline, {
      artifacts: {
        uploadIncoming: () => async () => {
          throw new AppError('STORAGE_UNAVAILABLE', 'the process is gone');
        },
      },
      ledger: {
        move:
          (move) =>
          async (id, to, ...rest) =>
            to === 'failed' ? undefined : move(id, to, ...rest),
      },
    });
    await assert.rejects(makeApp(dying, stack.config.studio).deploy(request({ fromDeploymentId: first.id })));
    const [left] = await ports.ledger.deployments({ org: 'ttd', app: APP, state: 'building', limit: 1 });
    assert.ok(left);
    await stack.sql(`update pull_deploy.deployments set lease_until = now() - interval '1 second' where id = $1`, [
      left.id,
    ]);
    const app = makeApp(offline, stack.config.studio);
    await app.sweepIncoming(new Date());
    assert.equal(await app.acceptArtifact(blobOf(left)), 'published');
    assert.equal(JSON.parse(await released()).items[0].data.deploymentId, left.id);
  });

  it('in another environment builds the same commit and inputs for it', async () => {
    const promoted = await deployed({ fromDeploymentId: first.id }, 'at22', stack.config.studio, offline);
    assert.deepEqual(
      [promoted.kind, promoted.from, promoted.tagName, promoted.commit],
      ['deploy', first.id, '1', first.commit],
    );
    const { items } = JSON.parse(await released('at22'));
    assert.equal(items[1].spec.values.replicaCount, 2);
    assert.match(items[1].spec.values.ingressRoute.routes[0].match, /ttd\.apps\.at22\.altinn\.cloud/);
    assert.deepEqual(items[2].spec.scopes, ['altinn:profile']);
    const [before, after] = [await artifactOf(first), await artifactOf(promoted)];
    const sources = [...before.keys()].filter((path) => path.startsWith('source/'));
    for (const path of sources) assert.ok(after.get(path)?.equals(before.get(path) as Buffer), path);
    const inputs = (files: Map<string, Buffer>) => JSON.parse(String(files.get('artifact.json'))).inputs;
    assert.deepEqual({ ...inputs(after), environment: '' }, { ...inputs(before), environment: '' });
  });

  it('is refused for a deployment that was blocked, until it is unblocked', async () => {
    const blocked = await post(url(second.id, 'block'), { reason: 'Loses attachments.' });
    assert.deepEqual(
      [blocked.status, blocked.body.blocked.by, blocked.body.blocked.reason],
      [200, 'developer', 'Loses attachments.'],
    );
    assertRefused(await post(url(second.id, 'rollback'), {}), 409, 'DEPLOYMENT_BLOCKED');
    const promotion = { envName: 'at22', fromDeploymentId: second.id };
    const deployments = `${stack.run.functionsUrl}/api/v1/ttd/${APP}/deployments`;
    assertRefused(await post(deployments, promotion), 409, 'DEPLOYMENT_BLOCKED');
    assertRefused(await post(`${deployments}/preview`, promotion), 409, 'DEPLOYMENT_BLOCKED');
    const { body } = await post(url(second.id, 'unblock'), {});
    assert.equal(body.blocked, undefined);
    assert.equal((await post(url(second.id, 'rollback'), {})).status, 202);
    const events = await ports.ledger.events({ org: 'ttd', deploymentId: second.id, after: 0, limit: 100 });
    assert.deepEqual(
      events.slice(-2).map(({ type }) => type),
      ['blocked', 'unblocked'],
    );
  });

  it('is refused when the block came after the request was looked at', async () => {
    const { id } = second;
    const late = withHooks(ports, {
      ledger: {
        acceptRequest: (accept) => async (deployment, key) => {
          await ports.ledger.block(id, { by: 'developer', reason: 'Loses attachments.' });
          return accept(deployment, key);
        },
      },
    });
    await assert.rejects(makeApp(late, stack.config.studio).deploy(request({ fromDeploymentId: id })), {
      code: 'DEPLOYMENT_BLOCKED',
    });
    await ports.ledger.unblock(id, 'developer');
  });

  it('is refused for what has no accepted artifact', async () => {
    const undeployed = await stack.app.undeploy({ ...request({}, 'at22') });
    const unfinished = await stack.app.deploy(request({ tagName: '1' }, 'at23'));
    for (const [{ id }, why] of [
      [undeployed, 'is an undeploy'],
      [unfinished, 'is uploaded'],
    ] as const) {
      const answer = await post(url(id, 'rollback'), {});
      assertRefused(answer, 409, 'DEPLOYMENT_NOT_ACCEPTED');
      assert.ok(answer.body.detail.includes(`${id} ${why}: `), answer.body.detail);
    }
    assertRefused(await post(url(randomUUID(), 'rollback'), {}), 404, 'DEPLOYMENT_UNKNOWN');
    assertRefused(await post(url('not-an-id', 'rollback'), {}), 404, 'DEPLOYMENT_UNKNOWN');
  });

  it('never publishes an archived artifact that was altered', async () => {
    const altered = withHooks(ports, {
      artifacts: {
        readArtifact: (read) => async (path) => {
          const zip = await read(path);
          return zip && Buffer.concat([zip.subarray(0, -1), Buffer.from([1])]);
        },
      },
    });
    await assert.rejects(makeApp(altered, stack.config.studio).deploy(request({ fromDeploymentId: first.id })), {
      code: 'DEPLOYMENT_NOT_ACCEPTED',
    });
  });

  it('warns where the scopes of now are not those of the release', async () => {
    await stack.sql(
      `update designer.releases set entity = jsonb_set(entity::jsonb, '{buildInputs}', '{"maskinportenScopes":[{"scope":"altinn:built"}]}')::text
        where (app, tagname) = ($1, '2')`,
      [APP],
    );
    const deployment = await deployed({ tagName: '2' });
    const [warning] = deployment.warnings;
    assert.equal(warning?.code, 'SCOPES_CHANGED');
    assert.match(warning?.message ?? '', /\+altinn:other -altinn:built/);
    const { body } = await post(`${stack.run.functionsUrl}/api/v1/ttd/${APP}/deployments/preview`, {
      envName: 'tt02',
      tagName: '2',
    });
    assert.deepEqual(
      body.warnings.map(({ code }: { code: string }) => code),
      ['SCOPES_CHANGED'],
    );
  });
});
