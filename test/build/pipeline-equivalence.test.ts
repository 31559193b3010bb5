import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type { AppInputs } from '../../src/build/build-artifact.ts';
import { readSource, sampleEnvironment, sampleInputs, sampleRelease, sourceInputs } from '../support/sample-inputs.ts';

/*
 * What the pipeline that this system replaces made of an app, written down by hand: its merged values, its HelmRelease
 * and its MaskinportenClient. Nothing here is computed by the code under test, or was copied from what it makes.
 */

// biome-ignore lint/suspicious/noExplicitAny: trees of YAML, looked into here and there
type Tree = any;

interface Former {
  readonly title: string;
  readonly inputs: () => Promise<AppInputs>;
  readonly values: Tree;
  readonly helmRelease: Tree;
  readonly maskinportenClient?: Tree;
}

const ID = 'c3f6a1de-52b7-4b0e-8f0a-9d1b7e2f4c55';
const API_KEY = { name: 'PlatformSettings__SubscriptionKey', value: 'the key of API management, in clear' };
const INSIGHTS_KEY = { name: 'ApplicationInsights__InstrumentationKey', value: 'the key of App Insights, in clear' };
const COMMON_ENV = [
  { configMapRef: { name: 'apps-runtime-common-config-env' } },
  { secretRef: { name: 'apps-runtime-common-secrets-env' } },
];
/** The same for every app. */
const SPEC = {
  targetNamespace: 'default',
  interval: '5m',
  install: { remediation: { retries: 1 } },
  upgrade: { remediation: { retries: 1 } },
  chart: {
    spec: {
      version: '3.12.0',
      chart: 'deployment',
      sourceRef: { kind: 'HelmRepository', name: 'altinn-charts', namespace: 'default' },
    },
  },
};
const SHARED_VOLUMES = {
  volumeMounts: [
    { name: 'datakeys', mountPath: '/mnt/keys' },
    { name: 'accesstoken', mountPath: '/accesstoken' },
  ],
  volumes: [
    { name: 'datakeys', persistentVolumeClaim: { claimName: 'keys' } },
    { name: 'accesstoken', secret: { secretName: 'accesstoken' } },
  ],
};

const parkingPermit: Former = {
  title: 'flat values, with placeholders for what the platform decides: parking-permit in tt02',
  inputs: () => inputsOf('local/apps/ttd/parking-permit', { app: 'parking-permit', tagName: '2' }),
  values: {
    replicaCount: 2,
    autoscaling: { enabled: true, replicas: { min: 2, max: 4 }, avgCpuUtilization: 70 },
    resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } },
    image: {
      repository: 'ttdaltinnregistry01.azurecr.io/ttd-parking-permit',
      tag: '2',
      pullPolicy: 'IfNotPresent',
      pullSecrets: [],
      envFrom: COMMON_ENV,
      environment: [
        API_KEY,
        { name: 'AppSettings__AppInsightsRoleName', value: 'parking-permit' },
        INSIGHTS_KEY,
        { name: 'AppSettings__AppVersion', value: '2' },
      ],
    },
    podAnnotations: { 'altinn.studio/deployment-id': ID },
    service: { name: 'ttd-parking-permit', type: 'ClusterIP', externalPort: 80, internalPort: 5005 },
    linkerd: { enabled: true },
    ingressRoute: {
      name: 'ttd-parking-permit-ingress-route',
      entryPoints: ['http', 'https'],
      routes: [
        {
          kind: 'Rule',
          match:
            'Host(`ttd.apps.tt02.altinn.no`)&&PathPrefix(`/ttd/parking-permit/`)||Host(`ttd.apps.tt02.altinn.no`)&&Path(`/ttd/parking-permit`)',
          services: [{ name: 'ttd-parking-permit-deployment', port: 80 }],
          middlewares: [{ name: 'hsts-header' }],
        },
      ],
      tls: { options: { name: 'tls-options' }, secretName: 'ssl-cert' },
    },
    ...SHARED_VOLUMES,
  },
  helmRelease: {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: {
      name: 'ttd-parking-permit-prod',
      namespace: 'default',
      labels: {
        'altinn.studio/managed-by': 'altinn-studio',
        'altinn.studio/source-environment': 'prod',
        'altinn.studio/build-id': ID,
        'altinn.studio/org': 'ttd',
        'altinn.studio/app': 'parking-permit',
      },
    },
    spec: { releaseName: 'ttd-parking-permit', ...SPEC },
  },
};

