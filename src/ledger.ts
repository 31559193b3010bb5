import type { Problem } from './errors.ts';
import type { BacklogLedger, RebuildLedger, RecoveryLedger, RetentionLedger } from './ledger-upkeep.ts';
import type { Manifest } from './model/artifact.ts';
import type { ClusterEvent } from './model/cluster-event.ts';
import type {
  BuiltFacts,
  Deployment,
  DeploymentEvent,
  DeploymentKind,
  DeploymentState,
  ResolvedInputs,
} from './model/deployment.ts';
import type { AppName, ReleaseKey } from './model/names.ts';

/** The port to our own tables, schema `pull_deploy`: what is wanted, and what became of it. */
export interface Ledger
  extends RequestLedger,
    ProgressLedger,
    ReleaseLedger,
    ClusterLedger,
    AppLedger,
    RecoveryLedger,
    RebuildLedger,
    RetentionLedger,
    BacklogLedger {
  /** The id given to this ledger when it was made; documents in storage name it. */
  installation(): Promise<string>;
  deployment(id: string): Promise<Deployment | undefined>;
  deployments(filter: DeploymentFilter): Promise<readonly Deployment[]>;
  /** In the order of their positions; none that comes later gets before them. */
  events(filter: EventFilter): Promise<readonly DeploymentEvent[]>;
  ping(): Promise<void>;
}

export interface RequestLedger {
  findRequest(request: IdempotentRequest): Promise<Deployment | undefined>;
  /**
   * One transaction: the app, the idempotency key, the sequence, the row with a lease, its first event.
   * @throws AppError ARTIFACT_REMOVED, DEPLOYMENT_BLOCKED, where it takes its artifact from a deployment that has none to give any more
   */
  acceptRequest(request: NewDeployment, key?: IdempotentRequest): Promise<{ deployment: Deployment; isNew: boolean }>;
  /** Adds a row for an artifact that nobody asked for; does nothing when there is one. */
  registerDrop(drop: NewDeployment & Pick<Deployment, 'warnings'> & { built: BuiltFacts }): Promise<Deployment>;
}

export interface ProgressLedger {
  /** False when the deployment has ended, or another process holds it by now (`fence`). */
  recordBuilt(
    deployment: Pick<Deployment, 'id' | 'fence'>,
    built: BuiltFacts,
    warnings: readonly Problem[],
  ): Promise<boolean>;
  /** The deployment as it is then; undefined when its state was not one that `to` can be entered from, or `fence` is not the row's. */
  move(
    id: string,
    to: DeploymentState,
    event: NewEvent,
    problems?: readonly Problem[],
    fence?: number,
  ): Promise<Deployment | undefined>;
  /** Not to be rolled back to, nor promoted, until it is unblocked. */
  block(id: string, block: { by: string; reason: string }): Promise<void>;
  unblock(id: string, by: string): Promise<void>;
  /** A line in the history that changes nothing. */
  note(id: string, type: string, event: NewEvent): Promise<void>;
  /**
   * At once: the artifact's row, and the wanted release unless a newer one is wanted already (`superseded`).
   * `ended`: meanwhile someone has ended the deployment, and nothing is indexed.
   */
  indexArtifact(deployment: Deployment, manifest: Manifest, built: BuiltFacts): Promise<WantOutcome>;
  /** Likewise for an undeploy, which has no artifact. */
  wantUndeploy(deployment: Deployment): Promise<WantOutcome>;
}

export type WantOutcome = 'wanted' | 'superseded' | 'ended';

export interface ReleaseLedger {
  /** Asked after the document was read, never before; `stored` is what the document names. */
  releaseStatus(key: ReleaseKey, stored?: { deploymentId: string; sequence: number }): Promise<ReleaseStatus>;
  /**
   * The release document is in storage; its deployment is `published` once the app's source is there too.
   * @returns the deployments that this moved: the one published, and those that it overtook
   */
  recordPublished(key: ReleaseKey, published: PublishedRelease): Promise<readonly Deployment[]>;
  /** The cluster's sources name these apps. Returns the deployments that this moved, likewise. */
  recordSources(org: string, environment: string, apps: readonly string[]): Promise<readonly Deployment[]>;
  /** Of every app and environment that has a row. */
  releases(filter?: { org: string; environment: string }): Promise<readonly LedgerRelease[]>;
  /** Every known app, by name, and every release, read at one time. */
  appsAndReleases(): Promise<{ readonly apps: readonly AppName[]; readonly releases: readonly LedgerRelease[] }>;
  /** @throws AppError SOURCE_IN_USE while a deployment, other than an undeploy, is on its way or wanted there */
  assertNotInUse(key: ReleaseKey): Promise<void>;
  /**
   * The app is not to be in the cluster's sources any more, until it is deployed again. In use it stays there, also where
   * the request comes at the same time.
   * @throws AppError SOURCE_IN_USE
   */
  retire(key: ReleaseKey): Promise<void>;

  clusters(): Promise<readonly LedgerCluster[]>;
  recordCluster(cluster: LedgerCluster): Promise<void>;

