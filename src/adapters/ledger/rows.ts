import type { Problem } from '../../errors.ts';
import type { LedgerApp, LedgerRelease } from '../../ledger.ts';
import { type ClusterMeaning, stateSaid } from '../../model/cluster-event.ts';
import type {
  ClusterWord,
  Deployment,
  DeploymentEvent,
  DeploymentKind,
  DeploymentOrigin,
  DeploymentState,
  ResolvedInputs,
} from '../../model/deployment.ts';

/** Rows as `pg` gives them: bigint comes as text. */
export type DeploymentRow = {
  id: string;
  ordinal: string;
  org: string;
  app: string;
  environment: string;
  sequence: string;
  kind: DeploymentKind;
  origin: DeploymentOrigin;
  state: DeploymentState;
  tag_name: string | null;
  commit_id: string | null;
  fence: number;
  creator: string;
  resolved: ResolvedInputs;
  artifact_sha256: string | null;
  artifact_bytes: string | null;
  inputs_digest: string | null;
  deploy_digest: string | null;
  problems: Problem[];
  warnings: Problem[];
  created_at: Date;
  updated_at: Date;
  published_at: Date | null;
  from_deployment: string | null;
  reason: string | null;
  blocked_at: Date | null;
  blocked_by: string | null;
  blocked_reason: string | null;
  cluster_event_at: Date | null;
  helm_revision: number | null;
  cluster_message: string | null;
  cluster_meaning: ClusterMeaning | null;
  applied_at: Date | null;
  rolled_back_at: Date | null;
  rolled_back_to: number | null;
  artifact_removed_at: Date | null;
};

/**
 * What is read of a deployment's row, name by name: a prepared statement that gives `*` fails once a migration adds a column.
 * @param of the table's alias, where the statement has another table with such names
 */
export function deploymentColumns(of = 'deployments'): string {
  return DEPLOYMENT_COLUMNS.map((name) => `${of}.${name}`).join(', ');
}

const DEPLOYMENT_COLUMNS = [
  ...['id', 'ordinal', 'org', 'app', 'environment', 'sequence', 'kind', 'origin', 'state', 'tag_name', 'commit_id'],
  ...['fence', 'creator', 'resolved', 'artifact_sha256', 'artifact_bytes', 'inputs_digest', 'deploy_digest'],
  ...['problems', 'warnings', 'created_at', 'updated_at', 'published_at', 'from_deployment', 'reason'],
  ...['blocked_at', 'blocked_by', 'blocked_reason', 'cluster_event_at', 'helm_revision', 'cluster_message'],
  ...['cluster_meaning', 'applied_at', 'rolled_back_at', 'rolled_back_to', 'artifact_removed_at'],
] as const satisfies readonly (keyof DeploymentRow)[];

export type EventRow = {
  position: string;
  deployment_id: string;
  type: string;
  message: string;
  origin: DeploymentEvent['origin'];
  details: Record<string, unknown>;
  created_at: Date;
};

export type ReleaseRow = {
  org: string;
  app: string;
  environment: string;
  wanted_sequence: string;
  published_sequence: string | null;
  published_etag: string | null;
  source_since: Date | null;
  retired_at: Date | null;
};

export function toDeployment(row: DeploymentRow): Deployment {
  const { id, org, app, environment, kind, origin, state, creator, problems, warnings } = row;
  return {
    ...{ id, org, app, environment, kind, origin, state, creator, problems, warnings },
    ordinal: Number(row.ordinal),
    sequence: Number(row.sequence),
    fence: row.fence,
    tagName: row.tag_name ?? undefined,
    commit: row.commit_id ?? undefined,
    resolved: row.resolved,
    built:
      row.artifact_sha256 === null
        ? undefined
        : {
            sha256: row.artifact_sha256,
            bytes: Number(row.artifact_bytes),
            inputsDigest: row.inputs_digest ?? '',
            deployDigest: row.deploy_digest ?? '',
          },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    from: row.from_deployment ?? undefined,
    reason: row.reason ?? undefined,
    blocked:
      row.blocked_at === null
        ? undefined
        : { since: row.blocked_at, by: row.blocked_by ?? '', reason: row.blocked_reason ?? '' },
    publishedAt: row.published_at ?? undefined,
    artifactRemovedAt: row.artifact_removed_at ?? undefined,
    cluster: toClusterWord(row),
  };
}

function toClusterWord(row: DeploymentRow): ClusterWord | undefined {
  const state = row.cluster_meaning === null ? undefined : stateSaid(row.cluster_meaning);
  if (state === undefined || row.cluster_event_at === null) return undefined;
  const { cluster_event_at: at, helm_revision, cluster_message } = row;
  return { state, at, helmRevision: helm_revision ?? undefined, message: cluster_message ?? '' };
}

export type AppRow = { org: string; app: string; repository_updated_at: Date | null; missing_since: Date | null };

export function toApp({ org, app, repository_updated_at, missing_since }: AppRow): LedgerApp {
  return {
    org,
    app,
    repositoryUpdatedAt: repository_updated_at ?? undefined,
    missingSince: missing_since ?? undefined,
  };
}

export function toEvent(row: EventRow): DeploymentEvent {
  const { type, message, origin, details } = row;
  return {
    ...{ type, message, origin, details },
    position: Number(row.position),
    deploymentId: row.deployment_id,
    createdAt: row.created_at,
  };
}

export function toRelease(row: ReleaseRow): LedgerRelease {
  const { org, app, environment } = row;
  return {
    ...{ org, app, environment },
    wantedSequence: Number(row.wanted_sequence),
    publishedSequence: row.published_sequence === null ? undefined : Number(row.published_sequence),
    publishedEtag: row.published_etag ?? undefined,
    sourceSince: row.source_since ?? undefined,
    retiredAt: row.retired_at ?? undefined,
  };
}
