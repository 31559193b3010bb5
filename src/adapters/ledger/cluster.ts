import { type Problem, problem } from '../../errors.ts';
import type { ClusterLedger, ClusterOutcome } from '../../ledger.ts';
import {
  type ClusterEvent,
  findSubject,
  hear,
  isFarAhead,
  stateAfter,
  stateSaid,
  type Told,
} from '../../model/cluster-event.ts';
import type { Deployment, DeploymentState } from '../../model/deployment.ts';
import type { ReleaseKey } from '../../model/names.ts';
import type { Database, Queryable } from '../postgres.ts';
import { supersede } from './progress.ts';
import { type DeploymentRow, toDeployment } from './rows.ts';
import { keyValues } from './statements.ts';

/** Of one deployment; what moves its state always finds a place left by the others. */
const MAX_EVENTS = 500;
const MAX_NOTES = 400;

/** Where a cluster's word becomes state. As everywhere, locks go from the release to the deployment. */
export function makeClusterLedger(db: Database): ClusterLedger {
  return {
    recordClusterEvent: (key, event) =>
      db.transaction(async (tx) => {
        const release = await lockRelease(tx, key);
        if (release === undefined) return { outcome: 'foreign' };
        const rows = await lockDeployments(tx, key, [release.published_deployment, event.deploymentId]);
        const published = rows.get(release.published_deployment ?? '');
        const named = rows.get(event.deploymentId ?? '');
        const found = findSubject(event, {
          published: published && toDeployment(published),
          named: named && toDeployment(named),
          now: release.now,
        });
        if (found === undefined) return { outcome: 'foreign' };
        const { subject } = found;
        const isOthers = found.meaning === 'upgraded' && (await isNumberOfAnother(tx, subject, event.helmRevision));
        const heard = { ...event, meaning: isOthers ? 'note' : found.meaning } as const;
        const outcome = await tell(tx, rows.get(subject.id) as DeploymentRow, heard);
        const isUninstall = event.meaning === 'removed' || event.meaning === 'cleared';
        if (isUninstall && !isFarAhead(event.at, release.now)) await recordUninstall(tx, key, event.at);
        await recordApplied(tx, key);
        return outcome;
      }),
  };
}

async function lockRelease(tx: Queryable, key: ReleaseKey) {
  const [row] = await tx.query<{ published_deployment: string | null; now: Date }>(
    `select published_deployment, clock_timestamp() as now from pull_deploy.releases
      where (org, app, environment) = ($1, $2, $3) for update`,
    keyValues(key),
  );
  return row;
}

