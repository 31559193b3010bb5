import { parseDocument } from 'yaml';
import { HELM_RELEASE_DOCUMENT, MASKINPORTEN_DOCUMENT, VALUES_DOCUMENT } from '../../src/model/artifact.ts';
import { writeZip } from '../zip/write-zip.ts';
import { added, file, type Hostile, type HostileFamily, ORIGINAL, together, without } from './hostile-alterations.ts';
import { type Alterations, STUDIO } from './make-artifact.ts';

type Keys = readonly (string | number)[];

/** A document with one value set, or taken out by undefined; all else as it was. */
function set(path: string, keys: Keys, value: unknown): Alterations {
  const document = parseDocument(String(ORIGINAL.get(path)));
  if (value === undefined) document.deleteIn(keys);
  else document.setIn(keys, document.createNode(value));
  return file(path, document.toString({ lineWidth: 0 }));
}

const release = (keys: Keys, value: unknown): Alterations => set(HELM_RELEASE_DOCUMENT, keys, value);
const spec = (field: string, value: unknown): Alterations => release(['spec', field], value);
const metadata = (field: string, value: unknown): Alterations => release(['metadata', field], value);
const label = (name: string, value: unknown): Alterations => release(['metadata', 'labels', name], value);
const annotation = (name: string, value: unknown): Alterations => release(['metadata', 'annotations', name], value);
const chart = (field: string, value: unknown): Alterations => release(['spec', 'chart', 'spec', field], value);
const client = (keys: Keys, value: unknown): Alterations => set(MASKINPORTEN_DOCUMENT, keys, value);
/** At both places where the values stand. */
const values = (keys: Keys, value: unknown): Alterations =>
  together(set(VALUES_DOCUMENT, keys, value), set(HELM_RELEASE_DOCUMENT, ['spec', 'values', ...keys], value));
const object = (apiVersion: string, kind: string, more: object = {}): string =>
  JSON.stringify({ apiVersion, kind, metadata: { name: 'ttd-small-app', namespace: 'default' }, ...more }, null, 2);
const extra = (name: string, apiVersion: string, kind: string, more: object = {}): Hostile =>
  file(`deploy/${name}.yaml`, object(apiVersion, kind, more));

const KINDS: HostileFamily = {
  'KIND_NOT_ALLOWED.secret': extra('secret', 'v1', 'Secret'),
  'KIND_NOT_ALLOWED.configmap': extra('configmap', 'v1', 'ConfigMap', { data: { a: 'b' } }),
  'KIND_NOT_ALLOWED.namespace': extra('namespace', 'v1', 'Namespace'),
  'KIND_NOT_ALLOWED.pod': extra('pod', 'v1', 'Pod'),
  'KIND_NOT_ALLOWED.deployment': extra('deployment', 'apps/v1', 'Deployment'),
  'KIND_NOT_ALLOWED.job': extra('job', 'batch/v1', 'Job'),
  'KIND_NOT_ALLOWED.cluster-role-binding': extra(
    'clusterrolebinding',
    'rbac.authorization.k8s.io/v1',
    'ClusterRoleBinding',
    {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
    },
  ),
  'KIND_NOT_ALLOWED.custom-resource-definition': extra('crd', 'apiextensions.k8s.io/v1', 'CustomResourceDefinition'),
  'KIND_NOT_ALLOWED.webhook': extra('webhook', 'admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'),
  'KIND_NOT_ALLOWED.bucket': extra('bucket', 'source.toolkit.fluxcd.io/v1', 'Bucket'),
  'KIND_NOT_ALLOWED.flux-kustomization': extra('flux-kustomization', 'kustomize.toolkit.fluxcd.io/v1', 'Kustomization'),
  'KIND_NOT_ALLOWED.kustomization': file('deploy/kustomization.yaml', 'resources: ["https://example.org/x.yaml"]\n'),
  'KIND_NOT_ALLOWED.sourceignore': file('deploy/.sourceignore', '*\n'),
  'KIND_NOT_ALLOWED.second-helm-release': extra('second', 'helm.toolkit.fluxcd.io/v2', 'HelmRelease'),
  'KIND_NOT_ALLOWED.helm-release-below': file(
    'deploy/more/helmrelease.yaml',
    String(ORIGINAL.get(HELM_RELEASE_DOCUMENT)),
  ),
  'KIND_NOT_ALLOWED.nested-archive': file('deploy/more.zip', writeZip([{ name: 'secret.yaml', content: 'x' }])),
  'KIND_NOT_ALLOWED.secret-as-helm-release': file(HELM_RELEASE_DOCUMENT, object('v1', 'Secret')),
  'KIND_NOT_ALLOWED.list-as-helm-release': file(
    HELM_RELEASE_DOCUMENT,
    object('v1', 'List', { items: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } }] }),
  ),
  'KIND_NOT_ALLOWED.helm-release-v2beta1': release(['apiVersion'], 'helm.toolkit.fluxcd.io/v2beta1'),
  'KIND_NOT_ALLOWED.helm-release-of-another-group': release(['apiVersion'], 'helm.example.org/v2'),
  'KIND_NOT_ALLOWED.helm-release-without-kind': release(['kind'], undefined),
  'KIND_NOT_ALLOWED.helm-release-kind-as-list': release(['kind'], ['HelmRelease']),
  'KIND_NOT_ALLOWED.helm-release-kind-with-to-string': release(['kind'], { toString: 1, valueOf: 1 }),
  'KIND_NOT_ALLOWED.helm-release-version-with-to-string': release(['apiVersion'], { toString: 1, valueOf: 1 }),
  'KIND_NOT_ALLOWED.cluster-role-as-client': client(['kind'], 'ClusterRole'),
  'KIND_NOT_ALLOWED.client-v1': client(['apiVersion'], 'resources.altinn.studio/v1'),
};

