import { type AppInputs, type BuiltArtifact, buildArtifact } from '../build/build-artifact.ts';
import { renewArtifact } from '../build/renew-artifact.ts';
import { type ReopenedArtifact, reopenArtifact } from '../build/reopen-artifact.ts';
import type { ErrorCode } from '../error-codes.ts';
import { AppError, type Problem, problem } from '../errors.ts';
import { removedArtifact } from '../model/artifact-use.ts';
import { sortedSet } from '../model/by-code-point.ts';
import type { Deployment } from '../model/deployment.ts';
import { canonicalJson, sha256 } from '../model/digest.ts';
import { findEnvironment, type Studio } from '../model/environments.ts';
import { artifactPath } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import type { CarriedFile } from '../zip/pack-zip.ts';
import { gatherSource } from './gather-source.ts';

/** All that decides what an artifact holds: a deployment's row, or what would be one. */
export type AssemblySubject = Pick<
  Deployment,
  'id' | 'kind' | 'org' | 'app' | 'environment' | 'tagName' | 'commit' | 'from' | 'resolved'
>;

export interface Assembly extends BuiltArtifact {
  /** The source files' compressed bytes. */
  readonly carried: readonly CarriedFile[];
  readonly warnings: readonly Problem[];
}

/** What is about one deployment, and no property of the artifact that a later one takes over. */
const OF_ONE_DEPLOYMENT: readonly ErrorCode[] = ['SCOPES_CHANGED', 'PLATFORM_DATA_STAYS'];

/**
 * Everything that goes into the artifact, before it is packed. The same for a deployment and for a preview.
 *
 * - a tag: the repository at its commit
 * - a promotion: the source of an accepted artifact, built for the other environment
 * - a rollback: an accepted artifact as it is; needs neither Gitea nor Studio's tables
 *
 * @throws AppError GITEA_*, COMMIT_UNKNOWN, DEPLOYMENT_NOT_ACCEPTED, ARTIFACT_REMOVED, or every problem that keeps it from being deployed
 */
export async function assembleArtifact(ports: Ports, studio: Studio, subject: AssemblySubject): Promise<Assembly> {
  if (subject.from === undefined) return fromRepository(ports, studio, subject);
  const { from } = subject;
  const { artifact, warnings } = await ports.telemetry.span('reopen', {}, () => openArtifact(ports, studio, from));
  const taken = { carried: artifact.carried, warnings: [...warnings, ...deploymentWarnings(subject)] };
  if (subject.kind === 'rollback') return { ...renewArtifact(artifact, subject.id, subject.resolved), ...taken };
  return { ...buildArtifact(appInputs(studio, subject, artifact.source, artifact.valuesText)), ...taken };
}

async function fromRepository(ports: Ports, studio: Studio, subject: AssemblySubject): Promise<Assembly> {
  const { span } = ports.telemetry;
  const { files, valuesText, carried, warnings } = await span('gather', {}, () =>
    gatherSource(ports.repositories, studio.policy, subject, subject.commit ?? ''),
  );
  const built = await span('build', {}, async () => buildArtifact(appInputs(studio, subject, files, valuesText)));
  return { ...built, carried, warnings: [...warnings, ...deploymentWarnings(subject)] };
}

/** The archive's bytes are those that were accepted, or they are not used. */
async function openArtifact(
  ports: Ports,
  studio: Studio,
  id: string,
): Promise<{ artifact: ReopenedArtifact; warnings: readonly Problem[] }> {
  const from = await ports.ledger.deployment(id);
  const zip = from && (await ports.artifacts.readArtifact(artifactPath(from)));
  // A preview keeps nothing from going meanwhile.
  const now = zip === undefined ? await ports.ledger.deployment(id) : undefined;
  const removed = now && removedArtifact(now, 'fromDeploymentId');
  if (removed) throw new AppError([removed]);
  if (from === undefined || zip === undefined || from.built?.sha256 !== sha256(zip))
    throw new AppError('DEPLOYMENT_NOT_ACCEPTED', `the artifact of deployment ${id} is not in the archive`, {
      path: 'fromDeploymentId',
    });
  return {
    artifact: await reopenArtifact(zip, studio.policy),
    warnings: from.warnings.filter(({ code }) => !OF_ONE_DEPLOYMENT.includes(code)),
  };
}

function appInputs(
  studio: Studio,
  subject: AssemblySubject,
  source: AppInputs['source'],
  valuesText: string | undefined,
): AppInputs {
  const { org, app, tagName, commit, resolved } = subject;
  const environment = findEnvironment(studio, subject.environment);
  if (environment === undefined)
    throw new AppError('ENVIRONMENT_UNKNOWN', `environment '${subject.environment}' is not configured`);
  if (tagName === undefined || commit === undefined)
    throw new AppError('INTERNAL', 'a deployment without tag and commit');
  return {
    ...{ org, app, tagName, commit, environment, source, valuesText },
    deploymentId: subject.id,
    studio: { ...studio, chart: { ...studio.chart, version: resolved.chartVersion } },
    scopes: resolved.scopes,
    releaseScopes: resolved.releaseScopes,
    trace: subject.resolved,
  };
}

/** What should be known about it, though it goes on. */
function deploymentWarnings({ kind, tagName, resolved }: Omit<AssemblySubject, 'id'>): Problem[] {
  const { scopes, releaseScopes } = resolved;
  const warnings: Problem[] = [];
  if (releaseScopes !== undefined && canonicalJson(sortedSet(scopes)) !== canonicalJson(sortedSet(releaseScopes)))
    warnings.push(
      problem(
        'SCOPES_CHANGED',
        `release '${tagName}' was built with ${countScopes(releaseScopes)}, deployed are ${countScopes(scopes)}: ${difference(releaseScopes, scopes)}`,
      ),
    );
  if (kind === 'rollback')
    warnings.push(
      problem(
        'PLATFORM_DATA_STAYS',
        'application metadata, policy and texts in the platform stay those that Studio sent last',
      ),
    );
  return warnings;
}

const countScopes = (scopes: readonly string[]) => `${new Set(scopes).size} scopes`;

function difference(before: readonly string[], after: readonly string[]): string {
  const added = after.filter((name) => !before.includes(name)).map((name) => `+${name}`);
  const removed = before.filter((name) => !after.includes(name)).map((name) => `-${name}`);
  return [...added, ...removed].slice(0, 20).join(' ');
}
