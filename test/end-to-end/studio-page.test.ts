import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { components } from '../client/api-types.ts';
import { makeClient } from '../client/typed-client.ts';
import { call as send } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { releaseVersion } from '../support/versions.ts';

type Deployment = components['schemas']['Deployment'];
type Event = components['schemas']['Event'];

const ORG = 'ttd';
const APP = 'parking-permit';
const PATH = { org: ORG, app: APP };

/** What Studio's page does, in the order in which a user does it, by what the OpenAPI document says alone. */
describe('a deploy page', () => {
  let stack: TestStack;
  let folder: string;
  let call: ReturnType<typeof makeClient>;
  let first: Deployment;
  let second: Deployment;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    await writeApp(folder, ORG, APP, { ...minimalApp(ORG, APP), 'deployment/values.yaml': 'replicaCount: 2\n' });
    await writeApp(folder, ORG, 'other-app', minimalApp(ORG, 'other-app'));
    stack = await startTestStack({ apps: folder });
    await stack.rescan();
    call = makeClient(stack.run.functionsUrl, send);
  });
  after(async () => {
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  /** What runs where, as the page shows it: `tt02 1`. */
  async function shown(): Promise<string[]> {
    const { body } = must(await call('get', '/v1/{org}/{app}', { path: PATH }), 200);
    return body.environments.flatMap(({ envName, published }) =>
      published?.tagName === undefined ? [] : [`${envName} ${published.tagName}`],
    );
  }

  /** Follows a deployment's history until it has ended; each call waits for what comes. */
  async function followed({ id }: Deployment): Promise<string[]> {
    const seen: Event[] = [];
    for (let after = 0; !seen.some(({ type }) => ['published', 'failed', 'rejected'].includes(type)); ) {
      const path = { ...PATH, id };
      const events = '/v1/{org}/{app}/deployments/{id}/events';
      const { body } = must(await call('get', events, { path, query: { after, wait: 20, limit: 2 } }), 200);
      assert.ok(body.events.length > 0, `nothing more after ${seen.map(({ type }) => type)}`);
      seen.push(...body.events);
      after = body.after;
    }
    return seen.map(({ type }) => type);
  }

  async function listed(query: { envName?: string; tagName?: string; limit?: number; cursor?: string }) {
    const { body } = must(await call('get', '/v1/{org}/{app}/deployments', { path: PATH, query }), 200);
    return { ids: body.deployments.map(({ id }) => id), nextCursor: body.nextCursor };
  }

  it("lists the org's apps, page by page", async () => {
    const page = must(await call('get', '/v1/{org}', { path: { org: ORG }, query: { limit: 1 } }), 200).body;
    const { nextCursor: cursor = '' } = page;
    const rest = must(await call('get', '/v1/{org}', { path: { org: ORG }, query: { cursor } }), 200).body;
    assert.deepEqual(
      [...page.apps, ...rest.apps].map(({ app }) => app),
      ['other-app', APP],
    );
    assert.equal(rest.nextCursor, undefined);
    assert.deepEqual(await shown(), []);
  });

  it('previews a release, and deploys exactly what was shown', async () => {
    const subject = { envName: 'tt02', tagName: '1' };
    const preview = must(
      await call('post', '/v1/{org}/{app}/deployments/preview', { path: PATH, body: subject }),
      200,
    ).body;
    assert.equal(preview.published, undefined);
    assert.match(preview.diff, /^\+kind: HelmRelease$/m);
    const body = { ...subject, ifInputsDigest: preview.inputsDigest, reason: 'The first.' };
    const asked = must(
      await call('post', '/v1/{org}/{app}/deployments', {
        path: PATH,
        header: { 'Idempotency-Key': 'page-1' },
        body,
      }),
      202,
    );
    first = asked.body;
    assert.equal(asked.headers.get('location'), first.links.self);
    assert.equal(first.inputsDigest, preview.inputsDigest);
    assert.deepEqual(await followed(first), ['accepted', 'building', 'uploaded', 'published']);
    assert.deepEqual(await shown(), ['tt02 1']);
  });

  it('shows what a newer release would change, and that a preview was overtaken', async () => {
    await releaseVersion(stack, folder, APP, '2', { 'deployment/values.yaml': 'replicaCount: 3\n' });
    const subject = { envName: 'tt02', tagName: '2' };
    const preview = must(
      await call('post', '/v1/{org}/{app}/deployments/preview', { path: PATH, body: subject }),
      200,
    ).body;
    assert.equal(preview.published?.tagName, '1');
    assert.deepEqual(
      preview.changes.map(({ text, cause }) => `${text} (${cause.kind})`).filter((text) => text.includes('replica')),
      ['spec.values.replicaCount: 2 → 3 (repository)'],
    );
    const stale = await call('post', '/v1/{org}/{app}/deployments', {
      path: PATH,
      body: { ...subject, ifInputsDigest: first.inputsDigest ?? '' },
    });
    assert.equal(must(stale, 409).body.code, 'INPUTS_CHANGED');
    const asked = await call('post', '/v1/{org}/{app}/deployments', {
      path: PATH,
      body: { ...subject, ifInputsDigest: preview.inputsDigest },
    });
    second = must(asked, 202).body;
    assert.equal((await followed(second)).at(-1), 'published');
    assert.deepEqual(await shown(), ['tt02 2']);
  });

  it('lists the history, filtered', async () => {
    assert.deepEqual((await listed({ envName: 'tt02', tagName: '1' })).ids, [first.id]);
    assert.deepEqual((await listed({ envName: 'at22' })).ids, []);
    const newest = await listed({ limit: 1 });
    assert.deepEqual(newest.ids, [second.id]);
    const { nextCursor: cursor = '' } = newest;
    assert.ok((await listed({ cursor })).ids.includes(first.id));
    const { body } = must(
      await call('get', '/v1/{org}/-/deployments', {
        path: { org: ORG },
        query: { kind: 'deploy', state: 'published', createdFrom: second.createdAt },
      }),
      200,
    );
    assert.deepEqual(
      body.deployments.map(({ app, id }) => [app, id]),
      [[APP, second.id]],
    );
  });

  it('rolls back, and keeps what was bad from coming again', async () => {
    const asked = await call('post', '/v1/{org}/{app}/deployments/{id}/rollback', {
      path: { ...PATH, id: first.id },
      body: { reason: 'Two is broken.' },
    });
    const { body: again } = must(asked, 202);
    assert.deepEqual([again.kind, again.fromDeploymentId, again.reason], ['rollback', first.id, 'Two is broken.']);
    assert.equal((await followed(again)).at(-1), 'published');
    assert.deepEqual(await shown(), ['tt02 1']);

    const path = { ...PATH, id: second.id };
    const reason = 'Loses attachments.';
    const blocked = await call('post', '/v1/{org}/{app}/deployments/{id}/block', { path, body: { reason } });
    assert.equal(must(blocked, 200).body.blocked?.reason, reason);
    const refused = await call('post', '/v1/{org}/{app}/deployments/{id}/rollback', { path, body: {} });
    const problem = must(refused, 409).body;
    assert.equal(problem.code, 'DEPLOYMENT_BLOCKED');
    assert.match(problem.detail, /Loses attachments/);
    const unblocked = await call('post', '/v1/{org}/{app}/deployments/{id}/unblock', { path });
    assert.equal(must(unblocked, 200).body.blocked, undefined);
  });

  it('promotes what runs to another environment', async () => {
    const body = { envName: 'production', fromDeploymentId: first.id };
    const asked = await call('post', '/v1/{org}/{app}/deployments', { path: PATH, body });
    const { body: promoted } = must(asked, 202);
    assert.deepEqual([promoted.commit, promoted.tagName], [first.commit, '1']);
    assert.equal((await followed(promoted)).at(-1), 'published');
    assert.deepEqual(await shown(), ['tt02 1', 'production 1']);
  });

  it('downloads an artifact, once', async () => {
    const artifact = '/v1/{org}/{app}/deployments/{id}/artifact';
    const path = { ...PATH, id: first.id };
    const { headers, body } = must(await call('get', artifact, { path }), 200);
    const digest = createHash('sha256').update(body as Buffer);
    assert.equal(headers.get('repr-digest'), `sha-256=:${digest.copy().digest('base64')}:`);
    assert.equal(digest.digest('hex'), first.artifact?.sha256);
    const etag = headers.get('etag') ?? '';
    const again = await call('get', artifact, { path, header: { 'If-None-Match': etag } });
    assert.equal(must(again, 304).headers.get('etag'), etag);
    assert.equal(must(await call('get', artifact, { path, header: { 'If-None-Match': '"other"' } }), 200).status, 200);
  });

  it('takes the app down', async () => {
    const body = { envName: 'tt02', reason: 'Replaced.' };
    const { body: removal } = must(await call('post', '/v1/{org}/{app}/undeploy', { path: PATH, body }), 202);
    assert.deepEqual([removal.kind, removal.tagName], ['undeploy', undefined]);
    assert.equal((await followed(removal)).at(-1), 'published');
    assert.deepEqual(await shown(), ['production 1']);
    const { body: details } = must(
      await call('get', '/v1/{org}/{app}/deployments/{id}', { path: { ...PATH, id: removal.id } }),
      200,
    );
    assert.ok(details.steps.published);
  });
});

/** The answer with this status, told to the compiler too. */
function must<A extends { status: number; body: unknown }, S extends number>(
  answer: A,
  status: S,
): Extract<A, { status: S }> {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  return answer as Extract<A, { status: S }>;
}
