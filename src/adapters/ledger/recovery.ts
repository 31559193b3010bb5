import type { RecoveryLedger } from '../../ledger-upkeep.ts';
import type { Database } from '../postgres.ts';
import { LEASE } from './requests.ts';
import { type DeploymentRow, toDeployment } from './rows.ts';

/** After this an unfinished deployment is ended: nobody wants it published hours later. */
const TOO_LATE = "interval '15 minutes'";

export function makeRecoveryLedger(db: Database): RecoveryLedger {
  return {
    async claimDead(limit) {
      // Rows that another instance is claiming at this moment are its own.
      const rows = await db.query<DeploymentRow>(
        `update pull_deploy.deployments
            set fence = fence + 1, lease_until = clock_timestamp() + ${LEASE}
          where id in (
            select id from pull_deploy.deployments
             where state in ('accepted', 'building') and lease_until < clock_timestamp()
               and created_at > clock_timestamp() - ${TOO_LATE}
             order by created_at limit $1 for update skip locked)
          returning *`,
        [limit],
      );
      return rows.map(toDeployment);
    },

    async expired(limit) {
      const rows = await db.query<DeploymentRow>(
        `select d.* from pull_deploy.deployments d
          where d.state in ('accepted', 'building', 'uploaded') and d.created_at <= clock_timestamp() - ${TOO_LATE}
            and not exists (select 1 from pull_deploy.artifacts a where a.deployment_id = d.id)
            and not exists (select 1 from pull_deploy.releases r where r.wanted_deployment = d.id
                              and (r.org, r.app, r.environment) = (d.org, d.app, d.environment))
          order by d.created_at limit $1`,
        [limit],
      );
      return rows.map(toDeployment);
    },

    async countAttempt(blob) {
      const [row] = await db.query<{ attempts: number }>(
        `insert into pull_deploy.incoming_attempts (blob, attempts) values ($1, 1)
         on conflict (blob) do update set attempts = incoming_attempts.attempts + 1, updated_at = clock_timestamp()
         returning attempts`,
        [blob],
      );
      return row?.attempts ?? 1;
    },

    async noteAttempt(blob, reason) {
      await db.query(
        `insert into pull_deploy.incoming_attempts (blob, reason) values ($1, $2)
         on conflict (blob) do update set reason = excluded.reason, updated_at = clock_timestamp()`,
        [blob, reason],
      );
    },

    async attemptReason(blob) {
      const [row] = await db.query<{ reason: string | null }>(
        'select reason from pull_deploy.incoming_attempts where blob = $1',
        [blob],
      );
      return row?.reason ?? undefined;
    },

    async uncountAttempt(blob) {
      await db.query('update pull_deploy.incoming_attempts set attempts = greatest(attempts - 1, 0) where blob = $1', [
        blob,
      ]);
    },

    async forgetAttempts(blob) {
      await db.query('delete from pull_deploy.incoming_attempts where blob = $1', [blob]);
    },
  };
}