const OTHER_SOURCE = { kind: 'HelmRepository', name: 'altinn-charts', namespace: 'default' };

const RELEASE: HostileFamily = {
  'RELEASE_POLICY.release-missing': without(HELM_RELEASE_DOCUMENT),
  'RELEASE_POLICY.release-empty': file(HELM_RELEASE_DOCUMENT, ''),
  'RELEASE_POLICY.other-name': metadata('name', 'ttd-other-dev'),
  'RELEASE_POLICY.generate-name': metadata('generateName', 'ttd-'),
  'RELEASE_POLICY.other-namespace': metadata('namespace', 'kube-system'),
  'RELEASE_POLICY.finalizers': metadata('finalizers', ['example.org/never']),
  'RELEASE_POLICY.owner-references': metadata('ownerReferences', [
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '0f8fad5b-d9cb-469f-a165-70867728950e' },
  ]),
  'RELEASE_POLICY.label-of-another-deployment': label('altinn.studio/build-id', '1'),
  'RELEASE_POLICY.label-added': label('kustomize.toolkit.fluxcd.io/name', 'flux-system'),
  'RELEASE_POLICY.labels-missing': metadata('labels', undefined),
  'RELEASE_POLICY.annotation-prune-disabled': annotation('kustomize.toolkit.fluxcd.io/prune', 'disabled'),
  'RELEASE_POLICY.annotation-reconcile-disabled': annotation('kustomize.toolkit.fluxcd.io/reconcile', 'disabled'),
  'RELEASE_POLICY.annotation-force': annotation('kustomize.toolkit.fluxcd.io/force', 'enabled'),
  'RELEASE_POLICY.annotation-event-of-another': annotation('event.toolkit.fluxcd.io/deployment-id', '1'),
  'RELEASE_POLICY.annotation-digest-forged': annotation('event.toolkit.fluxcd.io/deploy-digest', 'sha256:0'),
  'RELEASE_POLICY.annotation-missing': annotation('event.toolkit.fluxcd.io/deployment-id', undefined),
  'RELEASE_POLICY.traceparent': annotation('altinn.studio/traceparent', '00-x-y-01'),
  'RELEASE_POLICY.tracestate-too-long': annotation('altinn.studio/tracestate', 'a'.repeat(513)),
  'RELEASE_POLICY.other-release-name': spec('releaseName', 'ttd-other'),
  'RELEASE_POLICY.other-target-namespace': spec('targetNamespace', 'kube-system'),
  'RELEASE_POLICY.storage-namespace': spec('storageNamespace', 'kube-system'),
  'RELEASE_POLICY.kube-config': spec('kubeConfig', { secretRef: { name: 'other-cluster' } }),
  'RELEASE_POLICY.service-account': spec('serviceAccountName', 'kustomize-controller'),
  'RELEASE_POLICY.post-renderers': spec('postRenderers', [{ kustomize: { patches: [{ patch: 'x' }] } }]),
  'RELEASE_POLICY.chart-ref': spec('chartRef', { kind: 'OCIRepository', name: 'mine', namespace: 'default' }),
  'RELEASE_POLICY.chart-ref-instead-of-chart': together(
    file(
      HELM_RELEASE_DOCUMENT,
      String(ORIGINAL.get(HELM_RELEASE_DOCUMENT)).replace(
        / {2}chart:\n(?: {4}.*\n)+/,
        '  chartRef: {kind: HelmChart, name: x}\n',
      ),
    ),
  ),
  'RELEASE_POLICY.values-from-config-map': spec('valuesFrom', [{ kind: 'ConfigMap', name: 'mine' }]),
  'RELEASE_POLICY.values-from-secret': spec('valuesFrom', [{ kind: 'Secret', name: 'x', targetPath: 'image.tag' }]),
  'RELEASE_POLICY.depends-on': spec('dependsOn', [{ name: 'x', namespace: 'kube-system' }]),
  'RELEASE_POLICY.suspend': spec('suspend', true),
  'RELEASE_POLICY.interval': spec('interval', '1s'),
  'RELEASE_POLICY.drift-detection': spec('driftDetection', { mode: 'disabled' }),
  'RELEASE_POLICY.install-create-namespace': release(['spec', 'install', 'createNamespace'], true),
  'RELEASE_POLICY.install-crds': release(['spec', 'install', 'crds'], 'CreateReplace'),
  'RELEASE_POLICY.upgrade-force': release(['spec', 'upgrade', 'force'], true),
  'RELEASE_POLICY.spec-missing': release(['spec'], undefined),
  'RELEASE_POLICY.spec-prototype': release(['spec', '__proto__'], { kubeConfig: { secretRef: { name: 'x' } } }),
  'RELEASE_POLICY.status': release(['status'], { observedGeneration: 1 }),
  'RELEASE_POLICY.other-chart': chart('chart', 'nginx'),
  'RELEASE_POLICY.chart-with-path': chart('chart', './charts/deployment'),
  'RELEASE_POLICY.source-git': chart('sourceRef', { ...OTHER_SOURCE, kind: 'GitRepository' }),
  'RELEASE_POLICY.source-of-another-name': chart('sourceRef', { ...OTHER_SOURCE, name: 'mine' }),
  'RELEASE_POLICY.source-in-another-namespace': chart('sourceRef', { ...OTHER_SOURCE, namespace: 'flux-system' }),
  'RELEASE_POLICY.chart-version-range': chart('version', '>=3.0.0'),
  'RELEASE_POLICY.chart-version-other': chart('version', '3.12.1'),
  'RELEASE_POLICY.chart-version-range-everywhere': {
    inputs: {
      studio: { ...STUDIO, chart: { ...STUDIO.chart, version: '>=3.0.0' } },
    },
  },
  'RELEASE_POLICY.chart-values-files': chart('valuesFiles', ['../../values.yaml']),
};

