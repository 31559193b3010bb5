import type { Studio } from '../model/environments.ts';
import type { AppName } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { type DeploymentView, viewDeployment } from './deployment-view.ts';
import { findDeployment } from './show-deployments.ts';

/**
 * Keeps a bad release from being rolled back to or promoted; what runs is left as it is. Asked again, the newer reason
 * stands.
 * @throws AppError DEPLOYMENT_UNKNOWN
 */
export async function blockDeployment(
  ports: Ports,
  studio: Studio,
  name: AppName,
  id: string,
  block: { by: string; reason: string },
): Promise<DeploymentView> {
  await findDeployment(ports, name, id);
  await ports.ledger.block(id, block);
  return viewDeployment(await findDeployment(ports, name, id), studio);
}

/** @throws AppError DEPLOYMENT_UNKNOWN */
export async function unblockDeployment(
  ports: Ports,
  studio: Studio,
  name: AppName,
  id: string,
  by: string,
): Promise<DeploymentView> {
  await findDeployment(ports, name, id);
  await ports.ledger.unblock(id, by);
  return viewDeployment(await findDeployment(ports, name, id), studio);
}
