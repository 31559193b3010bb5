import { type AcceptOutcome, acceptArtifact } from './accept/accept-artifact.ts';
import { giveUpArtifact } from './accept/give-up-artifact.ts';
import { deploy, finishDeploy } from './deploy/deploy.ts';
import type { DeployRequest, DeploySubject } from './deploy/deploy-request.ts';
import { previewDeployment } from './deploy/preview.ts';
import type { Preview } from './deploy/preview-view.ts';
import { finishUndeploy, type UndeployRequest, undeploy } from './deploy/undeploy.ts';
import { limitCalls } from './limit-calls.ts';
import { measureState } from './measure/measure-state.ts';
import type { Deployment } from './model/deployment.ts';
import type { Studio } from './model/environments.ts';
import type { AppName } from './model/names.ts';
import { blockDeployment, unblockDeployment } from './operate/block-deployment.ts';
import { checkHealth, type Health } from './operate/check-health.ts';
import { type DeploymentDetails, type DeploymentView, viewDeployment } from './operate/deployment-view.ts';
import { findArtifact } from './operate/find-artifact.ts';
import { type EventPage, type FollowRequest, followEvents } from './operate/follow-events.ts';
import { type FluxEventOutcome, type FluxEventRequest, receiveFluxEvent } from './operate/receive-flux-event.ts';
import { registerApp } from './operate/register-app.ts';
import { type AppPage, type AppView, listApps, showApp } from './operate/show-apps.ts';
import {
  type DeploymentPage,
  findDeployment,
  type ListRequest,
  listDeployments,
  showDeployment,
} from './operate/show-deployments.ts';
import type { Log, Ports } from './ports.ts';
import { type DiscoverySummary, discoverApps } from './reconcile/discover-apps.ts';
import { type ReconcileSummary, reconcileSources } from './reconcile/reconcile-sources.ts';
import { drainPoison, type RecoverStages, type SweepSummary, sweepIncoming } from './recover/sweep-incoming.ts';
import { type RetentionSummary, removeExpired } from './retain/remove-expired.ts';
import type { Telemetry } from './telemetry.ts';

/** All that can be asked of the system, its stages given their ports. Knows no SDK and no setting. */
export interface App {
  /** @throws AppError TOO_MANY_REQUESTS, like a preview */
  deploy(request: DeployRequest): Promise<Deployment>;
  previewDeployment(request: DeploySubject): Promise<Preview>;
  undeploy(request: UndeployRequest): Promise<Deployment>;
  acceptArtifact(blobName: string): Promise<AcceptOutcome>;
  /** The trigger failed: kept for whoever asks why. */
  noteAcceptFailure(blobName: string, reason: string): Promise<void>;
  drainPoison(message: { container: string; blob: string }): Promise<void>;
  reconcileSources(now: Date): Promise<ReconcileSummary>;
  discoverApps(now: Date): Promise<DiscoverySummary>;
  sweepIncoming(now: Date): Promise<SweepSummary>;
  removeExpired(): Promise<RetentionSummary>;
  registerApp(name: AppName): Promise<{ view: AppView; isNew: boolean }>;
  showApp(name: AppName): Promise<AppView>;
  listApps(org: string, page: { limit: number; cursor: string | undefined }): Promise<AppPage>;
  listDeployments(request: ListRequest): Promise<DeploymentPage>;
  showDeployment(name: AppName, id: string): Promise<DeploymentDetails>;
  findDeployment(name: AppName, id: string): Promise<Deployment>;
  viewDeployment(deployment: Deployment): DeploymentView;
  /** @throws AppError UNAUTHENTICATED, REQUEST_INVALID */
  receiveFluxEvent(event: FluxEventRequest): Promise<FluxEventOutcome>;
  findArtifact(name: AppName, id: string): ReturnType<typeof findArtifact>;
  followEvents(request: FollowRequest): Promise<EventPage>;
  blockDeployment(name: AppName, id: string, block: { by: string; reason: string }): Promise<DeploymentView>;
  unblockDeployment(name: AppName, id: string, by: string): Promise<DeploymentView>;
  checkHealth(): Promise<Health>;
  readonly log: Log;
  readonly telemetry: Telemetry;
}