const grantApplication: Former = {
  title: 'values under `deployment`, scopes and a trace: grant-application in tt02',
  inputs: () =>
    inputsOf('local/apps/ttd/grant-application', {
      app: 'grant-application',
      tagName: '1',
      scopes: [
        'altinn:serviceowner/instances.write',
        'altinn:serviceowner/instances.read',
        'altinn:serviceowner/instances.write',
      ],
      trace: {
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        tracestate: 'rojo=00f067aa0ba902b7',
      },
    }),
  values: {
    replicaCount: 2,
    autoscaling: {
      enabled: true,
      replicas: { min: 2, max: 8 },
      avgCpuUtilization: 60,
      behavior: { stabilizationWindowSeconds: { scaleUp: 0, scaleDown: 300 } },
    },
    resources: { requests: { cpu: '200m', memory: '384Mi' }, limits: { cpu: '1', memory: '768Mi' } },
    podLabels: { team: 'tilskudd' },
    image: {
      pullPolicy: 'Always',
      pullSecrets: [],
      repository: 'ttdaltinnregistry01.azurecr.io/ttd-grant-application',
      tag: '1',
      envFrom: COMMON_ENV,
      environment: [
        API_KEY,
        { name: 'AppSettings__AppInsightsRoleName', value: 'grant-application' },
        INSIGHTS_KEY,
        { name: 'AppSettings__AppVersion', value: '1' },
      ],
    },
    podAnnotations: { 'altinn.studio/deployment-id': ID },
    service: { name: 'ttd-grant-application', type: 'ClusterIP', externalPort: 80, internalPort: 5005 },
    linkerd: { enabled: true },
    ingressRoute: {
      name: 'ttd-grant-application-ingress-route',
      entryPoints: ['http', 'https'],
      routes: [
        {
          kind: 'Rule',
          match:
            'Host(`ttd.apps.tt02.altinn.no`)&&PathPrefix(`/ttd/grant-application/`)||Host(`ttd.apps.tt02.altinn.no`)&&Path(`/ttd/grant-application`)',
          services: [{ name: 'ttd-grant-application-deployment', port: 80 }],
          middlewares: [{ name: 'hsts-header' }],
        },
      ],
      tls: {},
    },
    readiness: { enabled: true },
    liveness: { enabled: true },
    ...SHARED_VOLUMES,
  },
  helmRelease: {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: {
      name: 'ttd-grant-application-prod',
      namespace: 'default',
      labels: {
        'altinn.studio/managed-by': 'altinn-studio',
        'altinn.studio/source-environment': 'prod',
        'altinn.studio/build-id': ID,
        'altinn.studio/org': 'ttd',
        'altinn.studio/app': 'grant-application',
      },
      annotations: {
        'altinn.studio/traceparent': '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        'altinn.studio/tracestate': 'rojo=00f067aa0ba902b7',
      },
    },
    spec: { releaseName: 'ttd-grant-application', ...SPEC },
  },
  maskinportenClient: {
    apiVersion: 'resources.altinn.studio/v1alpha1',
    kind: 'MaskinportenClient',
    metadata: {
      name: 'ttd-grant-application',
      namespace: 'default',
      labels: {
        'altinn.studio/managed-by': 'altinn-studio',
        'altinn.studio/source-environment': 'prod',
        'altinn.studio/build-id': ID,
        'altinn.studio/org': 'ttd',
        'altinn.studio/app': 'grant-application',
      },
    },
    spec: { scopes: ['altinn:serviceowner/instances.read', 'altinn:serviceowner/instances.write'] },
  },
};