const ENV_FROM: Keys = ['image', 'envFrom'];
const ROUTE: Keys = ['ingressRoute', 'routes', 0];

const VALUES: HostileFamily = {
  'RELEASE_POLICY.values-missing': without(VALUES_DOCUMENT),
  'RELEASE_POLICY.values-empty': file(VALUES_DOCUMENT, ''),
  'RELEASE_POLICY.values-other-than-in-release': set(VALUES_DOCUMENT, ['replicaCount'], 3),
  'RELEASE_POLICY.values-in-release-other': release(['spec', 'values', 'replicaCount'], 3),
  'RELEASE_POLICY.values-in-release-more': release(['spec', 'values', 'volumes'], [{ name: 'x', emptyDir: {} }]),
  'RELEASE_POLICY.values-other-than-of-the-source': values(['replicaCount'], 3),
  'VALUES_INVALID.source': file('source/deployment/values.yaml', 'replicaCount: [\n'),
  'RELEASE_POLICY.image-of-another-registry': values(['image', 'repository'], 'docker.io/ttd/small-app'),
  'RELEASE_POLICY.image-of-another-org': values(
    ['image', 'repository'],
    'navaltinnregistry01.azurecr.io/ttd-small-app',
  ),
  'RELEASE_POLICY.image-of-a-look-alike-registry': values(
    ['image', 'repository'],
    'ttdaltinnregistry01.azurecr.io.example.org/ttd-small-app',
  ),
  'RELEASE_POLICY.tag-latest': values(['image', 'tag'], 'latest'),
  'RELEASE_POLICY.tag-other': values(['image', 'tag'], '6'),
  'RELEASE_POLICY.tag-as-number': values(['image', 'tag'], 7),
  'RELEASE_POLICY.tag-with-digest': values(['image', 'tag'], `7@sha256:${'0'.repeat(64)}`),
  'RELEASE_POLICY.pull-secrets': values(['image', 'pullSecrets'], [{ name: 'other' }]),
  'RELEASE_POLICY.env-from-other-secret': values([...ENV_FROM, 1, 'secretRef', 'name'], 'other-secret'),
  'RELEASE_POLICY.env-from-secret-of-another-app': values([...ENV_FROM, 2, 'secretRef', 'name'], 'ttd-other-env'),
  'RELEASE_POLICY.env-from-more': values([...ENV_FROM, 3], { secretRef: { name: 'nav-other-env' } }),
  'RELEASE_POLICY.environment-more': values(['image', 'environment', 2], { name: 'DOTNET_STARTUP_HOOKS', value: '/x' }),
  'RELEASE_POLICY.host-of-another-org': values([...ROUTE, 'match'], 'Host(`nav.apps.tt02.altinn.no`)'),
  'RELEASE_POLICY.host-of-any': values([...ROUTE, 'match'], 'HostRegexp(`.*`)'),
  'RELEASE_POLICY.path-of-another-app': values(
    [...ROUTE, 'match'],
    'Host(`ttd.apps.tt02.altinn.no`)&&PathPrefix(`/ttd/other/`)',
  ),
  'RELEASE_POLICY.route-more': values(['ingressRoute', 'routes', 1], { kind: 'Rule', match: 'PathPrefix(`/`)' }),
  'RELEASE_POLICY.route-to-another-service': values([...ROUTE, 'services', 0, 'name'], 'ttd-other-deployment'),
  'RELEASE_POLICY.service-name': values(['service', 'name'], 'ttd-other'),
  'RELEASE_POLICY.deployment-id-missing': values(['podAnnotations', 'altinn.studio/deployment-id'], undefined),
  'RELEASE_POLICY.deployment-id-of-another': values(['podAnnotations', 'altinn.studio/deployment-id'], '1'),
};