async function lockDeployments(
  tx: Queryable,
  key: ReleaseKey,
  ids: readonly (string | null | undefined)[],
): Promise<ReadonlyMap<string, DeploymentRow>> {
  const rows = await tx.query<DeploymentRow>(
    `select * from pull_deploy.deployments
      where (org, app, environment) = ($1, $2, $3) and id = any($4::uuid[]) order by id for update`,
    [...keyValues(key), ids.filter((id) => id != null)],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * An upgrade to the number that another deployment runs with is that one's, told under a newer name. Numbers start anew
 * when the app is taken down, so it is not when there was an undeploy between the two.
 */
async function isNumberOfAnother(tx: Queryable, subject: Deployment, helmRevision: number | undefined) {
  const rows = await tx.query(
    `select 1 from pull_deploy.releases r
       join pull_deploy.deployments a on a.id = r.applied_deployment
      where (r.org, r.app, r.environment) = ($1, $2, $3) and a.id <> $4 and r.helm_revision = $6
        and not exists (select 1 from pull_deploy.deployments u
                         where (u.org, u.app, u.environment) = ($1, $2, $3) and u.kind = 'undeploy'
                           and u.published_at is not null
                           and u.sequence between least(a.sequence, $5) and greatest(a.sequence, $5))`,
    [...keyValues(subject), subject.id, subject.sequence, helmRevision ?? null],
  );
  return rows.length > 0;
}

/** What the event adds to all that was told, and the state that follows. */
async function tell(tx: Queryable, row: DeploymentRow, event: ClusterEvent): Promise<ClusterOutcome> {
  const before = toTold(row);
  const after = hear(before, event);
  const state = stateAfter(row.state, after);
  if (after !== before) await updateDeployment(tx, row.id, state, after);
  const isMoved = state !== row.state;
  const isNew = await insertClusterEvent(tx, row.id, event, isMoved ? { state, message: after.word?.message } : {});
  if (!isMoved) return { outcome: isNew ? 'kept' : 'repeated', deploymentId: row.id };
  if (state !== 'failed')
    await supersede(tx, row, [0, Number(row.sequence) - 1], {
      message: 'A newer one was applied first.',
      origin: 'flux',
    });
  return { outcome: 'moved', deploymentId: row.id, state };
}

function toTold(row: DeploymentRow): Told {
  const { cluster_meaning: meaning, cluster_event_at: at, applied_at, rolled_back_at } = row;
  return {
    word: meaning && at ? { meaning, at, message: row.cluster_message ?? '' } : undefined,
    applied: applied_at ? { at: applied_at, helmRevision: row.helm_revision ?? undefined } : undefined,
    rolledBack: rolled_back_at ? { at: rolled_back_at, helmRevision: row.rolled_back_to ?? undefined } : undefined,
  };
}

async function updateDeployment(tx: Queryable, id: string, state: DeploymentState, told: Told): Promise<void> {
  const { word, applied, rolledBack } = told;
  await tx.query(
    `update pull_deploy.deployments
        set state = $2, problems = coalesce($3::jsonb, problems),
            cluster_meaning = $4, cluster_event_at = $5, cluster_message = $6,
            applied_at = $7, helm_revision = $8, rolled_back_at = $9, rolled_back_to = $10,
            updated_at = clock_timestamp()
      where id = $1`,
    [
      ...[id, state, problemsOf(state, word)],
      ...[word?.meaning ?? null, word?.at ?? null, word?.message ?? null],
      ...[applied?.at ?? null, applied?.helmRevision ?? null],
      ...[rolledBack?.at ?? null, rolledBack?.helmRevision ?? null],
    ],
  );
}

/** Null leaves them: a superseded deployment is in no trouble, whatever is told of it later. */
function problemsOf(state: DeploymentState, word: Told['word']): string | null {
  if (word === undefined || stateSaid(word.meaning) !== state) return null;
  const problems: Problem[] = state === 'failed' ? [problem('CLUSTER_FAILED', word.message)] : [];
  return JSON.stringify(problems);
}

/** Under the name of the state that was entered, else under Flux's reason. False when it is there already. */
async function insertClusterEvent(
  tx: Queryable,
  id: string,
  event: ClusterEvent,
  moved: { state?: DeploymentState; message?: string | undefined },
): Promise<boolean> {
  const { kind, reason, severity, helmRevision, at } = event;
  const details = { reason, kind, severity, at: at.toISOString(), ...(helmRevision ? { helmRevision } : {}) };
  const insert = (dedupeKey: string | null) =>
    tx.query(
      `insert into pull_deploy.deployment_events (deployment_id, org, type, message, origin, details, dedupe_key)
       select id, org, $2, $3, 'flux', $4, $5 from pull_deploy.deployments d
        where id = $1 and (select count(*) from pull_deploy.deployment_events e
                            where e.deployment_id = d.id and e.origin = 'flux') < $6
       on conflict (deployment_id, dedupe_key) where dedupe_key is not null do nothing
       returning 1`,
      [
        ...[id, moved.state ?? typeOf(reason), moved.message ?? event.message, JSON.stringify(details), dedupeKey],
        moved.state === undefined ? MAX_NOTES : MAX_EVENTS,
      ],
    );
  const isNew = (await insert(event.dedupeKey)).length > 0;
  // It was a note before, and moves the state now.
  if (!isNew && moved.state !== undefined) await insert(null);
  return isNew;
}

/** Reasons start with a capital, our own types never do: none can be taken for the other. */
const typeOf = (reason: string): string => reason.charAt(0).toUpperCase() + reason.slice(1);

async function recordUninstall(tx: Queryable, key: ReleaseKey, at: Date): Promise<void> {
  await tx.query(
    `update pull_deploy.releases set uninstalled_at = greatest(uninstalled_at, $4)
      where (org, app, environment) = ($1, $2, $3)`,
    [...keyValues(key), at],
  );
}

/** What runs now follows from all that was told: the last one applied, if Helm did not uninstall it or go back from it. */
async function recordApplied(tx: Queryable, key: ReleaseKey): Promise<void> {
  await tx.query(
    `with runs as (
       select d.id, d.applied_at, d.helm_revision from pull_deploy.deployments d
         join pull_deploy.releases r on (r.org, r.app, r.environment) = (d.org, d.app, d.environment)
        where (d.org, d.app, d.environment) = ($1, $2, $3) and d.applied_at is not null
          and (r.uninstalled_at is null or d.applied_at >= r.uninstalled_at)
          and (d.rolled_back_at is null or d.rolled_back_at < d.applied_at or d.rolled_back_to = d.helm_revision)
        order by d.applied_at desc, d.helm_revision desc nulls last, d.sequence desc limit 1)
     update pull_deploy.releases r
        set applied_deployment = runs.id, applied_at = runs.applied_at, helm_revision = runs.helm_revision
       from (select 1) one left join runs on true
      where (r.org, r.app, r.environment) = ($1, $2, $3)
        and (r.applied_deployment, r.applied_at, r.helm_revision)
            is distinct from (runs.id, runs.applied_at, runs.helm_revision)`,
    keyValues(key),
  );
}