/** Of one process: each holds an archive of up to 50 MiB twice, and those that wait hold nothing yet. */
const BUILDS = { atOnce: 8, waiting: 56 };

/** @param fluxEventsKeys master keys that clusters' keys are derived from; without any no event is taken */
export function makeApp(ports: Ports, studio: Studio, fluxEventsKeys: readonly string[] = []): App {
  const stages: RecoverStages = {
    accept: (blobName) => acceptArtifact(ports, studio, blobName),
    giveUp: (blobName, reason) => giveUpArtifact(ports, studio, blobName, reason),
    finishDeploy: (deployment) => finishDeploy(ports, studio, deployment),
    finishUndeploy: (deployment) => finishUndeploy(ports, studio, deployment),
  };
  const limit = limitCalls(BUILDS);
  // A function that nobody waits for ends when its clusters were told; a caller over HTTP is not made to wait for that.
  const untilTold = <T>(work: Promise<T>): Promise<T> => work.finally(() => ports.clusters.settled());
  const { telemetry } = ports;
  const { span } = telemetry;
  // Who sends no trace of his own gets this one, which all the rest of the deployment then belongs to.
  const traced = <R extends { traceparent?: string | undefined }>(request: R): R => ({
    ...request,
    traceparent: request.traceparent ?? telemetry.traceparent(),
  });
  return {
    deploy: (request) => span('deploy', factsOf(request), () => limit(() => deploy(ports, studio, traced(request)))),
    previewDeployment: (request) =>
      span('preview', factsOf(request), () => limit(() => previewDeployment(ports, studio, request))),
    undeploy: (request) => span('undeploy', factsOf(request), () => undeploy(ports, studio, traced(request))),
    acceptArtifact: (blobName) => untilTold(acceptArtifact(ports, studio, blobName)),
    noteAcceptFailure: (blobName, reason) => ports.ledger.noteAttempt(blobName, reason),
    drainPoison: (message) => span('poison', {}, () => drainPoison(ports, stages, message)),
    reconcileSources: async (now) => {
      try {
        return await untilTold(span('reconcile', {}, () => reconcileSources(ports, studio, now)));
      } finally {
        await measureState(ports, studio, now);
      }
    },
    discoverApps: (now) => span('discover', {}, () => discoverApps(ports, studio, now)),
    sweepIncoming: (now) => untilTold(span('sweep', {}, () => sweepIncoming(ports, stages, now))),
    removeExpired: () => span('retain', {}, () => removeExpired(ports, studio)),
    registerApp: (name) => registerApp(ports, studio, name),
    showApp: (name) => showApp(ports, studio, name),
    listApps: (org, page) => listApps(ports, studio, org, page),
    listDeployments: (request) => listDeployments(ports, studio, request),
    showDeployment: (name, id) => showDeployment(ports, studio, name, id),
    viewDeployment: (deployment) => viewDeployment(deployment, studio),
    receiveFluxEvent: (event) => receiveFluxEvent(ports, studio, fluxEventsKeys, event),
    findDeployment: (name, id) => findDeployment(ports, name, id),
    findArtifact: (name, id) => findArtifact(ports, name, id),
    followEvents: (request) => followEvents(ports, request),
    blockDeployment: (name, id, block) => blockDeployment(ports, studio, name, id, block),
    unblockDeployment: (name, id, by) => unblockDeployment(ports, studio, name, id, by),
    checkHealth: () => checkHealth(ports, studio),
    log: ports.log,
    telemetry,
  };
}

const factsOf = ({ org, app, envName: environment }: DeploySubject) => ({ org, app, environment });
