import { randomUUID } from 'node:crypto';
import { releaseDocument } from '../build/release-document.ts';
import { AppError, throwIfAny } from '../errors.ts';
import type { Deployment } from '../model/deployment.ts';
import { canonicalJson, sha256 } from '../model/digest.ts';
import type { Studio } from '../model/environments.ts';
import { artifactPath, releaseKey } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { archiveRelease } from '../publish/archived-release.ts';
import { assertLedgerFits, publishRelease } from '../publish/publish-release.ts';
import { publishSources } from '../publish/publish-sources.ts';
import { DeploymentFailed, idempotentRequest, recordFailure } from './deploy.ts';
import type { DeployRequest } from './deploy-request.ts';
import { environmentProblems } from './resolve-request.ts';

export type UndeployRequest = Pick<DeployRequest, 'org' | 'app' | 'envName' | 'caller' | 'idempotencyKey' | 'reason'> &
  Partial<Pick<DeployRequest, 'traceparent' | 'tracestate'>>;

/**
 * Takes an app down by publishing a release that holds nothing of it: Flux then removes what it had applied. It has its
 * place in the order of deployments, so that of an undeploy and a deployment that race the later request wins.
 *
 * @throws DeploymentFailed once there is a row; AppError before that
 */
export async function undeploy(ports: Ports, studio: Studio, request: UndeployRequest): Promise<Deployment> {
  const { org, app, envName, reason, traceparent, tracestate } = request;
  const key = idempotentRequest(request, sha256(canonicalJson({ call: 'undeploy', envName, reason })));
  const known = key && (await ports.ledger.findRequest(key));
  if (known) return known;
  throwIfAny(environmentProblems(studio, request));
  // One that is still being built counts: the undeploy came after it.
  const [earlier] = await ports.ledger.deployments({ org, app, environment: envName, before: undefined, limit: 1 });
  if (earlier === undefined)
    throw new AppError('APP_UNKNOWN', `${org}/${app} was never deployed to '${envName}' by this service`, {
      path: 'app',
    });
  const { deployment, isNew } = await ports.ledger.acceptRequest(
    {
      ...{ id: randomUUID(), kind: 'undeploy', org, app, environment: envName, tagName: undefined, commit: undefined },
      creator: request.caller.name,
      reason,
      resolved: {
        scopes: [],
        releaseScopes: undefined,
        chartVersion: studio.chart.version,
        traceparent,
        tracestate,
      },
    },
    key,
  );
  if (!isNew) return deployment;
  ports.telemetry.tell({ deploymentId: deployment.id, kind: deployment.kind });
  await finishUndeploy(ports, studio, deployment);
  return (await ports.ledger.deployment(deployment.id).catch(() => undefined)) ?? deployment;
}

/**
 * Publishes an undeploy that is in the ledger: its own request's, or that of one that died.
 * @throws DeploymentFailed when it has ended; what is only delayed is published by the timer
 */
export async function finishUndeploy(ports: Ports, studio: Studio, deployment: Deployment): Promise<void> {
  const key = releaseKey(deployment);
  try {
    const { status } = await assertLedgerFits(ports, studio, key);
    await archiveRelease(ports, studio, deployment, renderUndeployed(studio, deployment, status.installation));
    if ((await ports.ledger.wantUndeploy(deployment)) !== 'wanted') return;
  } catch (thrown) {
    throw new DeploymentFailed(deployment, await recordFailure(ports, deployment, thrown));
  }
  try {
    const { hasSource } = await publishRelease(ports, studio, key);
    if (!hasSource) await publishSources(ports, studio, key.org, key.environment);
  } catch (error) {
    ports.log.error('undeploy is wanted, and left to the timer to publish', {
      ...artifactPath(deployment),
      error,
    });
  }
}

function renderUndeployed(studio: Studio, deployment: Deployment, installation: string): string {
  const marker = {
    ...releaseKey(deployment),
    installation,
    state: 'undeployed',
    sequence: deployment.sequence,
    deploymentId: deployment.id,
    tagName: undefined,
    deployDigest: undefined,
  } as const;
  return releaseDocument(marker, [], studio);
}
