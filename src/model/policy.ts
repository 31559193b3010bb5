/** How large an artifact may be, both when we build one and when one is taken. */
export interface SizeLimits {
  readonly maxZipMebibytes: number;
  readonly maxInflatedMebibytes: number;
  /** Entries of the zip: the repository's files and up to four of ours. */
  readonly maxFiles: number;
  /** Inflated to compressed bytes, for files over 1 MiB. */
  readonly maxRatio: number;
}

/** How long things are kept that are not kept for ever. Nothing goes before all that is said here allows it. */
export interface Retention {
  /** Artifacts, per app and environment: so many of the latest stay, however old. */
  readonly keepLast: number;
  /** No artifact goes that is younger. */
  readonly keepDays: number;
  /** The latest that were published, and did not fail in their cluster: so many stay, however old. */
  readonly keepGood: number;
  /** Of the immutability policy on the container `artifacts`: Azure would refuse before. 0: there is none. */
  readonly immutableDays: number;
  /** Blobs that were refused. */
  readonly rejectedDays: number;
  /** How long an `Idempotency-Key` is known. */
  readonly idempotencyHours: number;
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
  readonly retention: Retention;
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
  retention: { keepLast: 20, keepDays: 90, keepGood: 3, immutableDays: 365, rejectedDays: 30, idempotencyHours: 24 },
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

/**
 * From and to, both included. An artifact that is a day old is not being accepted any more, and no app is left without one
 * to go back to. 146,000 days are the most that Azure's immutability policies take.
 */
export const RETENTION_RANGES: Readonly<Record<keyof Retention, readonly [number, number]>> = {
  keepLast: [1, 1_000],
  keepDays: [1, 36_500],
  keepGood: [1, 100],
  immutableDays: [0, 146_000],
  rejectedDays: [1, 36_500],
  idempotencyHours: [1, 8_760],
};
