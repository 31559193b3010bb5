import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import { sourceEntry, sourcesDocument, sourcesKustomization } from '../../src/build/sources-document.ts';
import { receiveFluxEvent } from '../../src/functions/calls/flux-events.ts';
import { clusterContainer, SOURCES_BLOB, sourcesMarkerName } from '../../src/model/names.ts';
import { findKubernetesTools } from '../support/kubernetes-tools.ts';
import { SAMPLE_INSTALLATION, SAMPLE_STUDIO, sampleEnvironment } from '../support/sample-inputs.ts';
import { inPairs, kustomize } from '../support/sample-kustomize.ts';

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects, looked into here and there
type Tree = any;

const { skip, kubectl } = await findKubernetesTools();
const CLUSTER = fileURLToPath(new URL('../../infra/cluster', import.meta.url));
const top = (name: string) => readFile(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8');
const TT02 = sampleEnvironment('tt02');

async function build(folder: string): Promise<Tree[]> {
  const { exitCode, stdout, stderr } = await kubectl(['kustomize', folder]);
  assert.equal(exitCode, 0, stderr);
  return parseAllDocuments(stdout).map((document) => document.toJS());
}

let built: Promise<Tree[]> | undefined;
function example(): Promise<Tree[]> {
  built ??= build(join(CLUSTER, 'overlays/example'));
  return built;
}

/** A folder of one's own, with the paths to ours filled in: kustomize takes no absolute ones. */
async function buildOwn(files: Readonly<Record<string, string>>): Promise<Tree[]> {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  try {
    for (const [name, text] of Object.entries(files))
      await writeFile(join(folder, name), text.replaceAll('CLUSTER', relative(folder, CLUSTER)));
    return await build(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const find = (objects: readonly Tree[], kind: string): Tree =>
  objects.find((object) => object.kind === kind) ?? assert.fail(`there is no ${kind}`);
const names = (objects: readonly Tree[]) =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`).sort();
const settings = () => readFile(join(CLUSTER, 'overlays/example/settings.yaml'), 'utf8');

describe("a cluster's bootstrap", { skip }, () => {
  it('builds into the sync of the sources and the events, for Flux, and with none of the placeholders left', async () => {
    const objects = await example();
    assert.deepEqual(names(objects), [
      'Alert default/pull-deploy',
      'Bucket default/pull-deploy',
      'Kustomization default/pull-deploy',
      'Provider default/pull-deploy',
    ]);
    assert.doesNotMatch(JSON.stringify(objects), /ORG|STUDIO|ACCOUNT|HOST|ENV\b/);
  });

  it('builds into the events alone, for the AKS extension', async () => {
    const objects = await build(join(CLUSTER, 'overlays/aks-extension'));
    assert.deepEqual(names(objects), ['Alert default/pull-deploy', 'Provider default/pull-deploy']);
  });

  it('reads what we write: container, path and marker are those of our documents', async () => {
    const objects = await example();
    const { spec: bucket } = find(objects, 'Bucket');
    const { spec: sync } = find(objects, 'Kustomization');
    assert.equal(bucket.bucketName, clusterContainer('ttd'));
    assert.equal(sync.path, `./${SOURCES_BLOB.split('/')[0]}`);
    assert.equal(JSON.parse(sync.patches[0].patch).metadata.name, sourcesMarkerName('ttd', SAMPLE_STUDIO.name));
    assert.deepEqual([sync.prune, sync.wait, sync.deletionPolicy, sync.postBuild], [true, false, 'Orphan', undefined]);
    assert.ok((await top('environments.sample.yaml')).includes(`storage: ${bucket.endpoint}\n`), bucket.endpoint);
  });

  it('sends events to our route, of the objects and without the repetitions that docs/operate.md names', async () => {
    const objects = await example();
    const path = `/api/${receiveFluxEvent.route.replace('{envName}', 'tt02').replace('{org}', 'ttd')}`;
    assert.equal(new URL(find(objects, 'Provider').spec.address).pathname, path);
    const [, documents = ''] =
      /```yaml\n(apiVersion: v1\nkind: Secret[\s\S]*?)```/.exec(await top('docs/operate.md')) ?? [];
    const documented = parseAllDocuments(documents).map((document) => document.toJS());
    assert.deepEqual(find(objects, 'Alert').spec, find(documented, 'Alert').spec);
    assert.deepEqual(
      { ...find(objects, 'Provider').spec, address: '' },
      { ...find(documented, 'Provider').spec, address: '' },
    );
    const [excluded] = find(objects, 'Alert').spec.exclusionList;
    assert.match('Reconciliation finished in 120ms, next run in 10m0s', new RegExp(excluded));
    assert.doesNotMatch('Helm upgrade succeeded for release default/ttd-app.v2', new RegExp(excluded));
  });

  it('has names of its own for each Studio that deploys to the cluster', async () => {
    const overlay = await readFile(join(CLUSTER, 'overlays/example/kustomization.yaml'), 'utf8');
    const objects = await buildOwn({
      'kustomization.yaml': overlay.replaceAll('../../', 'CLUSTER/'),
      'settings.yaml': (await settings()).replace('name: pull-deploy\n  # env', 'name: pull-deploy-staging\n  # env'),
    });
    assert.ok(objects.every(({ metadata }) => metadata.name === 'pull-deploy-staging'));
    assert.equal(find(objects, 'Kustomization').spec.sourceRef.name, 'pull-deploy-staging');
    assert.equal(find(objects, 'Alert').spec.providerRef.name, 'pull-deploy-staging');
  });

  it("gives source-controller the cluster's identity, in its ServiceAccount and its pods", async () => {
    const stub = (apiVersion: string, kind: string, spec: string) =>
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: source-controller, namespace: flux-system, labels: {a: b}}\n${spec}`;
    const objects = await buildOwn({
      'kustomization.yaml':
        'resources: [gotk-components.yaml, settings.yaml]\ncomponents: [CLUSTER/workload-identity]\n',
      'gotk-components.yaml': [
        stub('v1', 'ServiceAccount', ''),
        stub('apps/v1', 'Deployment', 'spec: {template: {metadata: {labels: {app: source-controller}}}}\n'),
      ].join('---\n'),
      'settings.yaml': await settings(),
    });
    const { annotations } = find(objects, 'ServiceAccount').metadata;
    assert.equal(annotations['azure.workload.identity/client-id'], '00000000-0000-0000-0000-000000000000');
    const { labels } = find(objects, 'Deployment').spec.template.metadata;
    assert.deepEqual(labels, { app: 'source-controller', 'azure.workload.identity/use': 'true' });
    assert.deepEqual(names(objects), [
      'Deployment flux-system/source-controller',
      'ServiceAccount flux-system/source-controller',
    ]);
  });

  it('may have a Receiver for the Buckets that we make', async () => {
    const { spec } = find(await build(join(CLUSTER, 'receiver')), 'Receiver');
    const [bucket] = sourceEntry({ org: 'ttd', app: 'parking' }, TT02, SAMPLE_STUDIO).objects as Tree[];
    for (const [label, value] of Object.entries(spec.resources[1].matchLabels))
      assert.equal(bucket.metadata.labels[label], value);
  });
});

