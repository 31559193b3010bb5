import type { RebuiltDeployment, RebuiltLedger, RebuiltRelease } from '../ledger-upkeep.ts';
import { sha256 } from '../model/digest.ts';
import type { Studio } from '../model/environments.ts';
import { type ArtifactPath, fluxName, releaseKey } from '../model/names.ts';
import type { ReleaseMarker } from '../model/release.ts';
import type { StoredDocument } from '../ports.ts';
import { chooseInstallation, collectFacts, nameOf, type ReleaseFacts } from './collect-facts.ts';
import type { Archive, ArchivedDeployment } from './read-archive.ts';
import type { Published } from './read-published.ts';

export interface ReindexPlan extends RebuiltLedger {
  /** Release documents that are published, and not in the archive: to be put there, where publishing takes them from. */
  readonly repairs: readonly { readonly path: ArtifactPath; readonly document: string }[];
  /** What storage does not tell clearly, for the operator to know. */
  readonly problems: readonly string[];
}

/**
 * Pure: what the ledger must have known for storage to be as it is.
 *
 * - what is published is what is wanted, whatever else the archive holds: nothing that runs is changed by a reindex
 * - what was accepted before it is superseded; what was accepted later and is not published has failed
 * - where no document is published, the last one accepted is wanted: it is published again by the timer, or, where the
 *   whole account is empty, by `npm run restore`
 *
 * @param chosen the installation to rebuild, where storage names several
 * @throws AppError LEDGER_FOREIGN, STORAGE_EMPTY
 */
export function planReindex(archive: Archive, published: Published, studio: Studio, chosen?: string): ReindexPlan {
  const installation = chooseInstallation(archive, published, chosen);
  const { releases, problems } = collectFacts(archive, published, studio, installation);
  const plans = releases.map((facts) => planRelease(facts, studio));
  return {
    installation,
    releases: plans.map(({ release }) => release),
    deployments: inOrder(plans.flatMap(({ deployments }) => deployments)),
    repairs: plans.flatMap(({ repairs }) => repairs),
    problems: [...archive.problems, ...problems, ...plans.flatMap((plan) => plan.problems)],
  };
}

interface ReleasePlan {
  readonly release: RebuiltRelease;
  readonly deployments: readonly RebuiltDeployment[];
  readonly repairs: ReindexPlan['repairs'];
  readonly problems: readonly string[];
}

function planRelease(facts: ReleaseFacts, studio: Studio): ReleasePlan {
  const { key, document, sources } = facts;
  const unarchived = findUnarchived(facts);
  const archived = facts.archived.filter(({ deploymentId }) => deploymentId !== unarchived?.deploymentId);
  const published = document?.marker?.deploymentId;
  const accepted = inSequence(unarchived ? [...archived, unarchived] : archived, published);
  const last = accepted.at(-1);
  const running = document?.marker ?? last?.release.marker;
  const { sequence, deploymentId } = running ?? { sequence: 0, deploymentId: undefined };
  // Without the sources' document either, the account was emptied, and both were there: publishing is not to be misled.
  const wasEmptied = document === undefined && sources === undefined && running !== undefined;
  const named = sources?.content?.entries.some(({ name }) => name === fluxName(key, studio.name)) ?? false;
  const hasSource = named || wasEmptied;
  // Nothing is known of what it is, or an operator may have taken its source out: a deployment brings it back.
  const isRetired =
    running === undefined || (sources?.content !== undefined && !hasSource && running.state !== 'deployed');
  const numbered = new Set(accepted);
  const rest = archived.filter((one) => !numbered.has(one as Accepted));
  return {
    release: {
      ...key,
      wanted: { sequence, deploymentId },
      document: document?.marker && document.stored && describeStored(document.stored),
      hasSource,
      isRetired,
    },
    deployments: [
      ...accepted.map((one) =>
        rebuiltDeployment(one, one.release.marker.sequence, stateOf(one, sequence, hasSource || isRetired), studio),
      ),
      ...rest.map((one) => rebuiltDeployment(one, undefined, 'failed', studio)),
    ],
    repairs: unarchived && document?.stored ? [{ path: unarchived, document: document.stored.text }] : [],
    problems: describeProblems(facts, running, unarchived, rest),
  };
}

type Accepted = ArchivedDeployment & { readonly release: NonNullable<ArchivedDeployment['release']> };

const describeStored = ({ etag, text }: StoredDocument) => ({ etag, digest: sha256(text) });