const householdSurvey: Former = {
  title: 'no values file at all: household-survey in at22',
  inputs: () =>
    inputsOf('local/apps/ttd/household-survey', {
      app: 'household-survey',
      tagName: '1.0',
      environment: sampleEnvironment('at22'),
    }),
  values: {
    image: {
      pullSecrets: [],
      repository: 'ttdaltinnregistry01.azurecr.io/ttd-household-survey',
      tag: '1.0',
      envFrom: COMMON_ENV,
      environment: [
        API_KEY,
        { name: 'AppSettings__AppInsightsRoleName', value: 'household-survey' },
        INSIGHTS_KEY,
        { name: 'AppSettings__AppVersion', value: '1.0' },
      ],
    },
    podAnnotations: { 'altinn.studio/deployment-id': ID },
    service: { name: 'ttd-household-survey' },
    ingressRoute: {
      tls: {},
      name: 'ttd-household-survey-ingress-route',
      routes: [
        {
          kind: 'Rule',
          match:
            'Host(`ttd.apps.at22.altinn.cloud`)&&PathPrefix(`/ttd/household-survey/`)||Host(`ttd.apps.at22.altinn.cloud`)&&Path(`/ttd/household-survey`)',
          services: [{ name: 'ttd-household-survey-deployment', port: 80 }],
          middlewares: [{ name: 'hsts-header' }],
        },
      ],
    },
  },
  helmRelease: {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: {
      name: 'ttd-household-survey-prod',
      namespace: 'default',
      labels: {
        'altinn.studio/managed-by': 'altinn-studio',
        'altinn.studio/source-environment': 'prod',
        'altinn.studio/build-id': ID,
        'altinn.studio/org': 'ttd',
        'altinn.studio/app': 'household-survey',
      },
    },
    spec: { releaseName: 'ttd-household-survey', ...SPEC },
  },
};

const ODD_VALUES = `
common: &common {cpu: 100m, memory: 1_024Mi}
deployment:
  replicaCount: 1_0
  resources:
    requests: *common
    limits:
      <<: *common
      cpu: 2
  podLabels: {open: yes, shut: off, since: 2024-01-01, at: 12:30:45}
  volumes:
    - name: keys
      secret: {secretName: keys, defaultMode: 0400}
    - name: more
      secret: {secretName: more, defaultMode: 0o440}
  image:
    tag: latest
    environment: [{name: Mine, value: replaced}]
    envFrom: [{secretRef: {name: replaced}}, {secretRef: {name: too}}, {secretRef: {name: and-this}}]
  podAnnotations: {mine: stays, altinn.studio/deployment-id: replaced}
replicaCount: 0x0c
podLabels: {at: "06:00"}
`;

const odd: Former = {
  title: 'octal, underscores, yes and off, dates, aliases, merge keys: an app of brg in production',
  inputs: async () =>
    sampleInputs({
      org: 'brg',
      app: 'annual-report',
      tagName: '2024.1',
      deploymentId: ID,
      environment: sampleEnvironment('production'),
      valuesText: ODD_VALUES,
    }),
  values: {
    common: { cpu: '100m', memory: '1_024Mi' },
    replicaCount: 12,
    resources: { requests: { cpu: '100m', memory: '1_024Mi' }, limits: { cpu: 2, memory: '1_024Mi' } },
    podLabels: { open: 'yes', shut: 'off', since: '2024-01-01', at: '06:00' },
    volumes: [
      { name: 'keys', secret: { secretName: 'keys', defaultMode: 256 } },
      { name: 'more', secret: { secretName: 'more', defaultMode: 288 } },
    ],
    image: {
      pullSecrets: [],
      repository: 'brgaltinnregistry01.azurecr.io/brg-annual-report',
      tag: '2024.1',
      envFrom: COMMON_ENV,
      environment: [
        API_KEY,
        { name: 'AppSettings__AppInsightsRoleName', value: 'annual-report' },
        INSIGHTS_KEY,
        { name: 'AppSettings__AppVersion', value: '2024.1' },
      ],
    },
    podAnnotations: { mine: 'stays', 'altinn.studio/deployment-id': ID },
    service: { name: 'brg-annual-report' },
    ingressRoute: {
      tls: {},
      name: 'brg-annual-report-ingress-route',
      routes: [
        {
          kind: 'Rule',
          match:
            'Host(`brg.apps.altinn.no`)&&PathPrefix(`/brg/annual-report/`)||Host(`brg.apps.altinn.no`)&&Path(`/brg/annual-report`)',
          services: [{ name: 'brg-annual-report-deployment', port: 80 }],
          middlewares: [{ name: 'hsts-header' }],
        },
      ],
    },
  },
  helmRelease: {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: {
      name: 'brg-annual-report-prod',
      namespace: 'default',
      labels: {
        'altinn.studio/managed-by': 'altinn-studio',
        'altinn.studio/source-environment': 'prod',
        'altinn.studio/build-id': ID,
        'altinn.studio/org': 'brg',
        'altinn.studio/app': 'annual-report',
      },
    },
    spec: { releaseName: 'brg-annual-report', ...SPEC },
  },
};

