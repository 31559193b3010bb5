import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { validateArtifact } from '../../src/accept/validate-artifact.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import type { Problem } from '../../src/errors.ts';
import type { Manifest } from '../../src/model/artifact.ts';
import type { Studio } from '../../src/model/environments.ts';
import {
  type Alterations,
  alterArtifact,
  EXPECTED,
  makeArtifact,
  PATH,
  STUDIO,
  TT02,
  unpack,
} from '../support/make-artifact.ts';
import type { RawEntry } from '../zip/write-zip.ts';

const HELM_RELEASE = 'deploy/helmrelease.yaml';
const VALUES = 'deploy/values.yaml';
const CLIENT = 'deploy/maskinportenclient.yaml';
const METADATA = 'source/App/config/applicationmetadata.json';
const POLICY = 'source/App/config/authorization/policy.xml';

const original = await unpack(await makeArtifact());

/** A document of the valid artifact, with something in it replaced. */
function edited(path: string, ...edits: [from: string | RegExp, to: string][]): Record<string, string> {
  let text = String(original.get(path));
  for (const [from, to] of edits) {
    const next = text.replaceAll(typeof from === 'string' ? from : new RegExp(from, 'g'), to);
    assert.notEqual(next, text, `'${from}' is not in ${path}`);
    text = next;
  }
  return { [path]: text };
}

const added = (path: string, text: string) => ({ [path]: `${original.get(path)}${text}` });

async function problemsOf(alterations: Alterations): Promise<readonly Problem[]> {
  const result = await validateArtifact(await alterArtifact(alterations), PATH, TT02, STUDIO, EXPECTED);
  return 'problems' in result ? result.problems : [];
}

const codesOf = async (alterations: Alterations): Promise<ErrorCode[]> =>
  [...new Set((await problemsOf(alterations)).map(({ code }) => code))].sort();

async function assertRefused(code: ErrorCode, alterations: Alterations, message?: RegExp): Promise<void> {
  const problems = await problemsOf(alterations);
  assert.ok(
    problems.some((problem) => problem.code === code && (message === undefined || message.test(problem.message))),
    `expected ${code} ${message ?? ''}, found ${JSON.stringify(problems, null, 1)}`,
  );
}

