import { type Deployment, type DeploymentState, ENTERED_FROM } from './deployment.ts';

/** What an event of a cluster says of a deployment. */
export type ClusterMeaning =
  /** It runs: Helm installed it, or upgraded to it. */
  | 'installed'
  | 'upgraded'
  /** Helm tried, and it does not run as it should. */
  | 'failed'
  /** It was there, and then its tests failed, or Helm could not go back from it. */
  | 'broken'
  /** Helm went back from it to an earlier release. */
  | 'rolled-back'
  /** Helm could not even try, and still may: this never counts against what Helm itself has told. */
  | 'hindered'
  /** The app was taken down, or that failed. */
  | 'removed'
  | 'not-removed'
  /** Helm took away what it had failed to install. */
  | 'cleared'
  /** For the history only. */
  | 'note';

export interface ClusterEvent {
  /** Of the object in the cluster: HelmRelease, Kustomization, Bucket, HelmChart. */
  readonly kind: string;
  readonly reason: string;
  readonly severity: string;
  readonly message: string;
  /** By the cluster's clock, in whole seconds. */
  readonly at: Date;
  /** The deployment it names. */
  readonly deploymentId: string | undefined;
  readonly meaning: ClusterMeaning;
  /** Helm's number of the release: the one that runs now, or the one that was gone back to. */
  readonly helmRevision: number | undefined;
  /** Events with the same are kept once. */
  readonly dedupeKey: string;
}

/** All that a cluster told of one deployment. Each part is the latest of its kind, so events may come in any order. */
export interface Told {
  readonly word: { readonly meaning: ClusterMeaning; readonly at: Date; readonly message: string } | undefined;
  readonly applied: Numbered | undefined;
  readonly rolledBack: Numbered | undefined;
}

interface Numbered {
  readonly at: Date;
  readonly helmRevision: number | undefined;
}

/** A cluster's clock may be behind the database's by so much. */
const CLOCK_DIFFERENCE_MS = 60_000;
/** Flux's times are whole seconds. */
const SECOND_MS = 1000;
/** What is further ahead comes from a clock that is wrong, and no right one could ever overtake it. */
const MAX_AHEAD_MS = 5 * 60_000;

const SAYS: Readonly<Partial<Record<ClusterMeaning, 'applied' | 'failed' | 'removed'>>> = {
  installed: 'applied',
  upgraded: 'applied',
  failed: 'failed',
  broken: 'failed',
  'rolled-back': 'failed',
  hindered: 'failed',
  removed: 'removed',
  'not-removed': 'failed',
};
/** What counts more whenever it was said: once an app is gone, nothing of it can fail. */
const WEIGHT: Readonly<Partial<Record<ClusterMeaning, number>>> = { hindered: -1, removed: 1 };
/** What comes later within one second: Helm fails, tries again, tests, goes back. */
const TURN: Readonly<Partial<Record<ClusterMeaning, number>>> = {
  installed: 1,
  upgraded: 1,
  broken: 2,
  'rolled-back': 3,
};

export const stateSaid = (meaning: ClusterMeaning) => SAYS[meaning];

/**
 * Which deployment an event is about, and what it says of that one; undefined when it is none of ours.
 *
 * A time before the deployment was published is that of something else. It is given 60 seconds where the event names
 * the deployment, whose id the cluster can't have known before: then only the clocks differ. Otherwise none.
 *
 * @param published what Flux can pull now
 * @param named the deployment that the event names, if it is of this app and environment
 */
export function findSubject(
  event: ClusterEvent,
  { published, named, now }: { published: Deployment | undefined; named: Deployment | undefined; now: Date },
): { subject: Deployment; meaning: ClusterMeaning } | undefined {
  if (event.deploymentId !== undefined && named === undefined) return undefined;
  const isRemoval = event.meaning === 'removed' || event.meaning === 'not-removed';
  // Flux takes down what an earlier deployment had brought, and names that one.
  if (isRemoval && published?.kind === 'undeploy' && isTimely(event, published, now, SECOND_MS))
    return { subject: published, meaning: event.meaning };
  const subject = named ?? published;
  if (subject === undefined) return undefined;
  const fits = subject.kind === 'undeploy' ? event.meaning === 'hindered' && event.kind !== 'HelmRelease' : !isRemoval;
  const isInTime = isTimely(event, subject, now, named === undefined ? SECOND_MS : CLOCK_DIFFERENCE_MS);
  return { subject, meaning: fits && isInTime ? event.meaning : 'note' };
}

function isTimely({ at }: ClusterEvent, { publishedAt }: Deployment, now: Date, toleranceMs: number): boolean {
  if (publishedAt === undefined) return false;
  return at.getTime() > publishedAt.getTime() - toleranceMs && !isFarAhead(at, now);
}

export const isFarAhead = (at: Date, now: Date): boolean => at.getTime() > now.getTime() + MAX_AHEAD_MS;

/** What is known after one more event. The same object when it tells nothing newer. */
export function hear(told: Told, event: ClusterEvent): Told {
  const { meaning, at, helmRevision } = event;
  const says = stateSaid(meaning);
  if (says === undefined) return told;
  const numbered = { at, helmRevision };
  const heard = {
    word: isNewerWord(event, told) ? { meaning, at, message: messageOf(event) } : told.word,
    applied: says === 'applied' && isNewer(numbered, told.applied) ? numbered : told.applied,
    rolledBack: meaning === 'rolled-back' && isNewer(numbered, told.rolledBack) ? numbered : told.rolledBack,
  };
  const isSame = heard.word === told.word && heard.applied === told.applied && heard.rolledBack === told.rolledBack;
  return isSame ? told : heard;
}

/**
 * By time and not by Helm's numbers, which failures don't have and which start anew with each install: a number decides
 * only between two in the same second.
 */
function isNewerWord(event: ClusterEvent, { word, applied }: Told): boolean {
  if (word === undefined) return true;
  const difference =
    (WEIGHT[event.meaning] ?? 0) - (WEIGHT[word.meaning] ?? 0) ||
    event.at.getTime() - word.at.getTime() ||
    (TURN[event.meaning] ?? 0) - (TURN[word.meaning] ?? 0);
  if (difference !== 0) return difference > 0;
  return stateSaid(event.meaning) === 'applied' && isNewer(event, applied);
}

function isNewer(one: Numbered, other: Numbered | undefined): boolean {
  if (other === undefined) return true;
  const difference = one.at.getTime() - other.at.getTime() || (one.helmRevision ?? 0) - (other.helmRevision ?? 0);
  return difference > 0;
}

function messageOf({ meaning, message }: ClusterEvent): string {
  return meaning === 'rolled-back' ? `The cluster runs the previous release. ${message}` : message;
}

/** The state that a deployment has after this, where it may enter that. */
export function stateAfter(state: DeploymentState, { word }: Told): DeploymentState {
  const said = word && stateSaid(word.meaning);
  return said !== undefined && ENTERED_FROM[said].includes(state) ? said : state;
}
