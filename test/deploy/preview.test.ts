import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Change, Preview } from '../../src/deploy/preview-view.ts';
import { get, post, waitForEnd } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { releaseVersion, setScopes } from '../support/versions.ts';

const APP = 'parking-permit';
const NO_ID = '00000000-0000-0000-0000-000000000000';

describe('a preview', () => {
  let stack: TestStack;
  let folder: string;
  let secondCommit: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    const values = 'replicaCount: 2\nresources:\n  requests:\n    cpu: 50m\n';
    await writeApp(folder, 'ttd', APP, { ...minimalApp('ttd', APP), 'deployment/values.yaml': values });
    stack = await startTestStack({ apps: folder });
    await setScopes(stack, APP, ['altinn:profile']);
    await deployed({ envName: 'tt02', tagName: '1' });
    secondCommit = await releaseVersion(stack, folder, APP, '2', {
      'deployment/values.yaml': 'replicaCount: 3\nresources:\n  requests:\n    cpu: 50m\n    memory: 1Gi\n',
    });
    await setScopes(stack, APP, ['altinn:profile', 'altinn:more']);
  });
  after(async () => {
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  const url = (what: string) => `${stack.run.functionsUrl}/api/v1/ttd/${APP}/${what}`;
  async function deployed(body: Record<string, string>) {
    const answer = await post(url('deployments'), body);
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    return waitForEnd(url(`deployments/${answer.body.id}`));
  }
  async function previewed(body: Record<string, string>): Promise<Preview> {
    const answer = await post(url('deployments/preview'), body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }
  async function everythingStored(): Promise<unknown> {
    const tables = await stack.sql<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'pull_deploy' order by 1`,
    );
    const rows: unknown[] = [];
    for (const { name } of tables)
      rows.push(name, await stack.sql(`select to_jsonb(t) as row from pull_deploy.${name} t order by 1`));
    const studio = stack.studioStorage();
    const blobs = await Promise.all(
      ['incoming', 'artifacts', 'rejected'].map((name) => studio.container(name).list('')),
    );
    return { rows, blobs, release: await published() };
  }
  const published = async (environment = 'tt02') =>
    String((await stack.storage(environment).container(`app-ttd-${APP}`).read('release/release.yaml'))?.bytes);
  const change = ({ changes }: Preview, path: string) => changes.find((one) => one.path === path) as Change;

  it('tells each change and where it comes from', async () => {
    const preview = await previewed({ envName: 'tt02', tagName: '2' });
    assert.deepEqual(
      preview.changes.map(({ path }) => path).sort(),
      [
        'spec.scopes[0]',
        'spec.scopes[1]',
        'spec.values.image.environment[1].value',
        'spec.values.image.tag',
        'spec.values.replicaCount',
        'spec.values.resources.requests.memory',
      ],
      preview.changes.map(({ text }) => text).join('\n'),
    );
    const tag = change(preview, 'spec.values.image.tag');
    assert.equal(tag.text, 'spec.values.image.tag: "1" → "2"');
    assert.equal(tag.cause.table, 'designer.releases');
    assert.match(tag.cause.version ?? '', /^\d+$/);
    const replicas = change(preview, 'spec.values.replicaCount');
    assert.deepEqual([replicas.before, replicas.after], [2, 3]);
    assert.deepEqual(
      [replicas.cause.kind, replicas.cause.file, replicas.cause.commit],
      ['repository', 'deployment/values.yaml', secondCommit],
    );
    const memory = change(preview, 'spec.values.resources.requests.memory');
    assert.equal(memory.text, 'spec.values.resources.requests.memory: (none) → "1Gi"');
    const scopes = change(preview, 'spec.scopes[0]');
    const [row] = await stack.sql<{ version: string }>('select xmin::text as version from designer.app_scopes');
    assert.deepEqual([scopes.cause.table, scopes.cause.version], ['designer.app_scopes', row?.version]);
    assert.match(preview.diff, /^-\s+replicaCount: 2$/m);
    assert.match(preview.diff, /^\+\s+replicaCount: 3$/m);
    assert.ok(!preview.diff.includes(NO_ID) || !/^[-+].*0000/m.test(preview.diff), 'ids are no difference');
    assert.equal(preview.published?.tagName, '1');
    assert.equal(preview.isSame, false);
  });

  it('stores nothing', async () => {
    // Positions are given by whoever reads events.
    await get(`${stack.run.functionsUrl}/api/v1/ttd/-/events`);
    const stored = await everythingStored();
    await previewed({ envName: 'tt02', tagName: '2' });
    assert.deepEqual(await everythingStored(), stored);
  });

  it('of what is not deployed there shows everything as new', async () => {
    const preview = await previewed({ envName: 'at22', tagName: '2' });
    assert.equal(preview.published, undefined);
    assert.deepEqual(
      preview.changes.map(({ document, path, before }) => [document, path, before]),
      [
        ['deploy/helmrelease.yaml', '', undefined],
        ['deploy/maskinportenclient.yaml', '', undefined],
      ],
    );
    assert.match(preview.diff, /^\+kind: HelmRelease$/m);
  });

  it('of what is published already shows no change', async () => {
    await setScopes(stack, APP, ['altinn:profile']);
    const preview = await previewed({ envName: 'tt02', tagName: '1' });
    assert.deepEqual([preview.isSame, preview.changes, preview.diff], [true, [], '']);
    await setScopes(stack, APP, ['altinn:profile', 'altinn:more']);
  });

  it('is refused for what a deployment would be refused for', async () => {
    const cases: [Record<string, string>, number, string][] = [
      [{ envName: 'nowhere', tagName: '1' }, 404, 'ENVIRONMENT_UNKNOWN'],
      [{ envName: 'tt02', tagName: 'none' }, 404, 'RELEASE_UNKNOWN'],
      [{ envName: 'tt02' }, 400, 'REQUEST_INVALID'],
      [{ envName: 'tt02', tagName: '1', fromDeploymentId: NO_ID }, 400, 'REQUEST_INVALID'],
      [{ envName: 'tt02', fromDeploymentId: NO_ID }, 404, 'DEPLOYMENT_UNKNOWN'],
      [{ envName: 'tt02', fromDeploymentId: NO_ID, commit: 'a'.repeat(40) }, 400, 'REQUEST_INVALID'],
    ];
    for (const [body, status, code] of cases) {
      const answer = await post(url('deployments/preview'), body);
      assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body));
    }
  });

  it('is what is deployed when its digest is given, to the letter', async () => {
    const preview = await previewed({ envName: 'tt02', tagName: '2' });
    const deployment = await deployed({ envName: 'tt02', tagName: '2', ifInputsDigest: preview.inputsDigest });
    assert.deepEqual([deployment.state, deployment.inputsDigest], ['published', preview.inputsDigest]);
    const zip = await get(url(`deployments/${deployment.id}/artifact`));
    assert.equal(zip.status, 200);
    const { default: JSZip } = await import('jszip');
    const { files } = await JSZip.loadAsync(zip.body);
    for (const { path, content } of preview.documents)
      assert.equal(await files[path]?.async('string'), content.replaceAll(NO_ID, deployment.id), path);
  });

  it('that has been overtaken is answered with what has changed since', async () => {
    const preview = await previewed({ envName: 'tt02', tagName: '2' });
    await setScopes(stack, APP, ['altinn:other']);
    await releaseVersion(stack, folder, APP, '2', { 'App/Program.cs': '// Changed.\n' });
    const before = await published();
    const body = { envName: 'tt02', tagName: '2', ifInputsDigest: preview.inputsDigest };
    const answer = await post(url('deployments'), body);
    assert.deepEqual([answer.status, answer.body.code], [409, 'INPUTS_CHANGED']);
    assert.deepEqual(answer.body.problems.map(({ path }: { path: string }) => path).sort(), [
      'inputs.commit',
      'inputs.scopes',
      'inputs.sourceTree',
    ]);
    assert.equal((await get(url(`deployments/${answer.body.deploymentId}`))).body.state, 'failed');
    assert.equal(await published(), before);
  });

  it('that this process never made is answered with what the inputs are now', async () => {
    const body = { envName: 'tt02', tagName: '2', ifInputsDigest: 'a'.repeat(64) };
    const { status, body: answer } = await post(url('deployments'), body);
    assert.equal(status, 409);
    assert.match(answer.problems[0].message, /the inputs have the digest [0-9a-f]{64} now: \{"builder":/);
  });
});
