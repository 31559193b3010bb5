import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Answer, call, get, post, waitForEnd } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { startMeddlingProxy } from '../support/meddling-proxy.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const GOOD = { envName: 'tt02', tagName: '1' };

describe('what goes wrong', () => {
  let stack: TestStack;
  let apps: string;
  before(async () => {
    apps = await mkdtemp(join(tmpdir(), 'apps-'));
    const app = (name: string, changes: Record<string, string> = {}) =>
      writeApp(apps, 'ttd', name, { ...minimalApp('ttd', name), ...changes });
    await app('good');
    await app('other-id', { 'App/config/applicationmetadata.json': '{"id": "ttd/another", "org": "nav"}' });
    await app('placeholder', { 'App/config/applicationmetadata.json': '{"id": "[ORG]/[APP]", "org": "ttd"}' });
    await app('own-templates', { 'deployment/templates/extra.yaml': 'a: 1\n' });
    await app('bad-values', { 'deployment/values.yaml': 'a: 1\na: 2\nb: !secret x\n' });
    await app('bad-texts', {
      'App/config/texts/resource.en.json': '{',
      'App/config/authorization/policy.xml': '<Policy>',
    });
    await app('with-link');
    await symlink('Program.cs', join(apps, 'ttd', 'with-link', 'App', 'Linked.cs'));
    await app('with-submodule', { '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ../x\n' });
    stack = await startTestStack({ apps });
  });
  after(async () => {
    await stack.stop();
    await rm(apps, { recursive: true });
  });

  const url = (app = 'good', base = stack.run.functionsUrl) => `${base}/api/v1/ttd/${app}/deployments`;

  function assertProblem(answer: Answer, status: number, ...codes: string[]): void {
    assert.deepEqual([answer.status, answer.body.problems?.map(({ code }: { code: string }) => code)], [status, codes]);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    assert.equal(answer.body.code, codes[0]);
    assert.ok(answer.body.whatToDo && answer.body.detail && answer.body.instance);
  }

  describe('with a request', () => {
    it('is told in full: environment and release unknown', async () => {
      assertProblem(
        await post(url(), { envName: 'prodd', tagName: 'nope' }),
        404,
        'ENVIRONMENT_UNKNOWN',
        'RELEASE_UNKNOWN',
      );
    });
    it('is told in full: org without a cluster, app unknown', async () => {
      const answer = await post(`${stack.run.functionsUrl}/api/v1/nav/nothing/deployments`, GOOD);
      assertProblem(answer, 404, 'CLUSTER_UNKNOWN', 'RELEASE_UNKNOWN', 'APP_UNKNOWN');
    });
    it('is told as docs/api.md shows it', async () => {
      const page = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
      const shown = /^## Errors[\s\S]*?```json\n([\s\S]*?)```/m.exec(page)?.[1]?.replaceAll('parking-permit', 'good');
      assert.deepEqual((await post(url(), { ...GOOD, tagName: '99' })).body, JSON.parse(shown ?? ''));
    });
    it('names the allowed environments', async () => {
      const { body } = await post(url(), { ...GOOD, envName: 'prodd' });
      assert.match(body.detail, /envName 'prodd': must be one of 'at22', .*'production'/);
    });
    it('is refused for a release that failed', async () => {
      await stack.sql(
        `insert into designer.releases (tagname, org, app, buildresult, entity) values ('9', 'ttd', 'good', 'Failed', '{"targetCommitish": "x"}')`,
      );
      assertProblem(await post(url(), { ...GOOD, tagName: '9' }), 409, 'RELEASE_NOT_SUCCEEDED');
    });
    it('is refused for a commit that is gone, or not the one asserted', async () => {
      await stack.sql(
        `insert into designer.releases (tagname, org, app, buildresult, entity) values ('8', 'ttd', 'good', 'succeeded', $1)`,
        [JSON.stringify({ targetCommitish: '0'.repeat(40) })],
      );
      assertProblem(await post(url(), { ...GOOD, tagName: '8' }), 404, 'COMMIT_UNKNOWN');
      assertProblem(await post(url(), { ...GOOD, commit: '1'.repeat(40) }), 409, 'COMMIT_MISMATCH');
    });
    it('is refused when its body is not what is documented', async () => {
      assertProblem(await post(url(), '{'), 400, 'REQUEST_INVALID');
      assertProblem(await post(url(), []), 400, 'REQUEST_INVALID');
      assertProblem(
        await post(url(), { envName: 1, tagName: '-x', more: true }),
        400,
        'REQUEST_INVALID',
        'REQUEST_INVALID',
        'REQUEST_INVALID',
      );
      assertProblem(await post(url(), { ...GOOD, tagName: 'a\u0000b' }), 400, 'REQUEST_INVALID');
      assertProblem(await post(url(), { ...GOOD, envName: 'tt02\u0000' }), 400, 'REQUEST_INVALID');
      assertProblem(await post(url(), `"${'x'.repeat(70_000)}"`), 413, 'REQUEST_TOO_LARGE');
      assertProblem(await post(url(), GOOD, { 'content-type': 'text/plain' }), 415, 'CONTENT_TYPE_UNSUPPORTED');
      assertProblem(await post(url(), GOOD, { 'idempotency-key': 'x'.repeat(200) }), 400, 'REQUEST_INVALID');
    });
    it('is refused for names that no app has, before anyone is asked', async () => {
      assertProblem(await post(url('Bad_Name'), GOOD), 400, 'REQUEST_INVALID');
      assertProblem(await post(url('two--hyphens'), GOOD), 400, 'APP_NAME_UNSUPPORTED');
      assertProblem(await get(url('..%2f..%2fadmin')), 400, 'REQUEST_INVALID');
    });
    it('is told when nothing is there, or the method is wrong', async () => {
      assertProblem(await get(`${stack.run.functionsUrl}/api/v2`), 404, 'ROUTE_UNKNOWN');
      const wrong = await call(url(), { method: 'DELETE' });
      assertProblem(wrong, 405, 'METHOD_NOT_ALLOWED');
      assert.equal(wrong.headers.get('allow'), 'GET, POST');
      assertProblem(await get(`${url()}/00000000-0000-0000-0000-000000000000`), 404, 'DEPLOYMENT_UNKNOWN');
      assertProblem(await get(`${url()}/nonsense`), 404, 'DEPLOYMENT_UNKNOWN');
      assertProblem(await get(`${url()}?limit=1000`), 400, 'REQUEST_INVALID');
      assertProblem(await get(`${url()}?cursor=x`), 400, 'REQUEST_INVALID');
      assertProblem(await get(`${url()}?limit=1&limit=2`), 400, 'REQUEST_INVALID');
    });
  });

  describe('with an app', () => {
    const cases: [string, ...string[]][] = [
      ['other-id', 'APP_ID_MISMATCH', 'APP_ID_MISMATCH'],
      ['placeholder', 'APP_METADATA_INVALID', 'APP_ID_MISMATCH'],
      ['own-templates', 'CHART_TEMPLATES_UNSUPPORTED'],
      ['bad-values', 'VALUES_INVALID', 'VALUES_INVALID'],
      ['bad-texts', 'APP_POLICY_MISSING', 'APP_TEXT_INVALID'],
      ['with-link', 'SYMLINK_UNSUPPORTED'],
      ['with-submodule', 'SUBMODULE_UNSUPPORTED'],
    ];
    for (const [app, ...codes] of cases)
      it(`is answered and kept on the deployment: ${app}`, async () => {
        const answer = await post(url(app), GOOD);
        assertProblem(answer, 422, ...codes);
        const deployment = await get(`${stack.run.functionsUrl}${answer.headers.get('location')}`);
        assert.equal(deployment.body.state, 'failed');
        assert.deepEqual(deployment.body.problems, answer.body.problems);
        assert.equal(deployment.body.events.at(-1).message, answer.body.detail);
      });

    it('gives the same deployment when the request that failed is sent again', async () => {
      const key = { 'idempotency-key': 'failing' };
      const first = await post(url('own-templates'), GOOD, key);
      const again = await post(url('own-templates'), GOOD, key);
      assert.equal(again.status, 202);
      assert.equal(again.body.id, first.body.deploymentId);
      assert.equal(again.headers.get('location'), first.headers.get('location'));
      assert.equal(again.body.state, 'failed');
    });
  });

  describe('with what we depend on', () => {
    const DEAD = '127.0.0.1:9';

    it('Gitea being down is answered 503, and no deployment is left behind', async () => {
      const api = await stack.serveWith({ GITEA_URL: `http://${DEAD}` });
      const before = (await get(url())).body.deployments.length;
      const answer = await post(url('good', api.url), GOOD);
      assertProblem(answer, 503, 'GITEA_UNAVAILABLE');
      assert.ok(Number(answer.headers.get('retry-after')) > 0);
      assert.equal((await get(url())).body.deployments.length, before);
      const health = await get(`${api.url}/api/health`);
      assert.deepEqual([health.status, health.body.status], [200, 'degraded']);
      await api.close();
    });

    it('Gitea refusing our token is told as such', async () => {
      const proxy = await startMeddlingProxy(stack.run.giteaUrl, (body) => ({ body, status: 401 }));
      const api = await stack.serveWith({ GITEA_URL: proxy.url });
      assertProblem(await post(url('good', api.url), GOOD), 503, 'GITEA_DENIED');
      await api.close();
      await proxy.close();
    });

    const cuts: [string, (body: Buffer) => { body: Buffer; cutSocket?: boolean; contentLength?: number }, string][] = [
      [
        'cut short but well-formed HTTP',
        (body) => ({ body: body.subarray(0, body.length - 50) }),
        'GITEA_ARCHIVE_INVALID',
      ],
      ['cut at the first byte', () => ({ body: Buffer.alloc(0) }), 'GITEA_ARCHIVE_INVALID'],
      [
        'broken off',
        (body) => ({ body: body.subarray(0, 100), cutSocket: true, contentLength: body.length }),
        'GITEA_UNAVAILABLE',
      ],
      [
        'of another commit',
        (body) => ({ body: Buffer.concat([body.subarray(0, -40), Buffer.from('f'.repeat(40))]) }),
        'GITEA_ARCHIVE_INVALID',
      ],
      ['damaged in the middle', (body) => ({ body: damage(body) }), 'GITEA_ARCHIVE_INVALID'],
    ];
    for (const [what, change, code] of cuts)
      it(`an archive from Gitea that is ${what} is never built from`, async () => {
        const proxy = await startMeddlingProxy(stack.run.giteaUrl, (body, path) =>
          path.includes('/archive/') ? change(body) : undefined,
        );
        const api = await stack.serveWith({ GITEA_URL: proxy.url });
        const answer = await post(url('good', api.url), GOOD);
        assertProblem(answer, 503, code);
        const deployment = await get(`${stack.run.functionsUrl}${answer.headers.get('location')}`);
        assert.equal(deployment.body.state, 'failed');
        await api.close();
        await proxy.close();
      });

    it('the database being down is answered 503, and health says so', async () => {
      const api = await stack.serveWith({ DATABASE_URL: `postgres://nobody:nothing@${DEAD}/none` });
      assertProblem(await post(url('good', api.url), GOOD), 503, 'DATABASE_UNAVAILABLE');
      assertProblem(await get(url('good', api.url)), 503, 'DATABASE_UNAVAILABLE');
      const health = await get(`${api.url}/api/health`);
      assert.deepEqual([health.status, health.body.status], [503, 'unhealthy']);
      await api.close();
    });

    it('storage being down fails the deployment with its reason', async () => {
      const dead = `DefaultEndpointsProtocol=http;AccountName=studio;AccountKey=a2V5;BlobEndpoint=http://${DEAD}/studio;`;
      const api = await stack.serveWith({ STUDIO_STORAGE: dead });
      const answer = await post(url('good', api.url), GOOD);
      assertProblem(answer, 503, 'STORAGE_UNAVAILABLE');
      const deployment = await get(`${stack.run.functionsUrl}${answer.headers.get('location')}`);
      assert.deepEqual([deployment.body.state, deployment.body.problems[0].code], ['failed', 'STORAGE_UNAVAILABLE']);
      await api.close();
    });

    it('no message shows a password or a key', async () => {
      const everything = JSON.stringify(stack.lines, (_key, value) =>
        value instanceof Error ? `${value.stack} ${value.cause}` : value,
      );
      for (const secret of ['nothing@', 'a2V5', 'AccountKey', new URL(stack.run.postgresUrl).password])
        assert.ok(!everything.includes(secret), secret);
    });
  });

  it('does not keep a good deployment from being published afterwards', async () => {
    const { body } = await post(url(), GOOD);
    assert.equal((await waitForEnd(`${url()}/${body.id}`)).state, 'published');
  });

  it('git is what the stand-in serves from', () => {
    const gitDirectory = stack.repositories.find(({ app }) => app === 'good')?.gitDirectory as string;
    assert.match(
      execFileSync('git', ['--git-dir', gitDirectory, 'log', '--format=%H'], { encoding: 'utf8' }),
      /^[0-9a-f]{40}\n$/,
    );
  });
});

/** Changes a byte of the first entry's data. */
function damage(zip: Buffer): Buffer {
  const copy = Buffer.from(zip);
  const offset = copy.indexOf(Buffer.from('applicationmetadata.json')) + 60;
  copy[offset] = (copy[offset] ?? 0) ^ 0xff;
  return copy;
}
