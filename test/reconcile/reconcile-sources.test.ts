import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { get, post, waitForEnd } from '../support/api.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

describe('the reconcile timer', () => {
  let stack: TestStack;
  before(async () => {
    stack = await startTestStack();
    const url = `${stack.run.functionsUrl}/api/v1/ttd/parking-permit/deployments`;
    const { body } = await post(url, { envName: 'tt02', tagName: '1' });
    await waitForEnd(`${url}/${body.id}`);
  });
  after(() => stack.stop());

  const container = (name: string, environment = 'tt02') => stack.storage(environment).container(name);
  const pass = () => stack.app.reconcileSources(new Date());

  it('gives a known app its release and source in every environment of its org', async () => {
    const summary = await pass();
    assert.deepEqual([summary.releasesPublished, summary.failures], [5, 0]);
    for (const environment of ['at22', 'at23', 'at24', 'yt01', 'production']) {
      const release = JSON.parse(
        String((await container('app-ttd-parking-permit', environment).read('release/release.yaml'))?.bytes),
      );
      assert.deepEqual(
        release.items.map(({ kind }: { kind: string }) => kind),
        ['ConfigMap'],
      );
      assert.equal(release.items[0].data.state, 'none');
      const sources = String((await container('cluster-ttd', environment).read('sources/sources.yaml'))?.bytes);
      assert.match(sources, /"ttd-parking-permit-dev"/);
    }
  });

  it('writes nothing when nothing is to be done', async () => {
    const etags = async () => [
      await container('app-ttd-parking-permit').etag('release/release.yaml'),
      await container('cluster-ttd').etag('sources/sources.yaml'),
      await container('cluster-ttd').etag('sources/kustomization.yaml'),
    ];
    const before = await etags();
    const summary = await pass();
    assert.deepEqual([summary.releasesPublished, summary.sourcesPublished, summary.failures], [0, 0, 0]);
    assert.deepEqual(await etags(), before);
  });

  for (const [container_, blob] of [
    ['app-ttd-parking-permit', 'release/release.yaml'],
    ['cluster-ttd', 'sources/sources.yaml'],
    ['cluster-ttd', 'sources/kustomization.yaml'],
  ] as const)
    for (const [how, damage] of [
      ['deleted', undefined],
      ['emptied', ''],
      ['changed', '{"apiVersion": "v1", "kind": "List", "items": []}'],
    ] as const)
      it(`puts ${blob} right when somebody has ${how} it`, async () => {
        const before = await container(container_).read(blob);
        if (damage === undefined) await container(container_).remove(blob, before?.etag as string);
        else await container(container_).overwrite(blob, damage, 'application/yaml');
        await pass();
        assert.equal(String((await container(container_).read(blob))?.bytes), String(before?.bytes));
      });

  it('keeps and reports an entry that the ledger does not know', async () => {
    const blob = await container('cluster-ttd').read('sources/sources.yaml');
    const sources = JSON.parse(String(blob?.bytes));
    const foreign = {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'Bucket',
      metadata: { name: 'ttd-made-by-hand-dev', namespace: 'default' },
      spec: {},
    };
    sources.items.push(foreign);
    await container('cluster-ttd').overwrite('sources/sources.yaml', JSON.stringify(sources), 'application/yaml');
    const summary = await pass();
    assert.deepEqual(summary.unknownSources, ['tt02/ttd-made-by-hand-dev']);
    const after_ = JSON.parse(String((await container('cluster-ttd').read('sources/sources.yaml'))?.bytes));
    assert.deepEqual(
      after_.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
      ['ttd-sources-dev', 'ttd-made-by-hand-dev', 'ttd-parking-permit-dev', 'ttd-parking-permit-dev'],
    );
  });

  it('can be asked for over the admin address, as in the Functions host', async () => {
    const url = `${stack.run.functionsUrl}/admin/functions`;
    assert.equal((await post(`${url}/reconcileSources`, {})).status, 202);
    assert.equal((await post(`${url}/nothing`, {})).status, 404);
    assert.equal((await get(`${url}/reconcileSources`)).status, 404);
  });
});
