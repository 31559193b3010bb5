import { AppError } from '../../errors.ts';
import type { NewEvent } from '../../ledger.ts';
import type { Deployment } from '../../model/deployment.ts';
import type { ReleaseKey } from '../../model/names.ts';
import type { Queryable } from '../postgres.ts';
import { type DeploymentRow, deploymentColumns, toDeployment } from './rows.ts';

/** Statements that several parts of the ledger use. */

export const keyValues = ({ org, app, environment }: ReleaseKey): string[] => [org, app, environment];

export async function selectInstallation(db: Queryable): Promise<string> {
  const [row] = await db.query<{ id: string }>('select id from pull_deploy.installation');
  if (row === undefined) throw notMigrated();
  return row.id;
}

export const notMigrated = (): AppError =>
  new AppError('CONFIGURATION_INVALID', 'the ledger has no installation row: run the migrations');

export async function selectDeployment(db: Queryable, id: string): Promise<Deployment | undefined> {
  const [row] = await db.prepared<DeploymentRow>(
    `select ${deploymentColumns()} from pull_deploy.deployments where id = $1`,
    [id],
  );
  return row && toDeployment(row);
}

export async function requireDeployment(db: Queryable, id: string): Promise<Deployment> {
  const deployment = await selectDeployment(db, id);
  if (deployment === undefined) throw new AppError('INTERNAL', `deployment ${id} vanished`);
  return deployment;
}

export async function insertRelease(tx: Queryable, key: ReleaseKey): Promise<void> {
  await tx.query(
    `with app as (insert into pull_deploy.apps (org, app) values ($1, $2) on conflict do nothing)
     insert into pull_deploy.releases (org, app, environment) values ($1, $2, $3) on conflict do nothing`,
    keyValues(key),
  );
}

/**
 * A statement that changes deployments and writes each one's history with it, in one call.
 * @param change returns the rows' `id` and `org` at least
 * @param event type, message and origin, as expressions of SQL
 */
export const withEvent = (change: string, event: string): string =>
  `with changed as (${change}),
        told as (insert into pull_deploy.deployment_events (deployment_id, org, type, message, origin)
                 select id, org, ${event} from changed)
   select * from changed`;

export async function insertEvent(
  tx: Queryable,
  deploymentId: string,
  type: string,
  { message, origin }: NewEvent,
): Promise<void> {
  await tx.query(
    `insert into pull_deploy.deployment_events (deployment_id, org, type, message, origin)
     select id, org, $2, $3, $4 from pull_deploy.deployments where id = $1`,
    [deploymentId, type, message, origin],
  );
}

/** Rows of one statement. */
const CHUNK = 500;

export function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += CHUNK) yield items.slice(start, start + CHUNK);
}
