import type { ClusterEvent, ClusterMeaning } from '../model/cluster-event.ts';
import { sha256 } from '../model/digest.ts';
import { type AppName, appNameProblems, helmReleaseName, isDeploymentId, NAMESPACE } from '../model/names.ts';
import { type FluxEvent, readDeploymentId } from './read-flux-event.ts';

/** Flux's own words for what happened (helm-controller 1.6), in ours. */
const HELM_REASONS: ReadonlyMap<string, ClusterMeaning> = new Map([
  ['InstallSucceeded', 'installed'],
  ['UpgradeSucceeded', 'upgraded'],
  ['InstallFailed', 'failed'],
  ['UpgradeFailed', 'failed'],
  ['RollbackFailed', 'broken'],
  ['RollbackSucceeded', 'rolled-back'],
  ['UninstallSucceeded', 'removed'],
  ['UninstallFailed', 'not-removed'],
]);

/** Told as errors, but nothing has failed: the cluster was changed by hand, or something newer came in between. */
const HARMLESS_ERRORS: readonly string[] = ['DriftDetected', 'DependencyNotReady', 'HealthCheckCanceled'];

/** The reasons are those of a removal; only the message tells it. */
const REMEDIATION = 'Helm uninstall remediation for release ';

/** Before the name of the app's objects: helm-controller puts the namespace there for the chart that it makes. */
const PREFIXES: ReadonlyMap<string, string> = new Map([
  ['HelmRelease', ''],
  ['Kustomization', ''],
  ['Bucket', ''],
  ['HelmChart', `${NAMESPACE}-`],
]);

/**
 * The app whose object the event is about, by exact name; undefined when it is none that we make. Whether there is such
 * an app is the ledger's to say: another one that shares a prefix has another name.
 */
export function appOf({ involvedObject }: FluxEvent, org: string, studio: string): AppName | undefined {
  const { kind, namespace, name } = involvedObject;
  const prefix = PREFIXES.get(kind);
  if (prefix === undefined || namespace !== NAMESPACE) return undefined;
  const [first, last] = [`${prefix}${org}-`, `-${studio}`];
  if (!name.startsWith(first) || !name.endsWith(last)) return undefined;
  const app = name.slice(first.length, -last.length);
  return appNameProblems({ org, app }).length === 0 ? { org, app } : undefined;
}

/** What the event says. Undefined when the object is named as ours are, and belongs to another deployment system. */
export function weighFluxEvent(event: FluxEvent, app: AppName): ClusterEvent | undefined {
  const { involvedObject, reason, severity, message, timestamp } = event;
  const { kind } = involvedObject;
  const deploymentId = kind === 'HelmRelease' ? readDeploymentId(event) : undefined;
  if (deploymentId !== undefined && !isDeploymentId(deploymentId)) return undefined;
  // The others repeat themselves at each interval, with another time.
  const once = [kind, involvedObject.name, reason, message, ...(kind === 'HelmRelease' ? [timestamp] : [])];
  return {
    ...{ kind, reason, severity, message, at: timestamp, deploymentId },
    meaning: meaningOf(event),
    helmRevision: readHelmRevision(message, app),
    dedupeKey: sha256(JSON.stringify(once)),
  };
}

function meaningOf({ involvedObject, reason, severity, message }: FluxEvent): ClusterMeaning {
  const isError = severity === 'error' && !HARMLESS_ERRORS.includes(reason);
  const otherwise = isError ? 'hindered' : 'note';
  if (involvedObject.kind !== 'HelmRelease') return otherwise;
  if (message.startsWith(REMEDIATION)) return reason === 'UninstallSucceeded' ? 'cleared' : 'note';
  if (reason === 'TestFailed') return isError ? 'broken' : 'note';
  return HELM_REASONS.get(reason) ?? otherwise;
}

/**
 * Helm's number of the release, as helm-controller's messages tell it: of the one that runs now, or that was gone back to.
 * Failures have none.
 */
function readHelmRevision(message: string, app: AppName): number | undefined {
  const start =
    /^Helm (?:(?:install|upgrade) succeeded for|rollback to previous) release (\S+)\.v(\d{1,9}) with chart /;
  const [, release, number] = start.exec(message) ?? [];
  return release === `${NAMESPACE}/${helmReleaseName(app)}` && Number(number) > 0 ? Number(number) : undefined;
}
