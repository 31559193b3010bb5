import * as z from 'zod';
import { AppError, problem } from '../errors.ts';
import type { DeploymentFilter } from '../ledger.ts';
import type { Deployment } from '../model/deployment.ts';
import type { Studio } from '../model/environments.ts';
import { type AppName, isDeploymentId } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { type DeploymentDetails, deploymentSchema, viewDeployment, viewDetails } from './deployment-view.ts';

export const DEFAULT_PAGE = 20;
/** Of one deployment, shown with it; all of them are in its list of events. */
const MAX_EVENTS = 200;

export type ListRequest = Omit<DeploymentFilter, 'before' | 'limit'> & {
  readonly limit?: number | undefined;
  /** As the page before gave it. */
  readonly cursor?: string | undefined;
};

export const deploymentPageSchema = z
  .object({
    deployments: z.array(deploymentSchema).readonly(),
    nextCursor: z.string().optional().describe('Absent on the last page.'),
  })
  .meta({ id: 'DeploymentPage' });
export type DeploymentPage = z.infer<typeof deploymentPageSchema>;

/** Deployments of an app or of a whole org, newest first. A cursor stays good while new ones arrive. */
export async function listDeployments(
  ports: Ports,
  studio: Studio,
  { limit = DEFAULT_PAGE, cursor, ...filter }: ListRequest,
): Promise<DeploymentPage> {
  const before = cursor === undefined ? undefined : readCursor(cursor);
  const rows = await ports.ledger.deployments({ ...filter, before, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const isMore = rows.length > limit && last !== undefined;
  return {
    deployments: page.map((row) => viewDeployment(row, studio)),
    ...(isMore ? { nextCursor: writeCursor(last.ordinal) } : {}),
  };
}

/** @throws AppError DEPLOYMENT_UNKNOWN, also for another app's; DROP_REFUSED, with why; STORAGE_UNAVAILABLE */
export async function showDeployment(
  ports: Ports,
  studio: Studio,
  name: AppName,
  id: string,
): Promise<DeploymentDetails> {
  const deployment = await findDeployment(ports, name, id).catch(async (error) => {
    await throwIfRefused(ports, studio, name, id);
    throw error;
  });
  const events = await ports.ledger.events({ org: name.org, deploymentId: id, after: 0, limit: MAX_EVENTS });
  return viewDetails(deployment, events, studio);
}

/** @throws AppError DEPLOYMENT_UNKNOWN, also for another app's */
export async function findDeployment(ports: Ports, { org, app }: AppName, id: string): Promise<Deployment> {
  const deployment = isDeploymentId(id) ? await ports.ledger.deployment(id) : undefined;
  if (deployment !== undefined && deployment.org === org && deployment.app === app) return deployment;
  throw new AppError('DEPLOYMENT_UNKNOWN', `${org}/${app} has no deployment '${id}'`, { path: 'id' });
}

/** Whoever drops an artifact can't read where refused ones lie, and there is no deployment that would tell. */
async function throwIfRefused(ports: Ports, { environments }: Studio, name: AppName, id: string): Promise<void> {
  if (!isDeploymentId(id)) return;
  const { org, app } = name;
  for (const { name: environment } of environments) {
    const problems = await ports.artifacts.refusal({ org, app, environment, deploymentId: id });
    if (problems === undefined) continue;
    const what = `${org}/${app} has no deployment '${id}': the artifact that was dropped for '${environment}' was refused`;
    throw new AppError([problem('DROP_REFUSED', what, 'id'), ...problems]);
  }
}

const writeCursor = (ordinal: number): string => Buffer.from(`o${ordinal}`).toString('base64url');

function readCursor(cursor: string): number {
  const ordinal = Number(/^o(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1] ?? Number.NaN);
  if (Number.isNaN(ordinal))
    throw new AppError('REQUEST_INVALID', 'cursor: must be the nextCursor of an earlier page', { path: 'cursor' });
  return ordinal;
}
