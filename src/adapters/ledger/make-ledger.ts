import type { Ledger } from '../../ledger.ts';
import type { Database } from '../postgres.ts';
import { makeAppLedger } from './apps.ts';
import { makeBacklogLedger } from './backlog.ts';
import { makeClusterLedger } from './cluster.ts';
import { selectDeployments, selectEvents } from './lists.ts';
import { makeProgressLedger } from './progress.ts';
import { makeRebuildLedger } from './rebuild.ts';
import { makeRecoveryLedger } from './recovery.ts';
import { makeReleaseLedger } from './releases.ts';
import { makeRequestLedger } from './requests.ts';
import { makeRetentionLedger } from './retention.ts';
import { selectDeployment, selectInstallation } from './statements.ts';

/** Our tables, schema `pull_deploy` (`infra/sql`). Order and time are always the database's. */
export function makeLedger(db: Database): Ledger {
  return {
    ...makeRequestLedger(db),
    ...makeProgressLedger(db),
    ...makeReleaseLedger(db),
    ...makeClusterLedger(db),
    ...makeAppLedger(db),
    ...makeRecoveryLedger(db),
    ...makeRebuildLedger(db),
    ...makeRetentionLedger(db),
    ...makeBacklogLedger(db),

    // Never kept: the database may be exchanged under a running process, and that must be noticed.
    installation: () => selectInstallation(db),

    deployment: (id) => selectDeployment(db, id),

    deployments: (filter) => selectDeployments(db, filter),
    events: (filter) => selectEvents(db, filter),

    async ping() {
      await db.query('select 1 from pull_deploy.installation');
    },
  };
}
