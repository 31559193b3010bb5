import { createHmac, randomUUID } from 'node:crypto';
import type { Manifest } from '../../src/model/artifact.ts';
import { fluxEventsToken } from '../../src/model/cluster-keys.ts';
import type { DeploymentKind } from '../../src/model/deployment.ts';
import type { ReleaseKey } from '../../src/model/names.ts';
import {
  type FluxEventOutcome,
  type FluxEventRequest,
  receiveFluxEvent,
} from '../../src/operate/receive-flux-event.ts';
import type { Ports } from '../../src/ports.ts';
import type { TestStack } from './stack.ts';

/** An event as notification-controller sends it, but for what a test gives. */
export interface FluxEventParts {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly reason?: string;
  readonly severity?: string;
  readonly message?: string;
  readonly at?: Date;
  readonly metadata?: Readonly<Record<string, string>>;
}

export const bodyOf = (parts: FluxEventParts): string =>
  JSON.stringify({
    involvedObject: {
      kind: parts.kind ?? 'HelmRelease',
      namespace: parts.namespace ?? 'default',
      name: parts.name,
      uid: 'caa54af6-6c81-49a4-b70a-bd7a1d38b391',
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      resourceVersion: '4711',
    },
    severity: parts.severity ?? 'info',
    timestamp: (parts.at ?? new Date()).toISOString().replace(/\.\d+Z$/, 'Z'),
    message: parts.message ?? 'something happened',
    reason: parts.reason ?? 'InstallSucceeded',
    metadata: { revision: '3.12.0', ...parts.metadata },
    reportingController: 'helm-controller',
    reportingInstance: 'helm-controller-5f4c7d6b6d-x2x7k',
  });

export const signatureOf = (token: string, body: string | Buffer): string =>
  `sha256=${createHmac('sha256', token).update(body).digest('hex')}`;

/** Helm's messages, word for word. */
export const helm = {
  installed: (app: string, revision: number) =>
    `Helm install succeeded for release default/ttd-${app}.v${revision} with chart deployment@3.12.0`,
  upgraded: (app: string, revision: number) =>
    `Helm upgrade succeeded for release default/ttd-${app}.v${revision} with chart deployment@3.12.0`,
  upgradeFailed: (app: string) =>
    `Helm upgrade failed for release default/ttd-${app} with chart deployment@3.12.0: context deadline exceeded`,
  installFailed: (app: string) =>
    `Helm install failed for release default/ttd-${app} with chart deployment@3.12.0: context deadline exceeded`,
  rolledBack: (app: string, revision: number) =>
    `Helm rollback to previous release default/ttd-${app}.v${revision} with chart deployment@3.12.0 succeeded`,
  uninstalled: (app: string, revision: number) =>
    `Helm uninstall succeeded for release default/ttd-${app}.v${revision} with chart deployment@3.12.0`,
  cleared: (app: string, revision: number) =>
    `Helm uninstall remediation for release default/ttd-${app}.v${revision} with chart deployment@3.12.0 succeeded`,
};

/** Sends an event as the org's cluster would, unless the test says otherwise. */
export function sendTo(stack: TestStack, ports: Ports = stack.connection.ports) {
  const { studio, fluxEventsKeys } = stack.config;
  return (parts: FluxEventParts, request: Partial<FluxEventRequest> = {}): Promise<FluxEventOutcome> => {
    const [envName, org] = [request.envName ?? 'tt02', request.org ?? 'ttd'];
    const body = request.body ?? Buffer.from(bodyOf(parts));
    const token = fluxEventsToken(fluxEventsKeys[0] as string, { studio: studio.name, environment: envName, org });
    const signature = 'signature' in request ? request.signature : signatureOf(token, body);
    return receiveFluxEvent(ports, studio, fluxEventsKeys, { envName, org, body, signature });
  };
}

/** A deployment that Flux can pull, as far as the ledger knows: nothing is in storage. */
export async function publishInLedger(
  stack: TestStack,
  key: ReleaseKey,
  { kind = 'deploy', publishedAt }: { kind?: DeploymentKind; publishedAt?: Date } = {},
): Promise<string> {
  const { ledger } = stack.connection.ports;
  const id = await acceptInLedger(stack, key, kind);
  const deployment = await ledger.deployment(id);
  if (deployment === undefined) throw new Error(`${id} is not there`);
  const built = { sha256: id, bytes: 1, inputsDigest: id, deployDigest: id };
  if (kind === 'undeploy') await ledger.wantUndeploy(deployment);
  else {
    const manifest = { tagName: '1', source: { commit: 'c'.repeat(40) } } as unknown as Manifest;
    await ledger.recordBuilt(deployment, built, []);
    await ledger.indexArtifact(deployment, manifest, built);
  }
  await ledger.recordPublished(key, { sequence: deployment.sequence, deploymentId: id, digest: id, etag: id });
  await ledger.recordSources(key.org, key.environment, [key.app]);
  if (publishedAt)
    await stack.sql('update pull_deploy.deployments set published_at = $2 where id = $1', [id, publishedAt]);
  return id;
}

/** One that has only been asked for. */
export async function acceptInLedger(
  { connection }: TestStack,
  key: ReleaseKey,
  kind: DeploymentKind = 'deploy',
): Promise<string> {
  const id = randomUUID();
  await connection.ports.ledger.acceptRequest({
    ...{ ...key, id, kind, tagName: '1', commit: 'c'.repeat(40), creator: 'tester' },
    resolved: {
      ...{ scopes: [], releaseScopes: undefined, chartVersion: '3.12.0' },
      ...{ traceparent: undefined, tracestate: undefined },
    },
  });
  return id;
}

/** What the ledger says runs in the cluster. */
export async function appliedIn(stack: TestStack, { org, app, environment }: ReleaseKey) {
  const [row] = await stack.sql<{ id: string | null; at: Date | null; revision: number | null }>(
    `select applied_deployment as id, applied_at as at, helm_revision as revision from pull_deploy.releases
      where (org, app, environment) = ($1, $2, $3)`,
    [org, app, environment],
  );
  return row;
}
