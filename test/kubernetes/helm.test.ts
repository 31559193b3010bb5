import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import type { AppInputs } from '../../src/build/build-artifact.ts';
import { findKubernetesTools } from '../support/kubernetes-tools.ts';
import { type GoldenCase, readGoldenCase, readGoldenCases } from '../support/sample-cases.ts';
import { sampleInputs, sampleRelease } from '../support/sample-inputs.ts';

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects, looked into here and there
type Tree = any;

interface Rendered {
  readonly deployment: Tree;
  readonly container: Tree;
  readonly service: Tree;
  readonly route: Tree;
}

/** Of our own, with the same values as the chart that apps are installed with. */
const CHART = fileURLToPath(new URL('chart', import.meta.url));
const { skip, helm } = await findKubernetesTools();
const cases = await readGoldenCases();

describe('a real helm renders what we made', { skip }, () => {
  for (const golden of cases)
    it(`of the case ${golden.name}`, async () => {
      const { org, app, tagName, deploymentId, environment } = golden.inputs;
      const { deployment, container, service, route } = await renderCase(golden);
      const name = `${org}-${app}`;
      assert.equal(container.image, `${org}altinnregistry01.azurecr.io/${name}:${tagName}`);
      assert.deepEqual(container.env, [
        { name: 'AppSettings__AppInsightsRoleName', value: app },
        { name: 'AppSettings__AppVersion', value: tagName },
      ]);
      assert.deepEqual(container.envFrom, [
        { configMapRef: { name: 'apps-runtime-common-config-env' } },
        { secretRef: { name: 'apps-runtime-common-secrets-env' } },
        { secretRef: { name: `${name}-env`, optional: true } },
      ]);
      assert.equal(deployment.metadata.name, `${name}-deployment`);
      assert.equal(deployment.spec.template.metadata.annotations['altinn.studio/deployment-id'], deploymentId);
      assert.equal('imagePullSecrets' in deployment.spec.template.spec, false);
      assert.equal(service.metadata.name, name);
      assert.equal(route.metadata.name, `${name}-ingress-route`);
      const host = `Host(\`${org}.apps.${environment.hostname}\`)`;
      assert.deepEqual(route.spec.routes, [
        {
          kind: 'Rule',
          match: `${host}&&PathPrefix(\`/${org}/${app}/\`)||${host}&&Path(\`/${org}/${app}\`)`,
          services: [{ name: `${name}-deployment`, port: 80 }],
          middlewares: [{ name: 'hsts-header' }],
        },
      ]);
    });

  it('the same from deploy/values.yaml as from the HelmRelease that is published', async () => {
    for (const golden of cases) {
      const { documents, release } = await sampleRelease(golden.inputs);
      const published = parse(release).items[1].spec.values;
      const fromFile = await render(golden.inputs, documents.get('deploy/values.yaml') ?? '');
      assert.deepEqual(await render(golden.inputs, JSON.stringify(published)), fromFile, golden.name);
    }
  });
});

describe('what an app says in its values file reaches its pods', { skip }, () => {
  const rendered = new Map<string, Rendered>();
  before(async () => {
    for (const name of ['octal-and-underscored', 'yes-and-on', 'dates', 'sample-parking-permit', 'no-values-file'])
      rendered.set(name, await renderCase(await readGoldenCase(name)));
  });
  const of = (name: string): Rendered => rendered.get(name) as Rendered;

  it('octal file modes as the numbers they are', () => {
    const [keys, moreKeys] = of('octal-and-underscored').deployment.spec.template.spec.volumes;
    assert.deepEqual([keys.secret.defaultMode, moreKeys.secret.defaultMode], [0o400, 0o400]);
  });

  it('yes, no, on and off as strings', () => {
    const { app, ...labels } = of('yes-and-on').deployment.spec.template.metadata.labels;
    assert.equal(app, 'ttd-parking-permit');
    assert.deepEqual(labels, {
      ...{ answer: 'yes', other: 'no', switch: 'on', unswitch: 'off' },
      ...{ short: 'y', shorter: 'N', quoted: 'true' },
    });
  });

  it('dates as they are written', () => {
    const { annotations } = of('dates').deployment.spec.template.metadata;
    assert.equal(annotations.built, '2024-01-01');
    assert.equal(annotations.at, '2024-01-01T10:00:00Z');
    assert.equal(annotations.duration, '1:30');
  });

  it('sizes, ports and volumes, and of the ingress what the platform does not decide', () => {
    const { deployment, container, service, route } = of('sample-parking-permit');
    assert.equal(deployment.spec.replicas, 2);
    assert.deepEqual(container.resources, { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } });
    assert.equal(container.ports[0].containerPort, 5005);
    assert.equal(container.volumeMounts.length, 2);
    assert.equal(service.spec.ports[0].targetPort, 5005);
    assert.deepEqual(route.spec.entryPoints, ['http', 'https']);
    assert.deepEqual(route.spec.tls, { options: { name: 'tls-options' }, secretName: 'ssl-cert' });
  });

  it("without a values file, the chart's own", () => {
    const { deployment, container, route } = of('no-values-file');
    assert.equal(deployment.spec.replicas, 1);
    assert.equal(container.imagePullPolicy, 'IfNotPresent');
    assert.deepEqual(route.spec.tls, {});
  });
});

describe('a tag that looks like something else stays text', { skip }, () => {
  for (const tagName of [
    '1.10',
    '1e3',
    '0400',
    '08',
    '2024-01-01',
    'on',
    'null',
    'true',
    '0x1f',
    '12345678901234567890',
  ])
    it(tagName, async () => {
      const inputs = sampleInputs({ tagName });
      const { container } = await renderInputs(inputs);
      assert.equal(container.image, `ttdaltinnregistry01.azurecr.io/ttd-parking-permit:${tagName}`);
      assert.equal(container.env[1].value, tagName);
    });
});

const renderCase = ({ inputs }: GoldenCase): Promise<Rendered> => renderInputs(inputs);

/** With the values inside the HelmRelease that is published: what the cluster's helm-controller gives to Helm. */
async function renderInputs(inputs: AppInputs): Promise<Rendered> {
  const helmRelease = parse((await sampleRelease(inputs)).release).items[1];
  const objects = await render(inputs, JSON.stringify(helmRelease.spec.values), helmRelease.spec);
  const kind = (wanted: string): Tree => objects.find((object) => object.kind === wanted);
  const deployment = kind('Deployment');
  const [container] = deployment.spec.template.spec.containers;
  return { deployment, container, service: kind('Service'), route: kind('IngressRoute') };
}

async function render(
  { org, app }: AppInputs,
  values: string,
  { releaseName = `${org}-${app}`, targetNamespace = 'default' }: Tree = {},
): Promise<Tree[]> {
  const args = ['template', releaseName, CHART, '--namespace', targetNamespace, '--values', '-'];
  const { exitCode, stdout, stderr } = await helm(args, values);
  assert.equal(exitCode, 0, stderr);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Tree);
}
