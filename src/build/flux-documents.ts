import type { Studio } from '../model/environments.ts';
import { isRecord } from '../model/is-record.ts';
import { type AppName, fluxName, helmReleaseName, NAMESPACE } from '../model/names.ts';
import type { TraceContext } from '../model/trace-context.ts';
import type { Values } from './read-values.ts';

export const HELM_RELEASE = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease' } as const;
export const MASKINPORTEN_CLIENT = {
  apiVersion: 'resources.altinn.studio/v1alpha1',
  kind: 'MaskinportenClient',
} as const;

/** notification-controller hands what stands below this prefix back to us in each event, without the prefix. */
const EVENT_METADATA = 'event.toolkit.fluxcd.io/';
const EVENT_DEPLOYMENT_ID = `${EVENT_METADATA}deployment-id`;
export const EVENT_DEPLOY_DIGEST = `${EVENT_METADATA}deploy-digest`;

export const BUILD_ID_LABEL = 'altinn.studio/build-id';
export const TRACE_ANNOTATIONS = {
  traceparent: 'altinn.studio/traceparent',
  tracestate: 'altinn.studio/tracestate',
} as const;

/** The labels that the cluster's Flux Alert selects on and that join its events to the deployment. */
function releaseLabels(name: AppName, deploymentId: string, studio: string): Record<string, string> {
  return {
    'altinn.studio/managed-by': 'altinn-studio',
    'altinn.studio/source-environment': studio,
    [BUILD_ID_LABEL]: deploymentId,
    'altinn.studio/org': name.org,
    'altinn.studio/app': name.app,
  };
}

/** All that a HelmRelease of ours has. */
export const releaseAnnotations = (
  deploymentId: string,
  { traceparent, tracestate }: TraceContext,
): Record<string, string> => ({
  ...(traceparent === undefined ? {} : { [TRACE_ANNOTATIONS.traceparent]: traceparent }),
  ...(tracestate === undefined ? {} : { [TRACE_ANNOTATIONS.tracestate]: tracestate }),
  [EVENT_DEPLOYMENT_ID]: deploymentId,
});

export interface HelmReleaseInput extends AppName {
  readonly deploymentId: string;
  readonly values: Values;
  /** As the caller of the API sent it. */
  readonly trace: TraceContext;
}

/**
 * The app's HelmRelease. Chart name, `releaseName` and namespaces must never change for an installed app:
 * helm-controller would uninstall it first.
 */
export function helmRelease(input: HelmReleaseInput, studio: Studio): Record<string, unknown> {
  return {
    ...HELM_RELEASE,
    metadata: {
      name: fluxName(input, studio.name),
      namespace: NAMESPACE,
      labels: releaseLabels(input, input.deploymentId, studio.name),
      annotations: releaseAnnotations(input.deploymentId, input.trace),
    },
    spec: {
      releaseName: helmReleaseName(input),
      targetNamespace: NAMESPACE,
      interval: '5m',
      install: { remediation: { retries: 1 } },
      upgrade: { remediation: { retries: 1 } },
      chart: {
        spec: {
          version: studio.chart.version,
          chart: studio.chart.name,
          sourceRef: { kind: 'HelmRepository', name: studio.chart.repository, namespace: NAMESPACE },
        },
      },
      values: input.values,
    },
  };
}

/** The app's client in Maskinporten; `scopes` are distinct and sorted. */
export function maskinportenClient(
  input: AppName & { deploymentId: string; scopes: readonly string[] },
  studio: Studio,
): Record<string, unknown> {
  return {
    ...MASKINPORTEN_CLIENT,
    metadata: {
      name: helmReleaseName(input),
      namespace: NAMESPACE,
      labels: releaseLabels(input, input.deploymentId, studio.name),
    },
    spec: { scopes: input.scopes },
  };
}

/** The scopes that a MaskinportenClient asks for, whoever made it; whatever is no text is left out. */
export function readScopes(document: unknown): string[] {
  const spec = isRecord(document) && isRecord(document.spec) ? document.spec : {};
  return Array.isArray(spec.scopes) ? spec.scopes.filter((scope): scope is string => typeof scope === 'string') : [];
}
