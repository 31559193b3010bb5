import type { Problem } from '../errors.ts';
import type { Deployment, DeploymentEvent, DeploymentState } from '../model/deployment.ts';

/** A deployment as the API shows it. Digests are SHA-256 in hex, sizes bytes, times ISO 8601 in UTC. */
export interface DeploymentView {
  readonly id: string;
  readonly org: string;
  readonly app: string;
  readonly envName: string;
  readonly kind: string;
  readonly origin: string;
  readonly state: DeploymentState;
  readonly sequence: number;
  /** Absent from an undeploy, like the commit. */
  readonly tagName?: string;
  readonly commit?: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly inputsDigest?: string;
  readonly deployDigest?: string;
  readonly artifact?: { readonly sha256: string; readonly bytes: number };
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly links: { readonly self: string };
}

export interface DeploymentDetails extends DeploymentView {
  /** When each state was entered. */
  readonly steps: Readonly<Partial<Record<string, string>>>;
  readonly events: readonly EventView[];
}

export interface EventView {
  readonly id: number;
  readonly type: string;
  readonly message: string;
  readonly origin: string;
  readonly createdAt: string;
}

export const deploymentUrl = ({ org, app, id }: { org: string; app: string; id: string }): string =>
  `/api/v1/${org}/${app}/deployments/${id}`;

export function viewDeployment(deployment: Deployment): DeploymentView {
  const { id, org, app, environment, kind, origin, state, sequence, tagName, commit, built, problems, warnings } =
    deployment;
  return {
    ...{ id, org, app, envName: environment, kind, origin, state, sequence },
    ...(tagName === undefined ? {} : { tagName }),
    ...(commit === undefined ? {} : { commit }),
    createdBy: deployment.creator,
    createdAt: deployment.createdAt.toISOString(),
    updatedAt: deployment.updatedAt.toISOString(),
    ...(built === undefined
      ? {}
      : {
          inputsDigest: built.inputsDigest,
          deployDigest: built.deployDigest,
          artifact: { sha256: built.sha256, bytes: built.bytes },
        }),
    problems,
    warnings,
    links: { self: deploymentUrl(deployment) },
  };
}

export function viewDetails(deployment: Deployment, events: readonly DeploymentEvent[]): DeploymentDetails {
  const steps: Record<string, string> = {};
  for (const event of events) steps[event.type] ??= event.createdAt.toISOString();
  return { ...viewDeployment(deployment), steps, events: events.map(viewEvent) };
}

function viewEvent({ position, type, message, origin, createdAt }: DeploymentEvent): EventView {
  return { id: position, type, message, origin, createdAt: createdAt.toISOString() };
}