/** Flux would put a variable in here. */
const FOR_FLUX = `\${cluster_secret}`;

const OWN_HOST = 'Host(`ttd.apps.tt02.altinn.no`)';
const route = (match: string): Hostile => values(['customIngressRoutes'], [{ routes: [{ match }] }]);

/** What the rules for values refuse in an app's own part of them. */
const OWN_VALUES: HostileFamily = {
  'RELEASE_POLICY.value-unknown-to-the-chart': values(['extraObjects'], [{ kind: 'Pod' }]),
  'RELEASE_POLICY.value-host-path': values(['volumes'], [{ name: 'x', hostPath: { path: '/' } }]),
  'RELEASE_POLICY.value-host-network': values(['service', 'hostNetwork'], true),
  'RELEASE_POLICY.value-host-port': values(['service', 'hostPort'], 443),
  'RELEASE_POLICY.value-privileged': values(['image', 'securityContext'], { privileged: true }),
  'RELEASE_POLICY.value-privilege-escalation': values(['resources', 'allowPrivilegeEscalation'], true),
  'RELEASE_POLICY.value-capabilities': values(['resources', 'capabilities'], { add: ['SYS_ADMIN'] }),
  'RELEASE_POLICY.value-run-as-root': values(['resources', 'runAsUser'], 0),
  'RELEASE_POLICY.value-run-as-user-with-to-string': values(['resources', 'runAsUser'], { toString: 1, valueOf: 1 }),
  'RELEASE_POLICY.value-proc-mount-with-to-string': values(['resources', 'procMount'], { toString: 1, valueOf: 1 }),
  'RELEASE_POLICY.value-expanded-by-flux': values(['podLabels'], { a: FOR_FLUX }),
  'RELEASE_POLICY.value-expanded-by-helm': values(['podLabels'], { a: '{{ .Release.Namespace }}' }),
  'RELEASE_POLICY.value-key-expanded-by-flux': values(['podLabels'], { [FOR_FLUX]: 'a' }),
  'RELEASE_POLICY.value-route-of-another-host': values(
    ['customIngressRoutes'],
    [{ routes: [{ match: 'Host(`nav.apps.tt02.altinn.no`)' }] }],
  ),
  'RELEASE_POLICY.value-route-without-a-host': route('PathPrefix(`/`)'),
  'RELEASE_POLICY.value-route-without-a-host-in-one-alternative': route(`${OWN_HOST} && Path(\`/x\`) || Path(\`/y\`)`),
  'RELEASE_POLICY.value-route-of-every-host-but-one': route(`!${OWN_HOST}`),
  'RELEASE_POLICY.value-route-by-header': route('Headers(`Host`, `nav.apps.tt02.altinn.no`)'),
  'RELEASE_POLICY.value-route-by-header-beside-a-host': route(`${OWN_HOST} || HeaderRegexp(\`host\`, \`.*\`)`),
  'RELEASE_POLICY.value-route-in-lower-case': route('host(`nav.apps.tt02.altinn.no`)'),
  'RELEASE_POLICY.value-route-with-an-escape': route('Host("\\x6eav.apps.tt02.altinn.no")'),
  'RELEASE_POLICY.value-route-that-does-not-end': route(`${OWN_HOST} && (`),
  'RELEASE_POLICY.value-route-nested-without-end': route(`${'('.repeat(5_000)}${OWN_HOST}${')'.repeat(5_000)}`),
  'RELEASE_POLICY.value-hosts-without-end': values(['podAnnotations', 'note'], 'Host('.repeat(100_000)),
  'RELEASE_POLICY.value-route-of-all-hosts': values(
    ['customIngressRoutes'],
    [{ routes: [{ match: 'HostRegexp(`.+`)' }] }],
  ),
};