describe('validateArtifact', () => {
  it('takes what our own build makes, with its objects in order', async () => {
    const result = await validateArtifact(await makeArtifact(), PATH, TT02, STUDIO, EXPECTED);
    assert.ok('artifact' in result, JSON.stringify(result));
    assert.equal(result.artifact.manifest.deploymentId, PATH.deploymentId);
    assert.deepEqual(
      result.artifact.objects.map(({ kind }) => kind),
      ['HelmRelease', 'MaskinportenClient'],
    );
    assert.deepEqual(result.artifact.warnings, []);
  });

  it('takes it packed by another writer, and with no change', async () => assert.deepEqual(await codesOf({}), []));

  it('takes an app without scopes, without values, and with a trace context', async () => {
    const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'x=1' };
    const inputs = { scopes: [], trace };
    const result = await validateArtifact(
      await makeArtifact({ inputs, repository: { 'deployment/values.yaml': undefined } }),
      PATH,
      TT02,
      STUDIO,
      { ...EXPECTED, scopes: [] },
    );
    assert.ok('artifact' in result, JSON.stringify(result));
    assert.deepEqual(
      result.artifact.objects.map(({ kind }) => kind),
      ['HelmRelease'],
    );
  });

  it('takes the chart version and the scopes that its deployment was resolved with, and no others', async () => {
    const other = { chartVersion: '3.11.0', scopes: ['altinn:other'] };
    const studio = { ...STUDIO, chart: { ...STUDIO.chart, version: other.chartVersion } };
    const zip = await alterArtifact({ inputs: { studio, scopes: other.scopes } });
    assert.ok('artifact' in (await validateArtifact(zip, PATH, TT02, STUDIO, other)));
    for (const [expected, reason] of [
      [{ ...other, chartVersion: '3.12.0' }, /chart version '3\.11\.0': must be '3\.12\.0'/],
      [{ ...other, scopes: [] }, /the scopes are not those in Studio/],
      [{ ...other, scopes: [...other.scopes, 'altinn:more'] }, /the scopes are not those in Studio/],
    ] as const) {
      const result = await validateArtifact(zip, PATH, TT02, STUDIO, expected);
      assert.ok('problems' in result);
      assert.deepEqual([result.problems.length, result.problems[0]?.code], [1, 'RELEASE_POLICY']);
      assert.match(result.problems[0]?.message ?? '', reason);
    }
  });

  it('takes no client for Maskinporten where the policy does not allow the kind, and builds none', async () => {
    const studio: Studio = { ...STUDIO, policy: { ...STUDIO.policy, kinds: ['HelmRelease'] } };
    const result = await validateArtifact(await makeArtifact(), PATH, TT02, studio, EXPECTED);
    assert.ok('problems' in result);
    assert.deepEqual(
      result.problems.map(({ code, path }) => [code, path]),
      [['KIND_NOT_ALLOWED', CLIENT]],
    );
    await assert.rejects(makeArtifact({ inputs: { studio } }), { code: 'KIND_NOT_ALLOWED', message: /2 Maskinporten/ });
    const without = await makeArtifact({ inputs: { studio, scopes: [] } });
    assert.ok('artifact' in (await validateArtifact(without, PATH, TT02, studio, { ...EXPECTED, scopes: [] })));
  });

  it('takes files that are never in memory whole, and finds what is wrong with them', async () => {
    const video = 'source/App/wwwroot/video.mp4';
    const large = Buffer.from(randomBytes(2 ** 21).map((byte) => byte & 15));
    const packed = (both: RawEntry['both'] = {}): Alterations => ({
      entries: { [video]: large },
      raw: (entries) => entries.map((entry) => (entry.name === video ? { ...entry, deflate: true, both } : entry)),
    });
    assert.deepEqual(await codesOf(packed()), []);
    await assertRefused('ZIP_DATA', packed({ crc32: 1 }), /video\.mp4: the CRC-32 does not fit/);
    const other: Alterations = {
      ...packed(),
      manifest: ({ files, ...rest }) => ({
        ...rest,
        files: files.map((file) => (file.path === video ? { ...file, sha256: 'a'.repeat(64) } : file)),
      }),
    };
    await assertRefused('MANIFEST_MISMATCH', other, /video\.mp4: size or SHA-256 differs/);
  });

  it('refuses what is too large to be looked into by its record alone', async () => {
    for (const [path, code] of [
      ['artifact.json', 'YAML_UNSAFE'],
      [HELM_RELEASE, 'YAML_UNSAFE'],
      [METADATA, 'APP_METADATA_INVALID'],
      [POLICY, 'APP_POLICY_MISSING'],
      ['source/.gitmodules', 'SUBMODULE_UNSUPPORTED'],
    ] as const) {
      const inflatedBytes = path === 'artifact.json' ? 10 * 2 ** 20 : 2 ** 20 + 1;
      const said = { data: Buffer.alloc(110_000), both: { method: 8, compressedBytes: 110_000, inflatedBytes } };
      const codes = await codesOf({
        entries: path === 'source/.gitmodules' ? { [path]: 'x' } : {},
        raw: (entries) => entries.map((entry) => (entry.name === path ? { ...entry, ...said } : entry)),
      });
      assert.deepEqual(codes, [code], path);
    }
  });

  it('tells of a hundred problems at most, however many there are', async () => {
    const entries = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`stray/${index}`, 'x']));
    const result = await validateArtifact(await alterArtifact({ entries }), PATH, TT02, STUDIO, EXPECTED);
    assert.equal('problems' in result && result.problems.length, 100);
  });

  it('warns of names in source/ that some systems cannot hold', async () => {
    const result = await validateArtifact(
      await alterArtifact({ entries: { 'source/aux.txt': '', 'source/dockerfile': '' } }),
      PATH,
      TT02,
      STUDIO,
      EXPECTED,
    );
    assert.ok('artifact' in result, JSON.stringify(result));
    assert.deepEqual(result.artifact.warnings.map(({ code }) => code).sort(), [
      'FILE_NAME_COLLISION',
      'FILE_NAME_UNSAFE',
    ]);
  });

  it('warns of a hundred names at most, however many there are', async () => {
    const entries = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`source/${index}/aux.txt`, 'x']));
    const result = await validateArtifact(await alterArtifact({ entries }), PATH, TT02, STUDIO, EXPECTED);
    assert.equal('artifact' in result && result.artifact.warnings.length, 100);
  });

  it('reports several problems together', async () => {
    const codes = await codesOf({
      entries: {
        ...edited(HELM_RELEASE, ['interval: 5m', 'interval: 1s']),
        [METADATA]: '{"id": "[ORG]/[APP]", "org": "nav"}',
        [POLICY]: undefined,
        'source/deployment/templates/job.yaml': 'a: 1',
        'source/.gitmodules': '[submodule "x"]',
        'source/App/config/texts/resource.en.json': '{',
      },
    });
    assert.deepEqual(codes, [
      'APP_ID_MISMATCH',
      'APP_METADATA_INVALID',
      'APP_POLICY_MISSING',
      'APP_TEXT_INVALID',
      'CHART_TEMPLATES_UNSUPPORTED',
      'RELEASE_POLICY',
      'SUBMODULE_UNSUPPORTED',
    ]);
  });

  it('never shows a document of an artifact that is damaged', async () => {
    const both = { method: 12 };
    const raw: Alterations['raw'] = (entries) => entries.map((entry) => ({ ...entry, both }));
    assert.deepEqual(await codesOf({ raw }), ['ZIP_UNSUPPORTED']);
  });
});

