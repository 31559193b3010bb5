import type { Problem } from './errors.ts';
import type { Manifest } from './model/artifact.ts';
import type { BuiltFacts, Deployment, DeploymentEvent, DeploymentState, ResolvedInputs } from './model/deployment.ts';
import type { AppName, ArtifactPath, ReleaseKey } from './model/names.ts';

/**
 * What the core needs from outside, on one page. Each method says what is not found by `undefined`; what fails throws
 * an AppError of kind `unavailable`, and no type of an SDK gets through.
 */
export interface Ports {
  readonly ledger: Ledger;
  readonly studio: StudioDatabase;
  readonly repositories: Repositories;
  readonly artifacts: ArtifactStore;
  readonly documents: ClusterDocuments;
  readonly log: Log;
}

/** Constant messages with fields, so that logs can be searched. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields & { error?: unknown }): void;
}
export type LogFields = Readonly<Record<string, unknown>>;

/** Our own tables, schema `pull_deploy`: what is wanted, and what became of it. */
export interface Ledger {
  /** The id given to this ledger when it was made; documents in storage name it. */
  installation(): Promise<string>;

  findRequest(request: IdempotentRequest): Promise<Deployment | undefined>;
  /** One transaction: the app, the idempotency key, the sequence, the row, its first event. */
  acceptRequest(request: NewDeployment, key?: IdempotentRequest): Promise<{ deployment: Deployment; isNew: boolean }>;
  recordBuilt(id: string, built: BuiltFacts, warnings: readonly Problem[]): Promise<void>;
  /** Whether the state changed: no, when it was not one that `to` can be entered from. */
  move(id: string, to: DeploymentState, event: NewEvent, problems?: readonly Problem[]): Promise<boolean>;
  /** Adds a row for an artifact that nobody asked for; does nothing when there is one. */
  registerDrop(drop: NewDeployment & { built: BuiltFacts }): Promise<Deployment>;
  /**
   * One transaction: the artifact's row, and the wanted release unless a newer one is wanted already (`superseded`).
   * `ended`: meanwhile someone has ended the deployment, and nothing is indexed.
   */
  indexArtifact(
    deployment: Deployment,
    manifest: Manifest,
    built: BuiltFacts,
  ): Promise<'wanted' | 'superseded' | 'ended'>;

  deployment(id: string): Promise<Deployment | undefined>;
  deployments(filter: DeploymentFilter): Promise<readonly Deployment[]>;
  events(deploymentId: string): Promise<readonly DeploymentEvent[]>;

  /** Asked after the document was read, never before; `stored` is what the document names. */
  releaseStatus(key: ReleaseKey, stored?: { deploymentId: string; sequence: number }): Promise<ReleaseStatus>;
  /** The release document is in storage; its deployment is `published` once the app's source is there too. */
  recordPublished(key: ReleaseKey, published: PublishedRelease): Promise<void>;
  /** The cluster's sources name these apps. */
  recordSources(org: string, environment: string, apps: readonly string[]): Promise<void>;

  /** Of every app and environment that has a row. */
  releases(filter?: { org: string; environment: string }): Promise<readonly LedgerRelease[]>;
  apps(): Promise<readonly AppName[]>;
  ping(): Promise<void>;
}

export interface NewEvent {
  readonly message: string;
  readonly origin: DeploymentEvent['origin'];
}

export interface NewDeployment extends ReleaseKey {
  readonly id: string;
  readonly tagName: string;
  readonly commit: string;
  readonly creator: string;
  readonly resolved: ResolvedInputs;
}

/** An `Idempotency-Key`, scoped by caller, org and app. */
export interface IdempotentRequest extends AppName {
  readonly caller: string;
  readonly key: string;
  /** Of what was asked: the same key with another digest is refused. */
  readonly requestDigest: string;
}

export interface DeploymentFilter extends AppName {
  readonly environment: string | undefined;
  /** Only those with a lower ordinal. */
  readonly before: number | undefined;
  readonly limit: number;
}

export interface ReleaseStatus {
  readonly installation: string;
  /** Undefined when the ledger has never heard of the release. */
  readonly wanted: { readonly sequence: number; readonly deploymentId: string | undefined } | undefined;
  readonly publishedSequence: number | undefined;
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
}

/** Studio's own tables, schema `designer`: read only. */
export interface StudioDatabase {
  /** The newest succeeded release with the tag; else the newest with it, whatever became of it. */
  findRelease(name: AppName, tagName: string): Promise<StudioRelease | undefined>;
  scopes(name: AppName): Promise<readonly string[]>;
}

export interface StudioRelease {
  readonly succeeded: boolean;
  /** As Studio keeps it: a commit, or a branch that has to be resolved. */
  readonly targetCommitish: string;
  /** Maskinporten scopes frozen when it was built. */
  readonly scopes: readonly string[] | undefined;
  readonly result: string;
}

/** Gitea. */
export interface Repositories {
  exists(name: AppName): Promise<boolean>;
  /** 40 hex digits. */
  resolveCommit(name: AppName, ref: string): Promise<string | undefined>;
  /** A zip as `git archive` writes it, known to be whole and of that commit. */
  archive(name: AppName, commit: string): Promise<Buffer | undefined>;
  ping(): Promise<void>;
}

/** Studio's storage account: `incoming`, `artifacts`, `rejected`. */
export interface ArtifactStore {
  /** Creates it once; an answer that was lost is settled by looking. False when another blob is there. */
  uploadIncoming(path: ArtifactPath, zip: Buffer): Promise<boolean>;
  /** @param maxBytes nothing larger is downloaded: `bytes` is undefined then */
  readIncoming(blobName: string, maxBytes: number): Promise<IncomingBlob | undefined>;
  listIncoming(): Promise<readonly { name: string; lastModified: Date }[]>;
  /** Only while it is the one that was read. */
  removeIncoming(blobName: string, etag: string): Promise<void>;

  /** Creates it once. False when another artifact is there under this name. */
  archive(path: ArtifactPath, zip: Buffer): Promise<boolean>;
  /** Creates it once, and returns what is there: the first one rendered stays. */
  archiveRelease(path: ArtifactPath, document: string): Promise<string>;
  readRelease(path: ArtifactPath): Promise<string | undefined>;
  hasArchived(key: ReleaseKey): Promise<boolean>;

  quarantine(blobName: string, content: Buffer, problems: readonly Problem[]): Promise<void>;
  ping(): Promise<void>;
}

export interface IncomingBlob {
  readonly etag: string;
  readonly size: number;
  readonly bytes: Buffer | undefined;
}

/** The storage accounts that Flux reads, one per environment. */
export interface ClusterDocuments {
  read(place: DocumentPlace): Promise<StoredDocument | undefined>;
  /** The ETag there now; undefined when there is no document. */
  etag(place: DocumentPlace): Promise<string | undefined>;
  /** Replaces exactly what was read (undefined: nothing was there); undefined when another writer was first. Makes the container. */
  write(place: DocumentPlace, text: string, replaces: string | undefined): Promise<{ etag: string } | undefined>;
  ping(environment: string): Promise<void>;
}

export interface DocumentPlace {
  readonly environment: string;
  readonly container: string;
  readonly blob: string;
}

export interface StoredDocument {
  readonly text: string;
  readonly etag: string;
}