for (const former of [parkingPermit, grantApplication, householdSurvey, odd])
  describe(former.title, () => {
    it('has the values of the former pipeline, but for its two secrets in clear', async () => {
      const built = await sampleRelease(await former.inputs());
      assert.deepEqual(read(built.documents.get('deploy/values.yaml')), withoutSecrets(former));
    });

    it('has the HelmRelease of the former pipeline, with these values and one annotation more', async () => {
      const built = await sampleRelease(await former.inputs());
      const expected = annotated(former, { 'event.toolkit.fluxcd.io/deployment-id': ID });
      assert.deepEqual(read(built.documents.get('deploy/helmrelease.yaml')), expected);
    });

    it('has a MaskinportenClient when the former pipeline made one', async () => {
      const built = await sampleRelease(await former.inputs());
      const document = built.documents.get('deploy/maskinportenclient.yaml');
      assert.deepEqual(document === undefined ? undefined : read(document), former.maskinportenClient);
    });

    it('is published as these objects, the digest of what is deployed added as an annotation', async () => {
      const built = await sampleRelease(await former.inputs());
      const [marker, ...objects] = read(built.release).items;
      assert.equal(marker.kind, 'ConfigMap');
      const expected = annotated(former, {
        'event.toolkit.fluxcd.io/deployment-id': ID,
        'event.toolkit.fluxcd.io/deploy-digest': `sha256:${built.manifest.deployDigest}`,
      });
      assert.deepEqual(objects, [expected, ...(former.maskinportenClient ? [former.maskinportenClient] : [])]);
    });
  });

async function inputsOf(folder: string, changes: Partial<AppInputs>): Promise<AppInputs> {
  return sampleInputs({ deploymentId: ID, ...sourceInputs(await readSource(folder)), ...changes });
}

/** A document's meaning, which must be one and the same by YAML 1.2 (ours) and by YAML 1.1 (older parsers). */
function read(document: string | undefined): Tree {
  const tree = parse(document ?? '', { version: '1.2' });
  assert.deepEqual(parse(document ?? '', { version: '1.1' }), tree);
  return tree;
}

/** First difference that is meant: the keys come from the app's Secret, which need not be there. */
function withoutSecrets({ values, helmRelease }: Former): Tree {
  const { org, app } = { org: labelOf(helmRelease, 'org'), app: labelOf(helmRelease, 'app') };
  const { image } = values;
  const inClear = [API_KEY.name, INSIGHTS_KEY.name];
  const environment = image.environment.filter(({ name }: Tree) => !inClear.includes(name));
  assert.equal(environment.length, image.environment.length - 2);
  const envFrom = [...image.envFrom, { secretRef: { name: `${org}-${app}-env`, optional: true } }];
  assert.equal(envFrom.length, 3);
  return { ...values, image: { ...image, environment, envFrom } };
}

/** Second: what makes the cluster's events name the deployment. */
function annotated(former: Former, annotations: Record<string, string>): Tree {
  const { helmRelease } = former;
  const { metadata, spec } = helmRelease;
  return {
    ...helmRelease,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
    spec: { ...spec, values: withoutSecrets(former) },
  };
}

const labelOf = (object: Tree, name: string): string => object.metadata.labels[`altinn.studio/${name}`];