const secret = (text: string): Hostile => values(['podAnnotations', 'note'], text);

/** Made up; deflated like all of these, so that no scanner of repositories takes them for real. */
const SECRETS: HostileFamily = {
  'SECRET_IN_ARTIFACT.private-key': secret(
    `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEowIBAAKCAQEA'.repeat(20)}\n-----END RSA PRIVATE KEY-----\n`,
  ),
  'SECRET_IN_ARTIFACT.storage-account-key': secret(
    `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${'A'.repeat(86)}==;EndpointSuffix=core.windows.net`,
  ),
  'SECRET_IN_ARTIFACT.shared-access-signature': secret(
    `https://x.blob.core.windows.net/c?sv=2022-11-02&sp=r&sig=${'A'.repeat(43)}%3D`,
  ),
  'SECRET_IN_ARTIFACT.secret-document': added(VALUES_DOCUMENT, 'note: |\n  apiVersion: v1\n  kind: Secret\n'),
};

const CLIENT: HostileFamily = {
  'RELEASE_POLICY.client-of-another-name': client(['metadata', 'name'], 'ttd-other'),
  'RELEASE_POLICY.client-in-another-namespace': client(['metadata', 'namespace'], 'kube-system'),
  'RELEASE_POLICY.client-with-label-of-another-org': client(['metadata', 'labels', 'altinn.studio/org'], 'nav'),
  'RELEASE_POLICY.client-with-finalizers': client(['metadata', 'finalizers'], ['example.org/never']),
  'RELEASE_POLICY.client-without-spec': client(['spec'], undefined),
  'RELEASE_POLICY.scopes-none': client(['spec', 'scopes'], []),
  'RELEASE_POLICY.scopes-missing': client(['spec', 'scopes'], undefined),
  'RELEASE_POLICY.scopes-unsorted': client(
    ['spec', 'scopes'],
    ['altinn:serviceowner/instances.read', 'altinn:profile'],
  ),
  'RELEASE_POLICY.scopes-twice': client(['spec', 'scopes', 0], 'altinn:serviceowner/instances.read'),
  'RELEASE_POLICY.scopes-not-text': client(['spec', 'scopes', 2], 1),
  'RELEASE_POLICY.client-secret-name': client(['spec', 'secretName'], 'nav-other-env'),
};

export const HOSTILE_KUBERNETES: HostileFamily = {
  ...KINDS,
  ...RELEASE,
  ...VALUES,
  ...OWN_VALUES,
  ...SECRETS,
  ...CLIENT,
};
