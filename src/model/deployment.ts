import type { Problem } from '../errors.ts';
import type { ReleaseKey } from './names.ts';

/**
 * Life of a deployment: `accepted → building → uploaded → published → applied`. It ends early as `failed` (ours or the
 * cluster's, with its reason), `rejected` (the artifact can never be right) or `superseded` (a newer one was published
 * before the cluster told of it). An undeploy ends as `removed`. The cluster's `failed` may become `applied`, and the reverse.
 */
export const DEPLOYMENT_STATES = [
  'accepted',
  'building',
  'uploaded',
  'published',
  'applied',
  'removed',
  'failed',
  'rejected',
  'superseded',
] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

/**
 * From which states each may be entered; the ledger moves with `update … where state in (…)` and nothing else does.
 * What was published is moved by the cluster's word alone: our own failures end only what awaits its artifact.
 */
export const ENTERED_FROM: Readonly<Record<DeploymentState, readonly DeploymentState[]>> = {
  accepted: [],
  building: ['accepted'],
  uploaded: ['accepted', 'building'],
  published: ['accepted', 'building', 'uploaded'],
  applied: ['published', 'failed'],
  removed: ['published', 'failed'],
  failed: ['accepted', 'building', 'uploaded', 'published', 'applied'],
  rejected: ['accepted', 'building', 'uploaded'],
  superseded: ['accepted', 'building', 'uploaded', 'published'],
};

/** The blob of a deployment in one of these is still to be taken; in all others it is a repetition. */
export const AWAITS_ARTIFACT: readonly DeploymentState[] = ['accepted', 'building', 'uploaded'];

export const DEPLOYMENT_KINDS = ['deploy', 'undeploy', 'rollback'] as const;
export type DeploymentKind = (typeof DEPLOYMENT_KINDS)[number];

/**
 * Asked for over HTTP; dropped into `incoming` by someone with the right to write there; or known from storage alone,
 * because the database was lost.
 */
export const DEPLOYMENT_ORIGINS = ['api', 'drop', 'storage'] as const;
export type DeploymentOrigin = (typeof DEPLOYMENT_ORIGINS)[number];

export interface Deployment extends ReleaseKey {
  readonly id: string;
  readonly kind: DeploymentKind;
  readonly origin: DeploymentOrigin;
  readonly state: DeploymentState;
  /** Per org, app and environment, given by the ledger: the order of what was asked for. */
  readonly sequence: number;
  /** Which process may go on with it: raised each time another takes over. */
  readonly fence: number;
  /** Over all deployments, for paging. */
  readonly ordinal: number;
  /** Undefined for an undeploy, like the commit. */
  readonly tagName: string | undefined;
  readonly commit: string | undefined;
  readonly creator: string;
  /** Id of the deployment that a rollback or a promotion takes its artifact from. */
  readonly from: string | undefined;
  /** Why, in the words of whoever asked for it. */
  readonly reason: string | undefined;
  /** Not to be rolled back to, nor promoted. */
  readonly blocked: Block | undefined;
  /** Resolved when the request came, so that nothing drifts until it is built. */
  readonly resolved: ResolvedInputs;
  readonly built: BuiltFacts | undefined;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When Flux could pull it for the first time. */
  readonly publishedAt: Date | undefined;
  /** Since when its artifact can't be had any more, because it was kept long enough. */
  readonly artifactRemovedAt: Date | undefined;
  /** The last that the cluster said of it, as far as it decided its state. */
  readonly cluster: ClusterWord | undefined;
}

export interface Block {
  readonly since: Date;
  readonly by: string;
  readonly reason: string;
}

export interface ClusterWord {
  /** What it says; a deployment that was superseded stays so. */
  readonly state: 'applied' | 'failed' | 'removed';
  /** By the cluster's clock. */
  readonly at: Date;
  /** Helm's own number of the release, where it ever told one. */
  readonly helmRevision: number | undefined;
  readonly message: string;
}

export interface ResolvedInputs {
  readonly scopes: readonly string[];
  readonly releaseScopes: readonly string[] | undefined;
  readonly chartVersion: string;
  /** Of the rows in Studio's database that were read. */
  readonly versions?: { readonly release?: string | undefined; readonly scopes?: string | undefined };
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  /** Asserted by the caller: what is built must have it. */
  readonly ifInputsDigest?: string | undefined;
}

export interface BuiltFacts {
  /** Of the zip. */
  readonly sha256: string;
  readonly bytes: number;
  readonly inputsDigest: string;
  readonly deployDigest: string;
}

export const EVENT_ORIGINS = ['api', 'accept', 'publish', 'timer', 'flux', 'operator'] as const;
export type EventOrigin = (typeof EVENT_ORIGINS)[number];

/** One line of a deployment's history, as its users read it. */
export interface DeploymentEvent {
  /** Of all events, in an order that no later one ever gets before: whoever has read up to it has missed none. */
  readonly position: number;
  readonly deploymentId: string;
  /** The state that was entered, or what else happened. */
  readonly type: string;
  readonly message: string;
  readonly origin: EventOrigin;
  /** What else it says: Flux's reason, object and severity. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
}