describe("the patch in a cluster's bootstrap", { skip }, () => {
  const entries = [sourceEntry({ org: 'ttd', app: 'parking' }, TT02, SAMPLE_STUDIO)];
  const sources = sourcesDocument('ttd', TT02, SAMPLE_STUDIO, SAMPLE_INSTALLATION, entries);

  /** As Flux does: it adds the object's patches to the kustomization.yaml that is there, or to one it makes. */
  async function buildSynced(content: string, guard: Tree = { resources: ['sources.yaml'] }) {
    const { spec } = find(await example(), 'Kustomization');
    const kustomization = { ...guard, patches: [...(guard.patches ?? []), ...spec.patches] };
    return kustomize(kubectl, { 'sources.yaml': content, 'kustomization.yaml': JSON.stringify(kustomization) });
  }

  it('changes nothing in the documents that we write', async () => {
    const { objects } = await buildSynced(sources, parseYaml(sourcesKustomization('ttd', SAMPLE_STUDIO)));
    assert.deepEqual(names(objects ?? []), names(JSON.parse(sources).items));
  });

  it('fails the build where the marker is missing, even if nothing else in the container guards it', async () => {
    const { items, ...list } = JSON.parse(sources);
    assert.equal(items[0].kind, 'ConfigMap');
    const ofOther = sourcesDocument('brg', TT02, SAMPLE_STUDIO, SAMPLE_INSTALLATION, entries);
    const without = JSON.stringify({ ...list, items: items.slice(1) });
    await inPairs([without, '', JSON.stringify({ ...list, items: [] }), ofOther], async (content) => {
      const { objects, error } = await buildSynced(content);
      assert.equal(objects, undefined, content.slice(0, 200));
      assert.match(error, /no resource matches|no matches for Id/);
    });
  });
});

describe('the samples of two overlays', () => {
  it('have the same settings', async () => {
    assert.equal(await readFile(join(CLUSTER, 'overlays/aks-extension/settings.yaml'), 'utf8'), await settings());
  });
});
