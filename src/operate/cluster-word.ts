import type { Deployment } from '../model/deployment.ts';

/** What a view shows of the cluster, for a deployment that was published. */
export interface ClusterView {
  /** `waiting`, and after the configured minutes `silent`, while the cluster has not told of it. */
  readonly state: 'waiting' | 'silent' | 'applied' | 'failed' | 'removed';
  /** Helm's own, where the cluster has told. */
  readonly message: string;
  /** When it was published, while the cluster has not told of it; else when it told, by its own clock. */
  readonly at: Date;
  readonly helmRevision?: number;
}

const MINUTE_MS = 60_000;

/** Undefined for a deployment that was never published, or was overtaken before the cluster told of it. */
export function clusterWord(deployment: Deployment, silenceMinutes: number, now: Date): ClusterView | undefined {
  const { cluster, publishedAt: at, state } = deployment;
  if (cluster) {
    const { helmRevision } = cluster;
    return {
      state: cluster.state,
      message: cluster.message,
      at: cluster.at,
      ...(helmRevision === undefined ? {} : { helmRevision }),
    };
  }
  if (at === undefined || state !== 'published') return undefined;
  if (now.getTime() - at.getTime() < silenceMinutes * MINUTE_MS)
    return { state: 'waiting', message: 'The cluster has not told of it yet.', at };
  return { state: 'silent', message: `No word from the cluster since ${at.toISOString()}.`, at };
}