describe('the zip of an artifact is refused', () => {
  it('when an entry is not what its record says', async () => {
    const raw: Alterations['raw'] = (entries) =>
      entries.map((entry) => (entry.name === HELM_RELEASE ? { ...entry, both: { crc32: 1 } } : entry));
    assert.deepEqual(await codesOf({ raw }), ['ZIP_DATA']);
  });

  it('for a name that leaves its folder, anywhere', async () => {
    for (const path of ['source/../up', 'deploy/../../up', '/etc/passwd', 'source/a\\b', 'source/C:x', 'source/a\0b'])
      await assertRefused('FILE_NAME_UNSAFE', { entries: { [path]: '' } });
  });

  it('for a name in deploy/ that some systems cannot hold', async () => {
    for (const path of ['deploy/aux.yaml', 'deploy/values.yaml.', 'deploy/a\u030a.yaml'])
      await assertRefused('FILE_NAME_UNSAFE', { entries: { [path]: '' } });
  });

  it('for two names that are one', async () => {
    await assertRefused('FILE_NAME_COLLISION', { entries: { 'deploy/Values.yaml': '' } });
    await assertRefused('FILE_NAME_COLLISION', { entries: { 'source/App': '' } });
    await assertRefused('FILE_NAME_COLLISION', { entries: { deploy: '' } });
  });
});