  /** All of them, or an org's, the longest held first. */
  holds(org?: string): Promise<readonly Hold[]>;
  /** So many of them, and how many there are. */
  longestHolds(limit: number): Promise<{ readonly holds: readonly Hold[]; readonly count: number }>;
  /** Keeps since when, for as long as the code stays the same. */
  recordHold(hold: Omit<Hold, 'since'>): Promise<void>;
  clearHold(hold: Pick<Hold, 'environment' | 'org' | 'app'>): Promise<void>;
  /** The environment's account was emptied: all of it is to be published again. */
  forgetPublished(environment: string): Promise<void>;
}

export interface ClusterLedger {
  /**
   * One transaction: the event is added to its deployment's history, decides its state where it may, and what runs in
   * the cluster. It may come late, twice, at the same time as another, or be of something else.
   */
  recordClusterEvent(key: ReleaseKey, event: ClusterEvent): Promise<ClusterOutcome>;
}

export type ClusterOutcome =
  | { readonly outcome: 'moved'; readonly deploymentId: string; readonly state: DeploymentState }
  /** In the history, or there before. */
  | { readonly outcome: 'kept' | 'repeated'; readonly deploymentId: string }
  /** Of no deployment that the ledger has there. */
  | { readonly outcome: 'foreign' };

export interface AppLedger {
  apps(): Promise<readonly LedgerApp[]>;
  /** An org's apps with their releases, by name; `after` is the last name of the page before. */
  overview(org: string, page: { app?: string; after?: string; limit: number }): Promise<readonly AppOverview[]>;
  /** True when it was not known before. */
  registerApp(name: AppName, repositoryUpdatedAt?: Date): Promise<boolean>;
  /** Repositories of the org that were looked into and found to be none, with the time of their last change then. */
  otherRepositories(org: string): Promise<ReadonlyMap<string, Date>>;
  recordOtherRepository(org: string, name: string, updatedAt: Date): Promise<void>;
  /** Exactly these known apps of the org are not in Gitea now. */
  recordMissing(org: string, apps: readonly string[]): Promise<void>;
}

export interface NewEvent {
  readonly message: string;
  readonly origin: DeploymentEvent['origin'];
}

export interface NewDeployment extends ReleaseKey {
  readonly id: string;
  readonly kind: DeploymentKind;
  readonly tagName: string | undefined;
  readonly commit: string | undefined;
  readonly creator: string;
  readonly from?: string | undefined;
  readonly reason?: string | undefined;
  readonly resolved: ResolvedInputs;
}

/** An `Idempotency-Key`, scoped by caller, org and app. */
export interface IdempotentRequest extends AppName {
  readonly caller: string;
  readonly key: string;
  /** Of what was asked: the same key with another digest is refused. */
  readonly requestDigest: string;
}

/** Newest first. What is undefined does not matter. */
export interface DeploymentFilter {
  readonly org: string;
  readonly app?: string | undefined;
  readonly environment?: string | undefined;
  readonly state?: DeploymentState | undefined;
  readonly kind?: DeploymentKind | undefined;
  readonly tagName?: string | undefined;
  readonly creator?: string | undefined;
  readonly createdFrom?: Date | undefined;
  /** Not included. */
  readonly createdTo?: Date | undefined;
  /** Only those with a lower ordinal. */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface EventFilter {
  readonly org: string;
  readonly deploymentId?: string | undefined;
  /** Only those with a higher position. */
  readonly after: number;
  readonly limit: number;
}

export interface ReleaseStatus {
  readonly installation: string;
  /** Undefined when the ledger has never heard of the release. */
  readonly wanted: { readonly sequence: number; readonly deploymentId: string | undefined } | undefined;
  readonly publishedSequence: number | undefined;
  readonly hasSource: boolean;
  /** Of the cluster's sources, as they were last read or written and found to be ours. */
  readonly sourcesEtag: string | undefined;
  /** Whether the ledger knows the stored deployment with that sequence. */
  readonly knowsStored: boolean;
}

export interface PublishedRelease {
  readonly sequence: number;
  readonly deploymentId: string | undefined;
  /** SHA-256 of the document. */
  readonly digest: string;
  readonly etag: string;
}

export interface LedgerRelease extends ReleaseKey {
  readonly wantedSequence: number;
  readonly publishedSequence: number | undefined;
  readonly publishedEtag: string | undefined;
  readonly sourceSince: Date | undefined;
  /** Taken out of the cluster's sources by an operator. */
  readonly retiredAt: Date | undefined;
}

export interface LedgerCluster {
  readonly org: string;
  readonly environment: string;
  readonly sourcesEtag: string;
  /** Of the entries that the document was to hold when it had this ETag. */
  readonly desiredDigest: string;
}

export interface LedgerApp extends AppName {
  readonly repositoryUpdatedAt: Date | undefined;
  readonly missingSince: Date | undefined;
}

/** Why something is not written, for as long as that is so; `app` is empty for a cluster's sources. */
export interface Hold extends ReleaseKey {
  readonly code: string;
  readonly message: string;
  readonly since: Date;
}

export interface AppOverview extends LedgerApp {
  readonly releases: readonly (LedgerRelease & {
    readonly publishedAt: Date | undefined;
    readonly wanted: Deployment | undefined;
    readonly published: Deployment | undefined;
    /** What runs in the cluster, as far as it has told, and since when by its clock. */
    readonly applied: Deployment | undefined;
    readonly appliedAt: Date | undefined;
    /** Helm's number of it. */
    readonly helmRevision: number | undefined;
  })[];
}
