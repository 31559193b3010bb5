import type { Problem } from './errors.ts';
import type { Ledger } from './ledger.ts';
import type { WalkedContainer } from './ledger-upkeep.ts';
import type { AppName, ArtifactPath, ReleaseKey } from './model/names.ts';
import type { Telemetry } from './telemetry.ts';

/**
 * What the core needs from outside; what it asks of the ledger is in `ledger.ts`. Each method says what is not found by
 * `undefined`; what fails throws an AppError of kind `unavailable`, and no type of an SDK gets through.
 */
export interface Ports {
  readonly ledger: Ledger;
  readonly studio: StudioDatabase;
  readonly repositories: Repositories;
  readonly artifacts: ArtifactStore;
  readonly documents: ClusterDocuments;
  readonly clusters: Clusters;
  readonly log: Log;
  readonly telemetry: Telemetry;
}

/** Constant messages with fields, so that logs can be searched. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields & { error?: unknown }): void;
}
export type LogFields = Readonly<Record<string, unknown>>;

/** Studio's own tables, schema `designer`: read only. */
export interface StudioDatabase {
  /** The newest succeeded release with the tag; else the newest with it, whatever became of it. */
  findRelease(name: AppName, tagName: string): Promise<StudioRelease | undefined>;
  scopes(name: AppName): Promise<StudioScopes>;
}

export interface StudioScopes {
  readonly names: readonly string[];
  /** Of the row, for whoever asks where they come from; undefined where there is none. */
  readonly version: string | undefined;
}

export interface StudioRelease {
  readonly succeeded: boolean;
  /** As Studio keeps it: a commit, or a branch that has to be resolved. */
  readonly targetCommitish: string;
  /** Maskinporten scopes frozen when it was built. */
  readonly scopes: readonly string[] | undefined;
  readonly result: string;
  /** Of the row. */
  readonly version: string;
}

/** Gitea. */
export interface Repositories {
  exists(name: AppName): Promise<boolean>;
  /** 40 hex digits. */
  resolveCommit(name: AppName, ref: string): Promise<string | undefined>;
  /**
   * A zip as `git archive` writes it, known to be whole and of that commit.
   * @param signal breaks it off: nobody wants it any more
   */
  archive(name: AppName, commit: string, signal?: AbortSignal): Promise<Buffer | undefined>;
  /** Whether the repository's default branch holds the file. */
  hasFile(name: AppName, path: string): Promise<boolean>;
  /**
   * All repositories of an org. `isComplete` is false when the pages don't add up, or it was too late for all of them: then a
   * repository may be missing.
   */
  list(
    org: string,
    isTooLate?: () => boolean,
  ): Promise<{ readonly repositories: readonly Repository[]; readonly isComplete: boolean }>;
  ping(): Promise<void>;
}

export interface Repository {
  readonly name: string;
  /** Of the last change, as Gitea tells it. */
  readonly updatedAt: Date;
  readonly isEmpty: boolean;
}

/** Studio's storage account: `incoming`, `artifacts`, `rejected`. */
export interface ArtifactStore {
  /** Creates it once; an answer that was lost is settled by looking. False when another blob is there. */
  uploadIncoming(path: ArtifactPath, zip: Buffer): Promise<boolean>;
  /** @param maxBytes nothing larger is downloaded: `bytes` is undefined then */
  readIncoming(blobName: string, maxBytes: number): Promise<IncomingBlob | undefined>;
  listIncoming(): Promise<readonly StoredName[]>;
  /** Only while it is the one that was read. */
  removeIncoming(blobName: string, etag: string): Promise<void>;

  /** Creates it once. False when another artifact is there under this name. */
  archive(path: ArtifactPath, zip: Buffer): Promise<boolean>;
  /** Creates it once, and returns what is there: the first one rendered stays. */
  archiveRelease(path: ArtifactPath, document: string): Promise<string>;
  readRelease(path: ArtifactPath): Promise<string | undefined>;
  readArtifact(path: ArtifactPath): Promise<Buffer | undefined>;
  /** For whoever passes it on without looking into it. */
  streamArtifact(path: ArtifactPath): Promise<StreamedArtifact | undefined>;
  /** Ids of some deployments whose artifact or release document is in the archive. */
  archivedIds(key: ReleaseKey): Promise<readonly string[]>;
  /** Every blob of the archive, artifacts and release documents alike. */
  listArchive(): Promise<readonly StoredName[]>;

  /** Of the two the release document goes first: the artifact, which is older, then is past any policy that it was under. */
  removeRelease(path: ArtifactPath): Promise<BlobRemoval>;
  removeArtifact(path: ArtifactPath): Promise<BlobRemoval>;
  /** Some thousand blobs, by name, behind the page that gave the marker; a page without one is the last. */
  pageOf(container: WalkedContainer, marker: string | undefined): Promise<BlobPage>;
  /** Only while it is the one that was listed; false when it is not. */
  removeRejected(blobName: string, etag: string): Promise<boolean>;

  quarantine(blobName: string, content: Buffer, problems: readonly Problem[]): Promise<void>;
  /** Why the last artifact that was dropped there was put aside. */
  refusal(path: ArtifactPath): Promise<readonly Problem[] | undefined>;
  ping(): Promise<void>;
}

export interface StoredName {
  readonly name: string;
  readonly lastModified: Date;
}

/** `absent`: it was not there. `refused`: storage keeps it, and the code says why. */
export type BlobRemoval = 'deleted' | 'absent' | { readonly refused: string };

export interface BlobPage {
  readonly blobs: readonly { readonly name: string; readonly lastModified: Date; readonly etag: string }[];
  readonly marker: string | undefined;
}

export interface StreamedArtifact {
  readonly bytes: number;
  readonly content: ReadableStream<Uint8Array>;
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
  /** Names of all containers there. */
  containers(environment: string): Promise<readonly string[]>;
  ping(environment: string): Promise<void>;
}

export interface DocumentPlace {
  readonly environment: string;
  readonly container: string;
  readonly blob: string;
}

/** Flux in the orgs' clusters, where it can be reached. It pulls by itself too: nothing depends on what is told here. */
export interface Clusters {
  /** Has the cluster pull at once. Returns before it was told, and never throws. */
  pullNow(change: ChangedDocument): void;
  /** When whatever was begun is over: after a few seconds at most. */
  settled(): Promise<void>;
}

export interface ChangedDocument {
  readonly environment: string;
  readonly org: string;
  readonly container: string;
  /** Of the Flux Bucket that reads the container. */
  readonly name: string;
}

export interface StoredDocument {
  readonly text: string;
  readonly etag: string;
}
