import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { bareRelease } from '../../src/build/release-document.ts';
import { sourceEntry, sourcesDocument, sourcesKustomization } from '../../src/build/sources-document.ts';
import type { Studio } from '../../src/model/environments.ts';
import { findKubernetesTools } from '../support/kubernetes-tools.ts';
import {
  SAMPLE_INSTALLATION,
  SAMPLE_STUDIO,
  sampleEnvironment,
  sampleInputs,
  sampleRelease,
} from '../support/sample-inputs.ts';
import { type Build, inPairs, kustomize } from '../support/sample-kustomize.ts';

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects, looked into here and there
type Tree = any;

const { skip, kubectl } = await findKubernetesTools();
const TT02 = sampleEnvironment('tt02');
const APP = { org: 'ttd', app: 'parking-permit' };
const EMPTY_LIST = '{"apiVersion":"v1","kind":"List","items":[]}';

const inputs = sampleInputs({ ...APP, scopes: ['altinn:serviceowner/instances.read'] });
const release = (await sampleRelease(inputs)).release;
const bare = bareRelease({ ...APP, environment: 'tt02' }, SAMPLE_INSTALLATION, SAMPLE_STUDIO);
const sources = sourcesOf('parking-permit', 'parking');
const noSources = sourcesOf();
const sourcesGuard = sourcesKustomization('ttd', SAMPLE_STUDIO);

/** As Flux does: it writes a kustomization.yaml of its own into the folder, from the Kustomization object. */
const buildRelease = (content: string | Buffer): Promise<Build> =>
  kustomize(kubectl, { 'release.yaml': content, 'kustomization.yaml': generated(fluxKustomization()) });

const buildSources = (content: string | Buffer, guard: string | Buffer = sourcesGuard): Promise<Build> =>
  kustomize(kubectl, { 'sources.yaml': content, 'kustomization.yaml': guard });

describe('the release document', { skip }, () => {
  it('builds into its objects and nothing else, in the namespace that Flux puts them into', async () => {
    const { objects, error } = await buildRelease(release);
    assert.equal(error, '');
    assert.deepEqual(byName(objects), byName(JSON.parse(release).items));
    assert.deepEqual(names(objects), [
      'ConfigMap default/ttd-parking-permit-release-prod',
      'HelmRelease default/ttd-parking-permit-prod',
      'MaskinportenClient default/ttd-parking-permit',
    ]);
  });

  it('of an app that is not deployed builds into its ConfigMap alone', async () => {
    const { objects } = await buildRelease(bare);
    assert.deepEqual(names(objects), ['ConfigMap default/ttd-parking-permit-release-prod']);
  });

  it('fails to build, so that nothing is pruned, when it is empty, has no items, or not the marker', async () => {
    const { items, ...list } = JSON.parse(release);
    const other = bareRelease({ ...APP, app: 'parking', environment: 'tt02' }, SAMPLE_INSTALLATION, SAMPLE_STUDIO);
    const damaged: Readonly<Record<string, string>> = {
      'an empty file': '',
      'a line end': '\n',
      'a comment': '# nothing\n',
      'an empty list': EMPTY_LIST,
      'no marker': JSON.stringify({ ...list, items: items.slice(1) }),
      'the marker in another namespace': release.replace('"namespace": "default"', '"namespace": "other"'),
      'the marker of another app': other,
      'the marker of another Studio': release.replaceAll('release-prod', 'release-staging'),
    };
    await inPairs(Object.entries(damaged), async ([what, content]) => {
      assert.match((await buildRelease(content)).error, /no resource matches|no matches for Id/, what);
    });
  });

  it('would build into nothing, and all be pruned, were it not for the patch', async () => {
    const { patches, ...unguarded } = fluxKustomization().spec;
    assert.equal(patches.length, 1);
    for (const content of ['', EMPTY_LIST]) {
      const files = { 'release.yaml': content, 'kustomization.yaml': generated({ spec: unguarded }) };
      assert.deepEqual((await kustomize(kubectl, files)).objects, []);
    }
  });
});

