import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Deployment } from '../../src/model/deployment.ts';
import { artifactBlob } from '../../src/model/names.ts';
import type { DeploymentPage } from '../../src/operate/show-deployments.ts';
import { call, get } from '../support/api.ts';
import { deployRequest } from '../support/requests.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

describe('lists of deployments', () => {
  let stack: TestStack;
  const made: Deployment[] = [];
  before(async () => {
    stack = await startTestStack({ blobEvents: false });
    for (const [app, envName, tagName, name] of [
      ['parking-permit', 'tt02', '1', 'Kari'],
      ['parking-permit', 'tt02', '2', 'Ola'],
      ['parking-permit', 'at22', '1', 'Kari'],
      ['grant-application', 'tt02', '1', 'Kari'],
    ] as const)
      made.push(await stack.app.deploy(request(app, envName, tagName, name)));
    const [first] = made;
    await stack.app.acceptArtifact(artifactBlob({ ...(first as Deployment), deploymentId: first?.id ?? '' }));
    made.push(await stack.app.undeploy(request('parking-permit', 'at22', '1', 'Ola')));
  });
  after(() => stack.stop());

  const request = (app: string, envName: string, tagName: string, name: string) =>
    deployRequest(app, envName, { tagName, caller: { id: name, name } });
  const list = (path: string, query = '') => get(`${stack.run.functionsUrl}/api/v1/ttd/${path}/deployments${query}`);
  async function found(path: string, query: string): Promise<number[]> {
    const { status, body } = await list(path, query);
    assert.equal(status, 200, JSON.stringify(body));
    return (body as DeploymentPage).deployments.map(({ id }) => made.findIndex((one) => one.id === id));
  }

  it('of an app hold what is asked for, newest first', async () => {
    const cases: [string, number[]][] = [
      ['', [4, 2, 1, 0]],
      ['?envName=tt02', [1, 0]],
      ['?tagName=1', [2, 0]],
      ['?createdBy=Ola', [4, 1]],
      ['?kind=undeploy', [4]],
      ['?kind=deploy&createdBy=Kari', [2, 0]],
      ['?envName=tt02&tagName=2&createdBy=Ola', [1]],
      ['?envName=nowhere', []],
      ['?createdFrom=2999-01-01T00:00:00Z', []],
      ['?createdTo=2000-01-01T00:00:00Z', []],
      [`?createdFrom=${made[2]?.createdAt.toISOString()}`, [4, 2]],
      ['?createdFrom=2000-01-01T00:00:00%2B02:00&envName=at22', [4, 2]],
    ];
    for (const [query, expected] of cases) assert.deepEqual(await found('parking-permit', query), expected, query);
    const states = (await list('parking-permit', '?state=uploaded')).body.deployments;
    assert.ok(states.length > 0 && states.every(({ state }: Deployment) => state === 'uploaded'));
  });

  it('of an org hold those of all its apps', async () => {
    assert.deepEqual(await found('-', ''), [4, 3, 2, 1, 0]);
    assert.deepEqual(await found('-', '?envName=tt02'), [3, 1, 0]);
    assert.deepEqual((await get(`${stack.run.functionsUrl}/api/v1/skd/-/deployments`)).body, { deployments: [] });
  });

  it('come in pages that stay good while new ones arrive', async () => {
    const seen: number[] = [];
    let cursor = '';
    do {
      const { body } = await list('-', `?limit=2${cursor}`);
      seen.push(...body.deployments.map(({ id }: Deployment) => made.findIndex((one) => one.id === id)));
      cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : '';
      if (seen.length === 2) await stack.app.deploy(request('household-survey', 'tt02', '1', 'Late'));
    } while (cursor !== '');
    assert.deepEqual(seen, [4, 3, 2, 1, 0]);
  });

  it('refuse what they do not know', async () => {
    for (const query of [
      '?state=done',
      '?kind=x',
      '?createdFrom=yesterday',
      '?createdFrom=2026-01-01',
      '?limit=101',
      '?limit=0',
      '?cursor=x',
      '?tagname=1',
      '?envName=tt02&envName=at22',
    ])
      assert.equal((await list('parking-permit', query)).status, 400, query);
  });
});

describe('downloading an artifact', () => {
  let stack: TestStack;
  let url: string;
  let deployment: Deployment;
  before(async () => {
    stack = await startTestStack({ blobEvents: false });
    deployment = await stack.app.deploy(deployRequest('parking-permit', 'tt02'));
    url = `${stack.run.functionsUrl}/api/v1/ttd/parking-permit/deployments/${deployment.id}/artifact`;
  });
  after(() => stack.stop());

  it('is refused before it has been accepted', async () => {
    assert.deepEqual([(await get(url)).status, (await get(url)).body.code], [409, 'DEPLOYMENT_NOT_ACCEPTED']);
  });

  it('gives the very bytes, their digest and a tag that a copy is known by', async () => {
    await stack.app.acceptArtifact(artifactBlob({ ...deployment, deploymentId: deployment.id }));
    const answer = await get(url);
    const sha256 = createHash('sha256').update(answer.body).digest();
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'application/zip']);
    assert.equal(answer.headers.get('repr-digest'), `sha-256=:${sha256.toString('base64')}:`);
    assert.equal(answer.headers.get('etag'), `"${sha256.toString('hex')}"`);
    assert.equal(answer.headers.get('content-length'), String(answer.body.length));
    for (const match of [`"${sha256.toString('hex')}"`, `W/"${sha256.toString('hex')}"`, '"a", *'])
      assert.equal((await call(url, { headers: { 'if-none-match': match } })).status, 304);
    assert.equal((await call(url, { headers: { 'if-none-match': '"other"' } })).status, 200);
  });

  it("finds no other app's", async () => {
    const other = url.replace('parking-permit', 'grant-application');
    assert.deepEqual([(await get(other)).status, (await get(other)).body.code], [404, 'DEPLOYMENT_UNKNOWN']);
  });
});
