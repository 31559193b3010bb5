/** How large an artifact may be, both when we build one and when one is taken. */
export interface SizeLimits {
  readonly maxZipMebibytes: number;
  readonly maxInflatedMebibytes: number;
  /** Entries of the zip: the repository's files and up to four of ours. */
  readonly maxFiles: number;
  /** Inflated to compressed bytes, for files over 1 MiB. */
  readonly maxRatio: number;
}

/** The kinds of Kubernetes objects that we make, and so the only ones that a policy can allow. */
export const KINDS = ['HelmRelease', 'MaskinportenClient'] as const;
export type Kind = (typeof KINDS)[number];

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
  readonly limits: SizeLimits;
  /** What an app may have applied; without its HelmRelease there is no app. */
  readonly kinds: readonly Kind[];
}

export const DEFAULT_POLICY: Policy = {
  valuesKeys: [
    ...['replicaCount', 'autoscaling', 'resources', 'podAnnotations', 'podLabels', 'image', 'service', 'linkerd'],
    ...['ingressRoute', 'volumeMounts', 'volumes', 'appSecrets', 'startup', 'readiness', 'liveness'],
    ...['customIngressRoutes', 'middlewares', 'serviceAccountName'],
  ],
  hosts: [],
  deployDocuments: 'rebuild',
  limits: { maxZipMebibytes: 50, maxInflatedMebibytes: 200, maxFiles: 5_000, maxRatio: 100 },
  kinds: KINDS,
};

/**
 * What an installation can raise them to: an artifact is held in a function's memory whole, a zip counts to 65,535 without
 * zip64, and deflate can't do more than 1,032 to 1.
 */
export const MAX_LIMITS: SizeLimits = {
  maxZipMebibytes: 100,
  maxInflatedMebibytes: 1_024,
  maxFiles: 20_000,
  maxRatio: 1_032,
};
