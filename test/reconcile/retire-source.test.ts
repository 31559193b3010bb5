import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Deployment } from '../../src/model/deployment.ts';
import { artifactBlob, type ReleaseKey } from '../../src/model/names.ts';
import type { Ports } from '../../src/ports.ts';
import { planRetire, retireSource } from '../../src/reconcile/retire-source.ts';
import { withHooks } from '../support/ports.ts';
import { deployRequest } from '../support/requests.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

describe('retiring a source while the app is asked for', () => {
  let stack: TestStack;
  let ports: Ports;
  before(async () => {
    stack = await startTestStack({ blobEvents: false });
    ports = stack.connection.ports;
  });
  after(() => stack.stop());

  const NAME = { org: 'ttd', app: 'parking-permit' };
  const request = (envName: string) => deployRequest(NAME.app, envName);
  const deploy = (envName: string) => stack.app.deploy(request(envName));
  const accept = (of: Deployment) => stack.app.acceptArtifact(artifactBlob({ ...of, deploymentId: of.id }));
  const codeOf = (retiring: Promise<unknown>) =>
    retiring.then(
      () => 'done',
      (error: { problems?: { code: string }[] }) => error.problems?.[0]?.code ?? String(error),
    );

  async function undeployed(envName: string) {
    assert.equal(await accept(await deploy(envName)), 'published');
    const { id } = await stack.app.undeploy(request(envName));
    assert.equal((await ports.ledger.deployment(id))?.state, 'published');
    return { ...NAME, environment: envName };
  }
  async function assertPublished(deployment: Deployment) {
    assert.equal(await accept(deployment), 'published');
    const container = stack.storage(deployment.environment).container('cluster-ttd');
    const sources = await container.read('sources/sources.yaml');
    assert.match(String(sources?.bytes), /"ttd-parking-permit-dev"/, 'what is published has its source');
  }

  it('is refused while one is on its way that is not the latest', async () => {
    const key = await undeployed('at22');
    const waiting = await deploy('at22');
    const latest = await deploy('at22');
    const ended = await ports.ledger.move(latest.id, 'failed', { message: 'It failed.', origin: 'api' });
    assert.equal(ended?.state, 'failed');
    assert.equal(await codeOf(planRetire(ports, stack.config.studio, key)), 'SOURCE_IN_USE');
    assert.equal(await codeOf(retireSource(ports, stack.config.studio, key)), 'SOURCE_IN_USE');
    await assertPublished(waiting);
  });

  /** Someone asks while an operator retires it. */
  const interrupted = (method: 'assertNotInUse' | 'retire', then: () => Promise<void>) =>
    withHooks(ports, {
      ledger: {
        [method]: (call: Ports['ledger']['retire']) => async (of: ReleaseKey) => {
          await call(of);
          await then();
        },
      },
    });

  it('is refused when the request comes after the look', async () => {
    const key = await undeployed('at23');
    let asked: Deployment | undefined;
    const late = interrupted('assertNotInUse', async () => {
      asked = await deploy('at23');
    });
    assert.equal(await codeOf(retireSource(late, stack.config.studio, key)), 'SOURCE_IN_USE');
    assert.ok(asked);
    await assertPublished(asked);
  });

  it('is refused when the request was also built, accepted and published since the look', async () => {
    const key = await undeployed('at24');
    const late = interrupted('assertNotInUse', async () => assertPublished(await deploy('at24')));
    assert.equal(await codeOf(retireSource(late, stack.config.studio, key)), 'SOURCE_IN_USE');
  });

  it('is undone by a request that comes after it, also before the source is gone', async () => {
    const key = await undeployed('tt02');
    const late = interrupted('retire', async () => assertPublished(await deploy('tt02')));
    assert.equal(await codeOf(retireSource(late, stack.config.studio, key)), 'done');
    const sources = await stack.storage('tt02').container('cluster-ttd').read('sources/sources.yaml');
    assert.match(String(sources?.bytes), /"ttd-parking-permit-dev"/);
  });
});
