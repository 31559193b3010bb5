/**
 * What an artifact may have the cluster apply, as data: an installation can widen or narrow it in its environments file.
 * The defaults are what Altinn's `deployment` chart takes.
 */
export interface Policy {
  /** Top-level keys of the Helm values; `*` allows any, for another chart than Altinn's. */
  readonly valuesKeys: readonly string[];
  /** Host names that an app may route beside its org's own, `{org}` filled in. */
  readonly hosts: readonly string[];
  /**
   * `rebuild`: the documents must be what this service makes from the artifact's own source, Studio's scopes and the
   * configuration. `allow-list`: they may hold other values, as long as those keep to this policy.
   */
  readonly deployDocuments: 'rebuild' | 'allow-list';
}

export const DEFAULT_POLICY: Policy = {
  valuesKeys: [
    ...['replicaCount', 'autoscaling', 'resources', 'podAnnotations', 'podLabels', 'image', 'service', 'linkerd'],
    ...['ingressRoute', 'volumeMounts', 'volumes', 'appSecrets', 'startup', 'readiness', 'liveness'],
    ...['customIngressRoutes', 'middlewares', 'serviceAccountName'],
  ],
  hosts: [],
  deployDocuments: 'rebuild',
};
