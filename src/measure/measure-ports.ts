import type { Problem } from '../errors.ts';
import type { ClusterOutcome } from '../ledger.ts';
import type { Deployment } from '../model/deployment.ts';
import { artifactPath, parseArtifactBlob } from '../model/names.ts';
import type { Ports } from '../ports.ts';

/**
 * The same ports, which tell of themselves: steps that are one call to the outside are spans, and whatever moves a deployment
 * to where our part is done is counted, once, where it becomes so. Stages need not know of it.
 */
export function measurePorts(ports: Ports): Ports {
  const { artifacts, ledger, telemetry } = ports;
  const outcomes = makeOutcomes(ports);
  return {
    ...ports,
    artifacts: {
      ...artifacts,
      uploadIncoming: (path, zip) => telemetry.span('upload', path, () => artifacts.uploadIncoming(path, zip)),
      archive: (path, zip) => telemetry.span('archive', path, () => artifacts.archive(path, zip)),
      async quarantine(blobName, content, problems) {
        await artifacts.quarantine(blobName, content, problems);
        const { org, environment } = parseArtifactBlob(blobName) ?? {};
        telemetry.record('rejected', 1, { org, environment, code: problems[0]?.code });
      },
    },
    ledger: {
      ...ledger,
      async move(id, to, event, problems, fence) {
        const moved = await ledger.move(id, to, event, problems, fence);
        if (moved && (to === 'failed' || to === 'rejected')) await outcomes.readAndTell(id, event.message, problems);
        return moved;
      },
      async indexArtifact(deployment, manifest, built) {
        const outcome = await telemetry.span('index', { deploymentId: deployment.id }, () =>
          ledger.indexArtifact(deployment, manifest, built),
        );
        if (outcome === 'superseded') outcomes.tell({ ...deployment, state: outcome });
        return outcome;
      },
      async wantUndeploy(deployment) {
        const outcome = await ledger.wantUndeploy(deployment);
        if (outcome === 'superseded') outcomes.tell({ ...deployment, state: outcome });
        return outcome;
      },
      async recordPublished(key, published) {
        const moved = await ledger.recordPublished(key, published);
        for (const deployment of moved) outcomes.tell(deployment);
        return moved;
      },
      async recordSources(org, environment, apps) {
        const moved = await ledger.recordSources(org, environment, apps);
        for (const deployment of moved) outcomes.tell(deployment);
        return moved;
      },
      recordClusterEvent: (key, event) =>
        outcomes.spanOfEvent(event.message, () => ledger.recordClusterEvent(key, event)),
    },
  };
}

function makeOutcomes({ ledger, log, telemetry }: Ports) {
  /** Only for telling: a database that does not answer now is told of elsewhere. */
  const find = (id: string) => ledger.deployment(id).catch(() => undefined);

  function tell(deployment: Deployment, reason?: string): void {
    const { org, environment, kind, state, tagName, resolved } = deployment;
    const isFailure = state === 'failed' || state === 'rejected';
    const code = isFailure ? deployment.problems[0]?.code : undefined;
    const seconds = secondsUntil(deployment);
    telemetry.record('deployments', 1, { org, environment, kind, outcome: state, code });
    if (state === 'published') telemetry.record('clickToPublished', seconds, { org, environment, kind });
    if (state === 'applied') telemetry.record('clickToApplied', seconds, { org, environment, kind });
    const about = artifactPath(deployment);
    // In the deployment's own trace, whoever it was that moved it.
    void telemetry.within(resolved.traceparent ?? telemetry.traceparent(), async () =>
      log.info('deployment outcome', {
        ...about,
        kind,
        tagName,
        outcome: state,
        code,
        reason: isFailure ? reason : undefined,
        seconds,
      }),
    );
  }

  return {
    tell,
    async readAndTell(id: string, reason: string, problems?: readonly Problem[]): Promise<void> {
      const deployment = await find(id);
      if (deployment) tell({ ...deployment, problems: problems ?? deployment.problems }, reason);
    },
    /** The event names its deployment only when it has been recorded, so its span begins before it is known whose it is. */
    async spanOfEvent(reason: string, record: () => Promise<ClusterOutcome>): Promise<ClusterOutcome> {
      const startedAt = new Date();
      const outcome = await record();
      if (outcome.outcome === 'foreign') return outcome;
      const deployment = await find(outcome.deploymentId);
      if (deployment === undefined) return outcome;
      const facts = { ...artifactPath(deployment), outcome: outcome.outcome };
      const start = { traceparent: deployment.resolved.traceparent, startedAt };
      await telemetry.span(
        'clusterEvent',
        facts,
        async () => outcome.outcome === 'moved' && tell(deployment, reason),
        start,
      );
      return outcome;
    },
  };
}

/** Since the request; by the cluster's clock, in whole seconds, where the cluster decided. */
function secondsUntil({ state, createdAt, publishedAt, updatedAt, cluster }: Deployment): number {
  const byCluster = state === 'applied' || state === 'removed' ? cluster?.at : undefined;
  const until = byCluster ?? (state === 'published' ? publishedAt : undefined) ?? updatedAt;
  return Math.max(0, (until.getTime() - createdAt.getTime()) / 1000);
}
