import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { valuesProblems } from '../../src/build/check-values.ts';
import type { Values } from '../../src/build/read-values.ts';
import type { Environment } from '../../src/model/environments.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/model/policy.ts';

const NAME = { org: 'ttd', app: 'some-app' };
const ENVIRONMENT: Environment = {
  name: 'tt02',
  hostname: 'tt02.altinn.no',
  blobEndpoint: 'https://tt02.blob.core.windows.net',
  orgs: ['ttd'],
  acceptDrops: true,
};
const problems = (values: Values, policy: Partial<Policy> = {}) =>
  valuesProblems(values, NAME, ENVIRONMENT, { ...DEFAULT_POLICY, ...policy }).map(({ path }) => path);

describe('values for a cluster', () => {
  it('may hold what the chart takes', () => {
    const values = {
      replicaCount: 2,
      resources: { limits: { memory: '512Mi' } },
      volumes: [{ name: 'keys', persistentVolumeClaim: { claimName: 'keys' } }],
      volumeMounts: [{ name: 'keys', mountPath: '/mnt/keys' }],
      ingressRoute: { routes: [{ match: 'Host(`ttd.apps.tt02.altinn.no`)&&PathPrefix(`/ttd/some-app/`)' }] },
      podLabels: { note: 'costs 100 $ {not a template}' },
    };
    assert.deepEqual(problems(values), []);
  });

  it('may not hold keys that the chart does not know, unless the policy says so', () => {
    assert.deepEqual(problems({ extraObjects: [], replicaCount: 1 }), ['extraObjects']);
    assert.deepEqual(problems({ extraObjects: [] }, { valuesKeys: ['extraObjects'] }), []);
    assert.deepEqual(problems({ anything: [] }, { valuesKeys: ['*'] }), []);
  });

  const escapes: [string, Values, string][] = [
    ['a path of the node', { volumes: [{ name: 'x', hostPath: { path: '/' } }] }, 'volumes.0.hostPath'],
    ['the network of the node', { image: { hostNetwork: false } }, 'image.hostNetwork'],
    ['the processes of the node', { resources: { hostPID: true } }, 'resources.hostPID'],
    ['the IPC of the node', { resources: { deep: [[{ hostIPC: true }]] } }, 'resources.deep.0.0.hostIPC'],
    ['a port of the node', { service: { ports: [{ hostPort: 80 }] } }, 'service.ports.0.hostPort'],
    [
      'a privileged container',
      { image: { securityContext: { privileged: true } } },
      'image.securityContext.privileged',
    ],
    ['privileges as text', { image: { privileged: 'true' } }, 'image.privileged'],
    ['more privileges later', { image: { allowPrivilegeEscalation: true } }, 'image.allowPrivilegeEscalation'],
    ['more capabilities', { image: { capabilities: { add: ['NET_ADMIN'] } } }, 'image.capabilities'],
    ['root', { image: { securityContext: { runAsUser: 0 } } }, 'image.securityContext.runAsUser'],
    ['root as text', { image: { runAsUser: '0' } }, 'image.runAsUser'],
    ['root allowed', { image: { runAsNonRoot: false } }, 'image.runAsNonRoot'],
    ['an unmasked /proc', { image: { procMount: 'Unmasked' } }, 'image.procMount'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what is looked for
    ["Flux's substitution", { podLabels: { a: '${cluster_secret}' } }, 'podLabels.a'],
    ["Helm's templates", { podLabels: { a: '{{ .Values.x }}' } }, 'podLabels.a'],
    ['templates in keys', { podLabels: { '{{ a }}': 'x' } }, 'podLabels.{{ a }}'],
    [
      "another org's host",
      { customIngressRoutes: [{ match: 'Host(`nav.apps.tt02.altinn.no`)' }] },
      'customIngressRoutes.0.match',
    ],
    [
      'one host of several',
      { customIngressRoutes: [{ match: "Host(`ttd.apps.tt02.altinn.no`, 'evil.example')" }] },
      'customIngressRoutes.0.match',
    ],
    ['any host', { customIngressRoutes: [{ match: 'HostRegexp(`.*`)' }] }, 'customIngressRoutes.0.match'],
    ['a rule without a host', { ingressRoute: { match: 'PathPrefix(`/`)' } }, 'ingressRoute.match'],
    ['a rule that is no text', { customIngressRoutes: [{ match: ['x'] }] }, 'customIngressRoutes.0.match'],
    [
      'a middleware of another namespace',
      { customIngressRoutes: [{ middlewares: [{ name: 'admin', namespace: 'kube-system' }] }] },
      'customIngressRoutes.0.middlewares.0.namespace',
    ],
    ['a host where no rule stands', { podLabels: { note: 'Host(`nav.apps.tt02.altinn.no`)' } }, 'podLabels.note'],
    ['any TLS name', { customIngressRoutes: [{ match: 'HostSNI(`*`)' }] }, 'customIngressRoutes.0.match'],
  ];
  for (const [what, values, path] of escapes)
    it(`may not take ${what}`, () => {
      assert.deepEqual(problems(values), [path]);
    });

  it('may give what looks alike and is harmless', () => {
    assert.deepEqual(
      problems({
        image: { privileged: false, runAsUser: 1000, capabilities: { drop: ['ALL'] }, allowPrivilegeEscalation: false },
      }),
      [],
    );
  });

  it('may route a host that the policy names', () => {
    const values = { customIngressRoutes: [{ match: 'Host(`skjema.ttd.no`)' }] };
    assert.deepEqual(problems(values, { hosts: ['skjema.{org}.no'] }), []);
    assert.deepEqual(problems(values, { hosts: ['Skjema.{org}.no'] }), []);
  });

  it('are answered with a bounded number of problems', () => {
    const values = { volumes: Array.from({ length: 5_000 }, () => ({ hostPath: '/' })) };
    assert.equal(problems(values).length, 100);
  });
});
