import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fluxEventsToken } from '../../src/model/cluster-keys.ts';
import { call, get, post, waitForEnd } from '../support/api.ts';
import { bodyOf, helm, signatureOf } from '../support/flux-events.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const APP = 'parking-permit';
const CLUSTER = { studio: 'dev', environment: 'tt02', org: 'ttd' };

describe('what a cluster tells over HTTP', () => {
  let stack: TestStack;
  let key: string;
  let url: string;
  before(async () => {
    stack = await startTestStack();
    const [master = ''] = stack.config.fluxEventsKeys;
    key = fluxEventsToken(master, CLUSTER);
    url = `${stack.run.functionsUrl}/api/v1/flux-events/tt02/ttd`;
  });
  after(() => stack.stop());

  const app = () => `${stack.run.functionsUrl}/api/v1/ttd/${APP}`;
  const tell = (body: string, headers: Record<string, string> = { 'x-signature': signatureOf(key, body) }) =>
    call(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  const about = (id: string, revision: number) =>
    bodyOf({
      name: `ttd-${APP}-dev`,
      reason: 'UpgradeSucceeded',
      message: helm.upgraded(APP, revision),
      metadata: { 'deployment-id': id },
    });
  async function deployed(): Promise<string> {
    const { body } = await post(`${app()}/deployments`, { envName: 'tt02', tagName: '1' });
    await waitForEnd(`${app()}/deployments/${body.id}`);
    return body.id;
  }

  it('moves the deployment, and shows on it and on its app', async () => {
    const id = await deployed();
    assert.equal((await get(`${app()}/deployments/${id}`)).body.cluster.state, 'waiting');
    const answer = await tell(about(id, 7));
    assert.deepEqual([answer.status, answer.body], [200, { outcome: 'moved', deploymentId: id, state: 'applied' }]);
    const { body } = await get(`${app()}/deployments/${id}`);
    assert.deepEqual([body.state, body.cluster.state, body.cluster.helmRevision], ['applied', 'applied', 7]);
    assert.match(body.cluster.message, /Helm upgrade succeeded/);
    const { environments } = (await get(app())).body;
    const tt02 = environments.find(({ envName }: { envName: string }) => envName === 'tt02');
    assert.equal(tt02.applied.id, id);
  });

  it('is taken once, however often it is sent', async () => {
    const body = about(await deployed(), 8);
    const answers = await Promise.all(Array.from({ length: 5 }, () => tell(body)));
    assert.deepEqual(answers.map(({ body: { outcome } }) => outcome).sort(), ['moved', ...Array(4).fill('repeated')]);
  });

  it('is refused without the signature of this cluster, before it is read', async () => {
    const body = about(await deployed(), 9);
    const foreign = fluxEventsToken(stack.config.fluxEventsKeys[0] ?? '', { ...CLUSTER, org: 'skd' });
    for (const headers of [
      {},
      { 'x-signature': '' },
      { 'x-signature': signatureOf(foreign, body) },
      { 'x-signature': signatureOf(key, `${body} `) },
    ] as Record<string, string>[])
      for (const sent of [body, 'not json', '']) {
        const answer = await tell(sent, headers);
        assert.deepEqual([answer.status, answer.body.code], [401, 'UNAUTHENTICATED'], JSON.stringify(headers));
      }
    const elsewhere = await call(url.replace('tt02', 'nowhere'), {
      method: 'POST',
      body,
      headers: { 'x-signature': signatureOf(key, body) },
    });
    assert.equal(elsewhere.status, 401);
  });

  it('is refused when it is too large, or not an event', async () => {
    const large = 'x'.repeat(256 * 1024 + 1);
    assert.equal((await tell(large)).status, 413);
    for (const body of ['', '[]', '{}', 'not json', '{"a":'.repeat(1_000)])
      assert.equal((await tell(body)).status, 400, body.slice(0, 20));
  });

  it('of something else is acknowledged and left', async () => {
    const other = bodyOf({ name: 'ttd-parking-permit-extra-dev', reason: 'UpgradeFailed', severity: 'error' });
    assert.deepEqual((await tell(other)).body, { outcome: 'ignored' });
  });

  it('shows silence when it has told nothing for long', async () => {
    const id = await deployed();
    await stack.sql(
      `update pull_deploy.deployments set published_at = published_at - interval '1 hour' where id = $1`,
      [id],
    );
    const { body } = await get(`${app()}/deployments/${id}`);
    assert.deepEqual([body.state, body.cluster.state], ['published', 'silent']);
    assert.match(body.cluster.message, /^No word from the cluster since /);
  });
});
