import { type AcceptOutcome, acceptArtifact } from './accept/accept-artifact.ts';
import { deploy } from './deploy/deploy.ts';
import type { DeployRequest } from './deploy/deploy-request.ts';
import type { Deployment } from './model/deployment.ts';
import type { Studio } from './model/environments.ts';
import type { AppName } from './model/names.ts';
import { checkHealth, type Health } from './operate/check-health.ts';
import type { DeploymentDetails } from './operate/deployment-view.ts';
import { type DeploymentPage, type ListRequest, listDeployments, showDeployment } from './operate/show-deployments.ts';
import type { Log, Ports } from './ports.ts';
import { type ReconcileSummary, reconcileSources } from './reconcile/reconcile-sources.ts';

/** All that can be asked of the system, its stages given their ports. Knows no SDK and no setting. */
export interface App {
  deploy(request: DeployRequest): Promise<Deployment>;
  acceptArtifact(blobName: string): Promise<AcceptOutcome>;
  reconcileSources(now: Date): Promise<ReconcileSummary>;
  listDeployments(request: ListRequest): Promise<DeploymentPage>;
  showDeployment(name: AppName, id: string): Promise<DeploymentDetails>;
  checkHealth(): Promise<Health>;
  readonly log: Log;
}

export function makeApp(ports: Ports, studio: Studio): App {
  return {
    deploy: (request) => deploy(ports, studio, request),
    acceptArtifact: (blobName) => acceptArtifact(ports, studio, blobName),
    reconcileSources: (now) => reconcileSources(ports, studio, now),
    listDeployments: (request) => listDeployments(ports, request),
    showDeployment: (name, id) => showDeployment(ports, name, id),
    checkHealth: () => checkHealth(ports, studio),
    log: ports.log,
  };
}
