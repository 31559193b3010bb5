import { AppError } from '../errors.ts';
import { type AppName, isDeploymentId } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { type DeploymentDetails, type DeploymentView, viewDeployment, viewDetails } from './deployment-view.ts';

export const MAX_PAGE = 100;
export const DEFAULT_PAGE = 20;
/** Of one deployment, shown with it; all of them are in its list of events. */
const MAX_EVENTS = 200;

export interface ListRequest extends AppName {
  readonly envName: string | undefined;
  readonly limit: number | undefined;
  /** As the page before gave it. */
  readonly cursor: string | undefined;
}

export interface DeploymentPage {
  readonly deployments: readonly DeploymentView[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** An app's deployments, newest first. A cursor stays good while new ones arrive. */
export async function listDeployments(ports: Ports, request: ListRequest): Promise<DeploymentPage> {
  const limit = request.limit ?? DEFAULT_PAGE;
  const { org, app, envName: environment } = request;
  const before = request.cursor === undefined ? undefined : readCursor(request.cursor);
  const rows = await ports.ledger.deployments({ org, app, environment, before, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const isMore = rows.length > limit && last !== undefined;
  return { deployments: page.map(viewDeployment), ...(isMore ? { nextCursor: writeCursor(last.ordinal) } : {}) };
}

/** @throws AppError DEPLOYMENT_UNKNOWN, also for another app's */
export async function showDeployment(ports: Ports, { org, app }: AppName, id: string): Promise<DeploymentDetails> {
  const deployment = isDeploymentId(id) ? await ports.ledger.deployment(id) : undefined;
  if (deployment === undefined || deployment.org !== org || deployment.app !== app)
    throw new AppError('DEPLOYMENT_UNKNOWN', `${org}/${app} has no deployment '${id}'`, { path: 'id' });
  return viewDetails(deployment, await ports.ledger.events({ org, deploymentId: id, after: 0, limit: MAX_EVENTS }));
}

const writeCursor = (ordinal: number): string => Buffer.from(`o${ordinal}`).toString('base64url');

function readCursor(cursor: string): number {
  const ordinal = Number(/^o(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1] ?? Number.NaN);
  if (Number.isNaN(ordinal))
    throw new AppError('REQUEST_INVALID', 'cursor: must be the nextCursor of an earlier page', { path: 'cursor' });
  return ordinal;
}
