import { AppError } from '../errors.ts';
import { removedArtifact } from '../model/artifact-use.ts';
import type { Deployment } from '../model/deployment.ts';
import { type AppName, artifactPath } from '../model/names.ts';
import type { Ports, StreamedArtifact } from '../ports.ts';
import { findDeployment } from './show-deployments.ts';

/**
 * The accepted artifact, as a stream: it may have 50 MiB. `content` is opened only when it is asked for.
 * @throws AppError DEPLOYMENT_UNKNOWN, DEPLOYMENT_NOT_ACCEPTED, ARTIFACT_REMOVED
 */
export async function findArtifact(
  ports: Ports,
  name: AppName,
  id: string,
): Promise<{ deployment: Deployment; sha256: string; open: () => Promise<StreamedArtifact> }> {
  const deployment = await findDeployment(ports, name, id);
  const what = deployment.kind === 'undeploy' ? 'is an undeploy' : `is ${deployment.state}`;
  const notAccepted = () =>
    new AppError('DEPLOYMENT_NOT_ACCEPTED', `deployment ${id} ${what}: it has no artifact in the archive`, {
      path: 'id',
    });
  const removed = removedArtifact(deployment, 'id');
  if (removed) throw new AppError([removed]);
  const { built } = deployment;
  if (built === undefined) throw notAccepted();
  const open = async () => {
    const found = await ports.artifacts.streamArtifact(artifactPath(deployment));
    if (found === undefined) {
      const since = removedArtifact(await findDeployment(ports, name, id), 'id');
      throw since ? new AppError([since]) : notAccepted();
    }
    return found;
  };
  return { deployment, sha256: built.sha256, open };
}