describe('the manifest is refused', () => {
  it('when it is missing, or not first', async () => {
    await assertRefused('MANIFEST_MISSING', { manifestText: () => undefined });
    await assertRefused('MANIFEST_MISSING', { raw: (entries) => [...entries.slice(1), ...entries.slice(0, 1)] });
    await assertRefused('MANIFEST_MISSING', { raw: () => [] }, /first entry is ''/);
  });

  it('when it is not JSON that all parsers read alike', async () => {
    await assertRefused('YAML_INVALID', { manifestText: () => 'org: ttd' });
    await assertRefused('YAML_INVALID', { manifestText: () => Buffer.from([0xff]) });
    await assertRefused('YAML_UNSAFE', { manifestText: (text) => text.replace('"org"', '"org": "nav", "org"') });
    await assertRefused('YAML_UNSAFE', { manifestText: () => '['.repeat(100_000) });
  });

  it('when it is not of the documented form', async () => {
    const changes: Record<string, (manifest: Manifest) => unknown> = {
      'not an object': () => [],
      'another version': (manifest) => ({ ...manifest, schemaVersion: 2 }),
      'another kind': (manifest) => ({ ...manifest, kind: 'resource' }),
      'an unknown field': (manifest) => ({ ...manifest, sequence: 9 }),
      'an unknown field within': ({ source, ...rest }) => ({ ...rest, source: { ...source, branch: 'master' } }),
      'a missing field': ({ tagName: _tagName, ...rest }) => rest,
      'a tag that is none': (manifest) => ({ ...manifest, tagName: '-x' }),
      'an id in upper case': (manifest) => ({ ...manifest, deploymentId: PATH.deploymentId.toUpperCase() }),
      'a short commit': ({ source, ...rest }) => ({ ...rest, source: { ...source, commit: 'c0ffee' } }),
      'a digest in upper case': (manifest) => ({ ...manifest, deployDigest: manifest.deployDigest.toUpperCase() }),
      'a size that is no integer': ({ files, ...rest }) => ({
        ...rest,
        files: files.map((f) => ({ ...f, size: 0.5 })),
      }),
      'a negative size': ({ files, ...rest }) => ({ ...rest, files: files.map((f) => ({ ...f, size: -1 })) }),
      'a huge size': ({ files, ...rest }) => ({ ...rest, files: files.map((f) => ({ ...f, size: 2 ** 60 })) }),
    };
    for (const [what, manifest] of Object.entries(changes))
      assert.deepEqual(await codesOf({ manifest }), ['MANIFEST_INVALID'], what);
    const prototype = (text: string) => text.replace('{', '{"__proto__": {"org": "nav"}, ');
    assert.deepEqual(await codesOf({ manifestText: prototype }), ['MANIFEST_INVALID'], '__proto__');
  });

  it('when it says other than the path of the blob', async () => {
    const id = '11111111-d9cb-469f-a165-70867728950e';
    for (const [field, value] of Object.entries({
      org: 'nav',
      app: 'other',
      environment: 'production',
      deploymentId: id,
    }))
      await assertRefused(
        'MANIFEST_MISMATCH',
        { manifest: (manifest) => ({ ...manifest, [field]: value }) },
        new RegExp(`${field} '${value}': the blob's path says`),
      );
    await assertRefused(
      'MANIFEST_MISMATCH',
      { manifest: (manifest) => ({ ...manifest, source: { ...manifest.source, repository: 'nav/other' } }) },
      /source\.repository/,
    );
  });

  it('when its list is not that of the files', async () => {
    const files = (change: (files: Manifest['files']) => Manifest['files']) => ({
      manifest: (manifest: Manifest) => ({ ...manifest, files: change(manifest.files) }),
    });
    const digest = '0'.repeat(64);
    const extra = { path: 'source/none', size: 0, sha256: digest };
    await assertRefused(
      'MANIFEST_MISMATCH',
      files((list) => list.slice(1)),
      /in the zip, not in the list/,
    );
    await assertRefused(
      'MANIFEST_MISMATCH',
      files((list) => [...list, extra]),
      /in the list, not in the zip/,
    );
    await assertRefused(
      'MANIFEST_MISMATCH',
      files((list) => [...list, ...list.slice(0, 1)]),
      /twice/,
    );
    await assertRefused(
      'MANIFEST_MISMATCH',
      files((list) => list.map((f) => ({ ...f, size: f.size + 1 }))),
      /size or/,
    );
    await assertRefused(
      'MANIFEST_MISMATCH',
      files((list) => list.map((f) => ({ ...f, sha256: digest }))),
      /SHA-256/,
    );
  });

  it('when one of its digests is not that of the files', async () => {
    const wrong = '0'.repeat(64);
    const inputs = (change: object) => (manifest: Manifest) => ({
      ...manifest,
      inputs: { ...manifest.inputs, ...change },
    });
    await assertRefused('MANIFEST_MISMATCH', { manifest: (m) => ({ ...m, deployDigest: wrong }) }, /^deployDigest/);
    await assertRefused('MANIFEST_MISMATCH', { manifest: (m) => ({ ...m, inputsDigest: wrong }) }, /^inputsDigest/);
    await assertRefused('MANIFEST_MISMATCH', { manifest: inputs({ sourceTree: wrong }) }, /^inputs\.sourceTree/);
    await assertRefused('MANIFEST_MISMATCH', { manifest: inputs({ valuesFile: null }) }, /^inputs\.valuesFile/);
    await assertRefused('MANIFEST_MISMATCH', { manifest: inputs({ scopes: wrong }) }, /^inputsDigest/);
  });

  it('when the zip holds files that belong nowhere', async () => {
    for (const path of ['readme.txt', 'sources/a', 'artifact.json.bak'])
      await assertRefused('MANIFEST_MISMATCH', { entries: { [path]: '' } }, /neither below/);
  });
});

