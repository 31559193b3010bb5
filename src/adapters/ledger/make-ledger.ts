import type { Ledger } from '../../ledger.ts';
import type { Database } from '../postgres.ts';
import { makeAppLedger } from './apps.ts';
import { makeProgressLedger } from './progress.ts';
import { makeRecoveryLedger } from './recovery.ts';
import { makeReleaseLedger } from './releases.ts';
import { makeRequestLedger } from './requests.ts';
import { type DeploymentRow, type EventRow, toDeployment, toEvent } from './rows.ts';
import { selectDeployment, selectInstallation } from './statements.ts';

/** Our tables, schema `pull_deploy` (`infra/sql`). Order and time are always the database's. */
export function makeLedger(db: Database): Ledger {
  return {
    ...makeRequestLedger(db),
    ...makeProgressLedger(db),
    ...makeReleaseLedger(db),
    ...makeAppLedger(db),
    ...makeRecoveryLedger(db),

    // Never kept: the database may be exchanged under a running process, and that must be noticed.
    installation: () => selectInstallation(db),

    deployment: (id) => selectDeployment(db, id),

    async deployments({ org, app, environment, before, limit }) {
      const rows = await db.query<DeploymentRow>(
        `select * from pull_deploy.deployments
          where org = $1 and app = $2 and ($3::text is null or environment = $3) and ($4::bigint is null or ordinal < $4)
          order by ordinal desc limit $5`,
        [org, app, environment ?? null, before ?? null, limit],
      );
      return rows.map(toDeployment);
    },

    async events(deploymentId) {
      const rows = await db.query<EventRow>(
        'select * from pull_deploy.deployment_events where deployment_id = $1 order by id',
        [deploymentId],
      );
      return rows.map(toEvent);
    },

    async ping() {
      await db.query('select 1 from pull_deploy.installation');
    },
  };
}
