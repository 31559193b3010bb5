import type { NewEvent } from './ledger.ts';
import type { BuiltFacts, Deployment, DeploymentKind, DeploymentState, ResolvedInputs } from './model/deployment.ts';
import type { ArtifactPath, ReleaseKey } from './model/names.ts';
import type { Retention } from './model/policy.ts';

/** The part of the ledger that no request needs: for timers, operators and those who watch. */

export interface RecoveryLedger {
  /** Unfinished requests whose holder is gone: they get a new lease and the next fence, and are the caller's now. */
  claimDead(limit: number): Promise<readonly Deployment[]>;
  /** Unfinished, not accepted, and asked for over 15 minutes ago. */
  expired(limit: number): Promise<readonly Deployment[]>;
  /** How often the blob was taken up, this time included. */
  countAttempt(blob: string): Promise<number>;
  noteAttempt(blob: string, reason: string): Promise<void>;
  attemptReason(blob: string): Promise<string | undefined>;
  /** The last attempt does not count: what failed was not the blob. */
  uncountAttempt(blob: string): Promise<void>;
  forgetAttempts(blob: string): Promise<void>;
}

export interface RebuildLedger {
  /**
   * One transaction, all or nothing: adds what storage knows and the ledger does not, ends what has ended since, and
   * wants what is published. What the ledger knows better stays. Safe to repeat.
   * @throws AppError LEDGER_FOREIGN where the ledger has another installation's releases; LEDGER_STALE where a sequence of
   *   the archive is that of another deployment, which has not ended
   */
  rebuild(rebuilt: RebuiltLedger): Promise<RebuildCounts>;
  /** Afterwards: gives what was added its place in the lists. Nobody can write deployments meanwhile. Safe to repeat. */
  putInOrder(): Promise<void>;
}

/** What storage tells of a ledger that was lost, or is older than storage. */
export interface RebuiltLedger {
  readonly installation: string;
  readonly releases: readonly RebuiltRelease[];
  /** The oldest first. */
  readonly deployments: readonly RebuiltDeployment[];
}

export interface RebuiltRelease extends ReleaseKey {
  /** Sequence 0: nothing was ever deployed. */
  readonly wanted: { readonly sequence: number; readonly deploymentId: string | undefined };
  /** Undefined where it is not there, or damaged. */
  readonly document: { readonly etag: string; readonly digest: string } | undefined;
  readonly hasSource: boolean;
  readonly isRetired: boolean;
}

export interface RebuiltDeployment extends ReleaseKey {
  readonly id: string;
  /** Undefined: it never got as far as to be known by one, and gets the next. */
  readonly sequence: number | undefined;
  readonly kind: DeploymentKind;
  readonly state: 'uploaded' | 'published' | 'superseded' | 'failed';
  readonly message: string;
  readonly tagName: string | undefined;
  readonly commit: string | undefined;
  readonly resolved: ResolvedInputs;
  /** Undefined without an artifact in the archive. */
  readonly built: BuiltFacts | undefined;
  readonly at: Date;
}

export interface RebuildCounts {
  readonly deploymentsAdded: number;
  /** Those that had not ended in the ledger, and have in storage. */
  readonly deploymentsEnded: number;
  readonly artifactsAdded: number;
  readonly releasesChanged: number;
}

export interface RetentionLedger {
  /** Artifacts whose removal has to be gone on with, then those that are to go, the oldest first. */
  removable(retention: Retention, limit: number): Promise<readonly ArtifactPath[]>;
  /**
   * From then on nobody is given the artifact, and this process alone removes it. False: it is to stay by now, or another
   * process is at it.
   */
  beginRemoval(deploymentId: string, retention: Retention): Promise<boolean>;
  /** Its blobs are gone: its row goes, and its deployment's history says so. False when that was done before. */
  finishRemoval(deploymentId: string, event: NewEvent): Promise<boolean>;
  /** Storage has refused, and is asked again in a day. Nothing of it is gone (`isWhole`): it can be had again until then. */
  putOffRemoval(deploymentId: string, isWhole: boolean): Promise<void>;
  /** How many of them were older and have gone. */
  removeIdempotencyKeys(hours: number, limit: number): Promise<number>;
  /** Where the walk over a container's blobs stands, and the time by the database. */
  walk(container: WalkedContainer): Promise<Walk & { readonly now: Date }>;
  recordWalk(container: WalkedContainer, walk: Walk): Promise<void>;
  /** Those of them that have neither an artifact nor, as an undeploy, a release document in the archive. */
  unknownArtifacts(deploymentIds: readonly string[]): Promise<readonly string[]>;
}

export type WalkedContainer = 'artifacts' | 'rejected';

/** Over all blobs of a container, some in each pass. */
export interface Walk {
  /** Undefined at the beginning of a round. */
  readonly marker: string | undefined;
  /** In this round so far: looked at, and found to be what is looked for. */
  readonly blobs: number;
  readonly found: number;
}

export interface BacklogLedger {
  /** What is under way, for whoever watches over it. @param silenceMinutes after which a cluster is silent */
  backlog(silenceMinutes: number): Promise<Backlog>;
}

export interface Backlog {
  /** Deployments that have neither ended nor been published, by state. */
  readonly inFlight: readonly { org: string; environment: string; state: DeploymentState; count: number }[];
  /** Published deployments that their cluster has not told of, and since when the first of them is published. */
  readonly silent: readonly { org: string; environment: string; count: number; seconds: number }[];
  /** Since when the oldest release is wanted that is not published; 0 when all are. */
  readonly lagSeconds: number;
}