/** What is published, and has no release document in the archive: what is published tells of it. */
function findUnarchived({ key, document, archived }: ReleaseFacts): Accepted | undefined {
  const marker = document?.marker;
  if (marker?.deploymentId === undefined) return undefined;
  const known = archived.find(({ deploymentId }) => deploymentId === marker.deploymentId);
  if (known?.release) return undefined;
  // Its own time is not known then: it is newer than what was archived of the app.
  const { archivedAt = latestOf(archived) ?? new Date(), artifact } = known ?? {};
  return { ...key, deploymentId: marker.deploymentId, archivedAt, release: { marker, scopes: [] }, artifact };
}

const latestOf = (archived: readonly ArchivedDeployment[]): Date | undefined =>
  archived.map(({ archivedAt }) => archivedAt).sort((a, b) => b.getTime() - a.getTime())[0];

/** Each sequence once: of two that have the same, which two ledgers gave, what is published keeps it. */
function inSequence(archived: readonly ArchivedDeployment[], published: string | undefined): Accepted[] {
  const bySequence = new Map<number, Accepted>();
  for (const one of archived.filter((some): some is Accepted => some.release !== undefined)) {
    const { sequence } = one.release.marker;
    if (!bySequence.has(sequence) || one.deploymentId === published) bySequence.set(sequence, one);
  }
  return [...bySequence.values()].sort((a, b) => a.release.marker.sequence - b.release.marker.sequence);
}

function stateOf({ release }: Accepted, published: number, isPulled: boolean): RebuiltDeployment['state'] {
  const { sequence } = release.marker;
  if (sequence !== published) return sequence < published ? 'superseded' : 'failed';
  return isPulled ? 'published' : 'uploaded';
}

function describeProblems(
  { key, document }: ReleaseFacts,
  running: ReleaseMarker | undefined,
  unarchived: Accepted | undefined,
  rest: readonly ArchivedDeployment[],
): string[] {
  const about = `release of ${nameOf(key)}`;
  const problems: string[] = [];
  if (running === undefined)
    problems.push(`${about}: the sources name it, and nothing else is known of it: left alone until it is deployed`);
  else if (document === undefined)
    problems.push(`${about}: not there; ${running.deploymentId}, accepted last, is taken for published`);
  else if (document.marker === undefined) problems.push(`${about}: damaged; written again by the timer`);
  if (unarchived)
    problems.push(
      `${about}: ${unarchived.deploymentId} is published, and has no release document in the archive that can be read: to be put there`,
    );
  for (const { deploymentId, release } of rest) {
    const why = release ? `shares its sequence ${release.marker.sequence} with another` : 'was not accepted to the end';
    problems.push(`artifacts of ${nameOf(key)}: ${deploymentId} ${why}; it is kept as failed`);
  }
  return problems;
}

/** @param sequence undefined: the artifact was archived, and not yet accepted */
function rebuiltDeployment(
  one: ArchivedDeployment,
  sequence: number | undefined,
  state: RebuiltDeployment['state'],
  studio: Studio,
): RebuiltDeployment {
  const { deploymentId, archivedAt, release, artifact } = one;
  return {
    ...releaseKey(one),
    id: deploymentId,
    sequence,
    state,
    at: archivedAt,
    kind: release?.marker.state === 'undeployed' ? 'undeploy' : 'deploy',
    message: sequence === undefined ? HALF_ACCEPTED : MESSAGES[state],
    tagName: artifact?.manifest.tagName ?? release?.marker.tagName,
    commit: artifact?.manifest.source.commit,
    resolved: {
      scopes: release?.scopes ?? [],
      releaseScopes: undefined,
      chartVersion: artifact?.manifest.inputs.chart.version ?? studio.chart.version,
      traceparent: undefined,
      tracestate: undefined,
    },
    built: artifact?.built,
  };
}

const HALF_ACCEPTED = 'Was being accepted when the database was lost: deploy again.';
const MESSAGES: Readonly<Record<RebuiltDeployment['state'], string>> = {
  uploaded: 'Found in storage, before Flux could pull it, when the database was rebuilt.',
  published: 'Found published in storage, when the database was rebuilt.',
  superseded: 'Found in the archive when the database was rebuilt, after a newer one was published.',
  failed: 'Was not published when the database was lost. Its artifact is kept: roll back to it, or deploy again.',
};

/** As far as can be told: by time over all apps, and never against an app's own sequence. */
function inOrder(deployments: readonly RebuiltDeployment[]): RebuiltDeployment[] {
  const latest = new Map<string, number>();
  const timed = [...deployments]
    .sort((a, b) => (a.sequence ?? Number.MAX_SAFE_INTEGER) - (b.sequence ?? Number.MAX_SAFE_INTEGER))
    .map((one) => {
      const at = Math.max(one.at.getTime(), latest.get(nameOf(one)) ?? 0);
      latest.set(nameOf(one), at);
      return { ...one, at: new Date(at) };
    });
  return timed.sort((a, b) => a.at.getTime() - b.at.getTime());
}
