import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import JSZip from 'jszip';
import { get, post, waitForEnd } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

describe('a deployment asked for over HTTP', () => {
  let stack: TestStack;
  before(async () => {
    stack = await startTestStack();
  });
  after(() => stack.stop());

  const deployments = (app: string, org = 'ttd') => `${stack.run.functionsUrl}/api/v1/${org}/${app}/deployments`;

  it('becomes a release and a source that Flux can read', async () => {
    const answer = await post(deployments('grant-application'), { envName: 'tt02', tagName: '1' });
    assert.equal(answer.status, 202);
    assert.equal(answer.headers.get('location'), `/api/v1/ttd/grant-application/deployments/${answer.body.id}`);
    const deployment = await waitForEnd(`${stack.run.functionsUrl}${answer.headers.get('location')}`);
    assert.equal(deployment.state, 'published');
    assert.deepEqual(Object.keys(deployment.steps), ['accepted', 'building', 'uploaded', 'published']);
    assert.equal(deployment.tagName, '1');
    assert.match(deployment.commit ?? '', /^[0-9a-f]{40}$/);
    assert.match(deployment.inputsDigest ?? '', /^[0-9a-f]{64}$/);
    assert.ok((deployment.artifact?.bytes ?? 0) > 10_000);

    const release = JSON.parse(await text('tt02', 'app-ttd-grant-application', 'release/release.yaml'));
    assert.deepEqual(
      release.items.map(
        ({ kind, metadata }: { kind: string; metadata: { name: string } }) => `${kind} ${metadata.name}`,
      ),
      [
        'ConfigMap ttd-grant-application-release-dev',
        'HelmRelease ttd-grant-application-dev',
        'MaskinportenClient ttd-grant-application',
      ],
    );
    assert.equal(release.items[0].data.deploymentId, deployment.id);
    assert.equal(release.items[1].spec.values.image.tag, '1');
    assert.equal(release.items[1].metadata.labels['altinn.studio/build-id'], deployment.id);
    assert.deepEqual(release.items[2].spec.scopes, [
      'altinn:serviceowner/instances.read',
      'altinn:serviceowner/instances.write',
    ]);

    const sources = JSON.parse(await text('tt02', 'cluster-ttd', 'sources/sources.yaml'));
    assert.deepEqual(
      sources.items.map(
        ({ kind, metadata }: { kind: string; metadata: { name: string } }) => `${kind} ${metadata.name}`,
      ),
      ['ConfigMap ttd-sources-dev', 'Bucket ttd-grant-application-dev', 'Kustomization ttd-grant-application-dev'],
    );
    assert.equal(sources.items[1].spec.bucketName, 'app-ttd-grant-application');
    assert.deepEqual(JSON.parse(await text('tt02', 'cluster-ttd', 'sources/kustomization.yaml')).resources, [
      'sources.yaml',
    ]);
  });

  it('keeps the artifact in the archive, and leaves nothing in incoming', async () => {
    const { body } = await post(deployments('parking-permit'), { envName: 'at22', tagName: '2' });
    await waitForEnd(`${deployments('parking-permit')}/${body.id}`);
    const archived = await stack.studioStorage().container('artifacts').read(`ttd/parking-permit/at22/${body.id}.zip`);
    const names = Object.keys((await JSZip.loadAsync(archived?.bytes as Buffer)).files);
    assert.equal(names[0], 'artifact.json');
    assert.ok(names.includes('source/App/config/applicationmetadata.json'));
    assert.ok(names.includes('deploy/helmrelease.yaml'));
    const incoming = stack.studioStorage().container('incoming');
    await eventually(
      () => incoming.list('ttd/parking-permit/at22/'),
      (left) => left.length === 0,
    );
  });

  it('takes the files of the commit as they are', async () => {
    const { body } = await post(deployments('household-survey'), { envName: 'production', tagName: '1' });
    const deployment = await waitForEnd(`${deployments('household-survey')}/${body.id}`);
    assert.equal(deployment.state, 'published');
    const release = JSON.parse(await text('production', 'app-ttd-household-survey', 'release/release.yaml'));
    assert.match(
      release.items[1].spec.values.ingressRoute.routes[0].match,
      /^Host\(`ttd\.apps\.altinn\.no`\)&&PathPrefix/,
    );
  });

  it('is one deployment however often it is sent with the same Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'once-only' };
    const body = { envName: 'at23', tagName: '1' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(deployments('parking-permit'), body, key)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
    assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1);
    assert.equal(new Set(answers.map(({ headers }) => headers.get('location'))).size, 1);
    const other = await post(deployments('parking-permit'), { envName: 'at24', tagName: '1' }, key);
    assert.equal(other.status, 422);
    assert.equal(other.body.code, 'IDEMPOTENCY_KEY_REUSED');
    // The key is the caller's for this app; for another app it is a new one.
    const otherApp = await post(deployments('grant-application'), body, key);
    assert.notEqual(otherApp.body.id, answers[0]?.body.id);
  });

  it('is listed newest first, page by page', async () => {
    for (const tagName of ['1', '2', '1']) await post(deployments('parking-permit'), { envName: 'yt01', tagName });
    const first = await get(`${deployments('parking-permit')}?envName=yt01&limit=2`);
    assert.deepEqual(
      first.body.deployments.map(({ sequence }: { sequence: number }) => sequence),
      [3, 2],
    );
    await post(deployments('parking-permit'), { envName: 'yt01', tagName: '1' });
    const second = await get(`${deployments('parking-permit')}?envName=yt01&limit=2&cursor=${first.body.nextCursor}`);
    assert.deepEqual(
      second.body.deployments.map(({ sequence }: { sequence: number }) => sequence),
      [1],
    );
    assert.equal(second.body.nextCursor, undefined);
  });

  it('tells of a healthy system', async () => {
    const { status, body } = await get(`${stack.run.functionsUrl}/api/health`);
    assert.equal(status, 200);
    assert.equal(body.status, 'healthy');
    assert.equal(body.checks.length, 9);
  });

  async function text(environment: string, container: string, blob: string): Promise<string> {
    const stored = await stack.storage(environment).container(container).read(blob);
    assert.ok(stored, `${container}/${blob} is there`);
    return stored.bytes.toString();
  }
});