describe('a document in deploy/ is refused', () => {
  const refused = (code: ErrorCode, entries: Record<string, string | undefined>, message?: RegExp) =>
    assertRefused(code, { entries }, message);

  it('when it does not parse', async () => {
    await refused('YAML_INVALID', added(VALUES, 'a: [\n'));
    await refused('YAML_INVALID', added(VALUES, 'service: {}\n'), /unique/);
    await refused('YAML_INVALID', added(HELM_RELEASE, '---\nkind: Secret\n'), /multiple documents/);
  });

  it('when parsers read it differently', async () => {
    for (const text of ['a: &x 1\nb: *x\n', 'a: !!str 1\n', '<<: {a: 1}\n', '1: a\n', 'a: 9007199254740993\n'])
      await refused('YAML_UNSAFE', added(VALUES, text));
  });

  it('when it is of another kind, or at another place', async () => {
    await refused('KIND_NOT_ALLOWED', edited(HELM_RELEASE, ['kind: HelmRelease', 'kind: Secret']));
    await refused('KIND_NOT_ALLOWED', edited(HELM_RELEASE, ['fluxcd.io/v2', 'fluxcd.io/v2beta1']));
    await refused('KIND_NOT_ALLOWED', edited(CLIENT, ['kind: MaskinportenClient', 'kind: ClusterRole']));
    await refused('KIND_NOT_ALLOWED', { 'deploy/configmap.yaml': 'apiVersion: v1\nkind: ConfigMap\n' });
    await refused('KIND_NOT_ALLOWED', { 'deploy/more/helmrelease.yaml': 'a: 1\n' });
    await refused('KIND_NOT_ALLOWED', { 'deploy/.sourceignore': '*\n' });
  });

  it('when it is missing, empty, or not a map', async () => {
    for (const path of [VALUES, HELM_RELEASE]) {
      await refused('RELEASE_POLICY', { [path]: undefined }, /missing/);
      for (const text of ['', '# nothing\n', '[]\n', 'null\n', 'text\n'])
        await refused('RELEASE_POLICY', { [path]: text }, /map/);
    }
    await refused('RELEASE_POLICY', { [CLIENT]: '[]\n' }, /map/);
  });

  it('when it is a HelmRelease of another name, place, chart or schedule', async () => {
    const edits: [string | RegExp, string][] = [
      ['name: ttd-small-app-dev', 'name: ttd-other-dev'],
      ['releaseName: ttd-small-app', 'releaseName: ttd-other'],
      ['targetNamespace: default', 'targetNamespace: kube-system'],
      ['namespace: default\n  labels', 'namespace: kube-system\n  labels'],
      ['interval: 5m', 'interval: 1s'],
      ['retries: 1', 'retries: -1'],
      ['version: 3.12.0', 'version: 3.12.1'],
      ['version: 3.12.0', 'version: ">=3"'],
      ['chart: deployment', 'chart: other'],
      ['name: altinn-charts', 'name: mine'],
      ['kind: HelmRepository', 'kind: GitRepository'],
      ['altinn.studio/managed-by: altinn-studio', 'altinn.studio/managed-by: me'],
      ['altinn.studio/app: small-app', 'altinn.studio/app: other'],
      [/altinn.studio\/build-id: .*/, 'altinn.studio/build-id: "1"'],
      [/event.toolkit.fluxcd.io\/deployment-id: .*/, 'event.toolkit.fluxcd.io/deployment-id: "1"'],
    ];
    for (const edit of edits)
      await refused('RELEASE_POLICY', edited(HELM_RELEASE, edit), /is not what the platform makes/);
  });

  it('when a HelmRelease says more than ours would', async () => {
    const inSpec = (text: string) => edited(HELM_RELEASE, ['  releaseName:', `  ${text}\n  releaseName:`]);
    for (const text of [
      'kubeConfig: {secretRef: {name: x}}',
      'serviceAccountName: admin',
      'postRenderers: [{kustomize: {}}]',
      'chartRef: {kind: OCIRepository, name: x}',
      'valuesFrom: [{kind: Secret, name: x}]',
      'storageNamespace: kube-system',
      'dependsOn: [{name: x, namespace: y}]',
      'suspend: true',
    ])
      await refused('RELEASE_POLICY', inSpec(text), /^spec\./);
    const inMetadata = (text: string) => edited(HELM_RELEASE, ['\n  labels:', `\n  ${text}\n  labels:`]);
    for (const text of ['finalizers: [x]', 'ownerReferences: [{kind: x}]', '"__proto__": {a: 1}'])
      await refused('RELEASE_POLICY', inMetadata(text), /^metadata\./);
    const annotation = edited(HELM_RELEASE, [
      '  annotations:',
      '  annotations:\n    kustomize.toolkit.fluxcd.io/prune: disabled',
    ]);
    await refused('RELEASE_POLICY', annotation, /^metadata\.annotations/);
    await refused('RELEASE_POLICY', added(HELM_RELEASE, 'status: {}\n'), /^status/);
  });

  it('when its chart version is not exact, though the manifest agrees', async () => {
    for (const version of ['>=3.0.0', '3.x', '3', 'latest', '3.12.0 || 4']) {
      const studio = { ...STUDIO, chart: { ...STUDIO.chart, version } };
      await assertRefused('RELEASE_POLICY', { inputs: { studio } }, /must be exact/);
    }
  });

  it('when its trace context is none', async () => {
    const trace = (traceparent: string, tracestate: string) => ({ inputs: { trace: { traceparent, tracestate } } });
    await assertRefused('RELEASE_POLICY', trace('00-x-y-01', 'a=1'), /traceparent/);
    const good = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    for (const none of [`ff${good.slice(2)}`, good.replaceAll('a', '0'), good.replaceAll('b', '0'), `${good}-more`])
      await assertRefused('RELEASE_POLICY', trace(none, 'a=1'), /traceparent/);
    for (const none of ['a'.repeat(513), '', 'a=\u00e5'])
      await assertRefused('RELEASE_POLICY', trace(good, none), /tracestate/);
  });

  it('when values.yaml and the HelmRelease have other values', async () => {
    await refused(
      'RELEASE_POLICY',
      edited(VALUES, ['replicaCount: 2', 'replicaCount: 3']),
      /^spec\.values\.replicaCount/,
    );
  });

  it('when the values overrule the platform', async () => {
    const inBoth = (from: string, to: string) => ({
      ...edited(VALUES, [from, to]),
      ...edited(HELM_RELEASE, [from, to]),
    });
    for (const [from, to] of [
      ['repository: ttdaltinnregistry01.azurecr.io', 'repository: docker.io'],
      ['repository: ttdaltinnregistry01', 'repository: navaltinnregistry01'],
      ['tag: "7"', 'tag: latest'],
      ['tag: "7"', 'tag: 7'],
      ['name: apps-runtime-common-secrets-env', 'name: other-secret'],
      ['value: small-app', 'value: other-app'],
      ['name: ttd-small-app-ingress-route', 'name: other-route'],
      ['Host(`ttd.apps.tt02.altinn.no`)', 'Host(`nav.apps.tt02.altinn.no`)'],
      ['port: 80', 'port: 81'],
    ] as const)
      await refused('RELEASE_POLICY', inBoth(from, to), /is not what the platform decides/);
  });

  it('when a MaskinportenClient is not ours, or its scopes are not sorted', async () => {
    await refused('RELEASE_POLICY', edited(CLIENT, ['name: ttd-small-app', 'name: ttd-other']), /^metadata\.name/);
    await refused('RELEASE_POLICY', edited(CLIENT, ['- altinn:profile', '- zzz']), /^spec\.scopes/);
    await refused('RELEASE_POLICY', edited(CLIENT, ['- altinn:profile', '- 1']), /^spec\.scopes/);
    await refused('RELEASE_POLICY', edited(CLIENT, [/scopes:[\s\S]*/, 'scopes: []\n']), /at least one scope/);
    await refused('RELEASE_POLICY', edited(CLIENT, [/scopes:[\s\S]*/, 'scopes: {a: 1}\n']), /at least one scope/);
    await refused('RELEASE_POLICY', edited(CLIENT, ['spec:', 'spec:\n  secretName: x']), /^spec\.secretName/);
  });
});

