import { type Problem, problem } from '../errors.ts';
import type { Deployment } from './deployment.ts';

/** Why a deployment's artifact can't be had though it was accepted; undefined where that is not so. */
export function removedArtifact(deployment: Deployment, path: string): Problem | undefined {
  const { id, artifactRemovedAt } = deployment;
  if (artifactRemovedAt === undefined) return undefined;
  const day = artifactRemovedAt.toISOString().slice(0, 10);
  return problem('ARTIFACT_REMOVED', `the artifact of deployment ${id} was removed on ${day}`, path);
}

/** Why no rollback and no promotion may take the deployment's artifact, as far as its row tells. */
export function unusableArtifact(deployment: Deployment, path: string): Problem | undefined {
  const { id, blocked } = deployment;
  if (blocked === undefined) return removedArtifact(deployment, path);
  return problem('DEPLOYMENT_BLOCKED', `deployment ${id} was blocked by ${blocked.by}: ${blocked.reason}`, path);
}