describe("the cluster's sources", { skip }, () => {
  it('build into the Bucket and the Kustomization of each app, and the marker', async () => {
    const { objects, error } = await buildSources(sources);
    assert.equal(error, '');
    assert.deepEqual(byName(objects), byName(JSON.parse(sources).items));
    assert.deepEqual(names(objects), [
      'Bucket default/ttd-parking-permit-prod',
      'Bucket default/ttd-parking-prod',
      'ConfigMap default/ttd-sources-prod',
      'Kustomization default/ttd-parking-permit-prod',
      'Kustomization default/ttd-parking-prod',
    ]);
  });

  it('of an org without apps build into the marker alone', async () => {
    assert.deepEqual(names((await buildSources(noSources)).objects), ['ConfigMap default/ttd-sources-prod']);
  });

  it('carry the service account where clusters want one', async () => {
    const studio: Studio = { ...SAMPLE_STUDIO, serviceAccountName: 'apps' };
    const document = sourcesDocument('ttd', TT02, studio, SAMPLE_INSTALLATION, [sourceEntry(APP, TT02, studio)]);
    const kustomization = (await buildSources(document)).objects?.find(({ kind }) => kind === 'Kustomization');
    assert.equal(kustomization.spec.serviceAccountName, 'apps');
  });

  it('fail to build when they are empty, have no items, or not the marker', async () => {
    const { items, ...list } = JSON.parse(sources);
    for (const content of ['', EMPTY_LIST, JSON.stringify({ ...list, items: items.slice(1) })])
      assert.match((await buildSources(content)).error, /no resource matches|no matches for Id/);
  });
});

describe('a document that was cut off', { skip }, () => {
  const WHOLE: Readonly<Record<string, readonly [string, (content: Buffer) => Promise<Build>]>> = {
    'release.yaml': [release, buildRelease],
    'release.yaml of an app that is not deployed': [bare, buildRelease],
    'sources.yaml': [sources, buildSources],
    'sources.yaml of an org without apps': [noSources, buildSources],
    'kustomization.yaml beside the sources': [sourcesGuard, (content) => buildSources(sources, content)],
  };
  for (const [name, [whole]] of Object.entries(WHOLE))
    it(`after any byte of ${name} is empty or does not parse`, () => {
      const bytes = Buffer.from(whole);
      assert.ok(parses(whole));
      for (let length = 0; length < bytes.length; length++) {
        const part = bytes.subarray(0, length).toString();
        assert.equal(parses(part), false, `parses when cut after ${length} of ${bytes.length} bytes`);
      }
    });

  for (const [name, [whole, build]] of Object.entries(WHOLE))
    it(`fails to build: ${name}`, async () => {
      const bytes = Buffer.from(whole);
      assert.notEqual((await build(bytes)).objects, undefined, 'the whole document builds');
      await inPairs(sampleOfCuts(bytes), async (length) => {
        const { objects } = await build(bytes.subarray(0, length));
        assert.equal(objects, undefined, `builds when cut after ${length} of ${bytes.length} bytes`);
      });
    });
});

/** The first byte, the last, after each line of a short document, and some places between: a build takes a quarter of a second. */
function sampleOfCuts(bytes: Buffer): number[] {
  const spread = Array.from({ length: 12 }, (_, i) => Math.floor(((i + 1) * bytes.length) / 13));
  const lineEnds = [...bytes.keys()].filter((at) => bytes[at] === 0x0a);
  const between = lineEnds.length <= 20 ? lineEnds.map((at) => at + 1) : spread;
  return [...new Set([0, 1, ...between, bytes.length - 1])].filter((length) => length < bytes.length);
}

/** Whether anything at all can be read from it. */
function parses(text: string): boolean {
  const documents = parseAllDocuments(text, { prettyErrors: false });
  return [...documents].some((document) => document.errors.length === 0 && document.contents !== null);
}

function sourcesOf(...apps: string[]): string {
  const entries = apps.map((app) => sourceEntry({ org: 'ttd', app }, TT02, SAMPLE_STUDIO));
  return sourcesDocument('ttd', TT02, SAMPLE_STUDIO, SAMPLE_INSTALLATION, entries);
}

/** The object that is in the cluster, taken from the document that brings it there. */
function fluxKustomization(): Tree {
  const { items } = JSON.parse(sources);
  return items.find(
    ({ kind, metadata }: Tree) => kind === 'Kustomization' && metadata.name === 'ttd-parking-permit-prod',
  );
}

function generated({ spec }: Tree): string {
  return JSON.stringify({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['release.yaml'],
    namespace: spec.targetNamespace,
    ...(spec.patches === undefined ? {} : { patches: spec.patches }),
  });
}

const nameOf = ({ kind, metadata }: Tree): string => `${kind} ${metadata.namespace}/${metadata.name}`;
const names = (objects: readonly Tree[] | undefined): string[] => (objects ?? []).map(nameOf).sort();
const byName = (objects: readonly Tree[] | undefined): Tree =>
  Object.fromEntries((objects ?? []).map((object) => [nameOf(object), object]));