describe('the app in source/ is refused', () => {
  const refused = (code: ErrorCode, entries: Record<string, string | Buffer | undefined>, message?: RegExp) =>
    assertRefused(code, { entries }, message);

  it('without usable metadata', async () => {
    await refused('APP_METADATA_INVALID', { [METADATA]: undefined }, /missing/);
    for (const text of ['', '{', '{"id": }']) await refused('APP_METADATA_INVALID', { [METADATA]: text }, /not JSON/);
    for (const text of ['[]', 'null', '"ttd"'])
      await refused('APP_METADATA_INVALID', { [METADATA]: text }, /an object/);
    await refused('APP_METADATA_INVALID', { [METADATA]: Buffer.from([0xe5]) });
    const placeholder = '{"id": "ttd/small-app", "org": "ttd", "title": {"nb": "[APP]"}}';
    await refused('APP_METADATA_INVALID', { [METADATA]: placeholder }, /placeholder/);
  });

  it('when its metadata names another app', async () => {
    await refused('APP_ID_MISMATCH', { [METADATA]: '{"id": "ttd/other", "org": "ttd"}' }, /id "ttd\/other"/);
    await refused('APP_ID_MISMATCH', { [METADATA]: '{"id": "ttd/small-app", "org": "nav"}' }, /org "nav"/);
    await refused('APP_ID_MISMATCH', { [METADATA]: '{}' }, /id undefined/);
    await refused('APP_ID_MISMATCH', { [METADATA]: '{"id": "ttd/small-app-two", "org": "ttd"}' });
  });

  it('without a policy that is XML', async () => {
    await refused('APP_POLICY_MISSING', { [POLICY]: undefined }, /missing/);
    for (const text of ['', 'policy', '<Policy>', '<a></b>', '<a b=c/>', '<a/><b', '{"a": 1}'])
      await refused('APP_POLICY_MISSING', { [POLICY]: text }, /not well-formed/);
  });

  it('with texts that are not JSON', async () => {
    for (const language of ['nb', 'nn', 'se'])
      await refused('APP_TEXT_INVALID', { [`source/App/config/texts/resource.${language}.json`]: '{,}' });
  });

  it('with chart templates or submodules', async () => {
    await refused('CHART_TEMPLATES_UNSUPPORTED', { 'source/deployment/templates/job.yaml': 'a: 1' });
    await refused('SUBMODULE_UNSUPPORTED', { 'source/.gitmodules': '[submodule "x"]' });
  });

  it('but not for a byte order mark, an empty .gitmodules, placeholders in the policy, or odd texts', async () => {
    const codes = await codesOf({
      entries: {
        [METADATA]: '\ufeff{"id": "ttd/small-app", "org": "ttd"}',
        [POLICY]: '\ufeff<?xml version="1.0" encoding="utf-8"?><Policy id="[ORG]/[APP]"/>',
        'source/.gitmodules': '\n',
        'source/App/config/texts/readme.md': 'not JSON',
        'source/App/config/texts/resource.nb.json': '\ufeff{}',
      },
    });
    assert.deepEqual(codes, []);
  });

  it('or judged without a fault when its metadata is nested without end', async () => {
    const nested = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    assert.ok(await problemsOf({ entries: { [METADATA]: `{"id": "ttd/small-app", "org": "ttd", "x": ${nested}}` } }));
    await refused('APP_ID_MISMATCH', { [METADATA]: `{"id": ${nested}, "org": ${nested}}` });
  });
});
