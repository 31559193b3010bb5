import { AppError, type Problem, problem, throwIfAny } from '../errors.ts';
import { removedArtifact, unusableArtifact } from '../model/artifact-use.ts';
import type { Deployment } from '../model/deployment.ts';
import { findEnvironment, type Studio } from '../model/environments.ts';
import { type AppName, artifactPath } from '../model/names.ts';
import type { Ports, StudioRelease } from '../ports.ts';
import type { DeployRequest, DeploySubject } from './deploy-request.ts';

export type ResolvedRequest = Pick<Deployment, 'kind' | 'tagName' | 'commit' | 'from' | 'resolved'>;

type Request = DeploySubject & Pick<DeployRequest, 'traceparent' | 'tracestate' | 'ifInputsDigest'>;

/**
 * Settles everything that must not drift between the request and the build: commit, scopes, chart.
 * @throws AppError with every problem that can be found: ENVIRONMENT_UNKNOWN, CLUSTER_UNKNOWN, APP_UNKNOWN,
 *   RELEASE_UNKNOWN, RELEASE_NOT_SUCCEEDED, COMMIT_UNKNOWN, COMMIT_MISMATCH, DEPLOYMENT_UNKNOWN, DEPLOYMENT_NOT_ACCEPTED,
 *   ARTIFACT_REMOVED, DEPLOYMENT_BLOCKED; GITEA_*, DATABASE_UNAVAILABLE
 */
export async function resolveRequest(ports: Ports, studio: Studio, request: Request): Promise<ResolvedRequest> {
  const { fromDeploymentId, tagName = '' } = request;
  return fromDeploymentId === undefined
    ? resolveTag(ports, studio, { ...request, tagName })
    : resolveEarlier(ports, studio, { ...request, fromDeploymentId });
}

/** What an earlier deployment was resolved to, whatever Gitea and Studio say by now. */
async function resolveEarlier(
  ports: Ports,
  studio: Studio,
  request: Request & { fromDeploymentId: string },
): Promise<ResolvedRequest> {
  const { org, app, envName, fromDeploymentId: id, traceparent, tracestate, ifInputsDigest } = request;
  const from = await ports.ledger.deployment(id);
  if (from === undefined || from.org !== org || from.app !== app)
    throw new AppError('DEPLOYMENT_UNKNOWN', `${describe(request)} has no deployment '${id}'`, {
      path: 'fromDeploymentId',
    });
  throwIfAny([...environmentProblems(studio, request), ...(await earlierProblems(ports, from))]);
  return {
    // Where it ran before it runs again as it was; anywhere else it is built for that environment.
    kind: from.environment === envName ? 'rollback' : 'deploy',
    tagName: from.tagName,
    commit: from.commit,
    from: id,
    resolved: { ...from.resolved, traceparent, tracestate, ifInputsDigest },
  };
}

async function earlierProblems(ports: Ports, from: Deployment): Promise<Problem[]> {
  const path = 'fromDeploymentId';
  const unusable = unusableArtifact(from, path);
  if (unusable) return [unusable];
  // Made last when an artifact is accepted.
  const isAccepted = from.kind !== 'undeploy' && (await ports.artifacts.readRelease(artifactPath(from))) !== undefined;
  if (isAccepted) return [];
  const since = removedArtifact((await ports.ledger.deployment(from.id)) ?? from, path);
  const found = from.kind === 'undeploy' ? 'is an undeploy' : `is ${from.state}`;
  return [
    since ?? problem('DEPLOYMENT_NOT_ACCEPTED', `deployment ${from.id} ${found}: it has no accepted artifact`, path),
  ];
}

async function resolveTag(
  ports: Ports,
  studio: Studio,
  request: Request & { tagName: string },
): Promise<ResolvedRequest> {
  const problems = environmentProblems(studio, request);
  const [release, scopes] = await Promise.all([
    ports.studio.findRelease(request, request.tagName),
    ports.studio.scopes(request),
  ]);
  problems.push(...releaseProblems(request, release));
  const commit = release?.succeeded
    ? await ports.repositories.resolveCommit(request, release.targetCommitish)
    : undefined;
  if (release === undefined || commit === undefined)
    problems.push(...(await repositoryProblems(ports, request, release)));
  else if (request.commit !== undefined && request.commit !== commit)
    problems.push(
      problem(
        'COMMIT_MISMATCH',
        `commit '${request.commit}': tag '${request.tagName}' is built from ${commit}`,
        'commit',
      ),
    );
  throwIfAny(problems);
  const { tagName, traceparent, tracestate, ifInputsDigest } = request;
  return {
    kind: 'deploy',
    tagName,
    commit,
    from: undefined,
    resolved: {
      scopes: scopes.names,
      releaseScopes: release?.scopes,
      chartVersion: studio.chart.version,
      versions: { release: release?.version, scopes: scopes.version },
      traceparent,
      tracestate,
      ifInputsDigest,
    },
  };
}

/** Whether the environment is one of ours, with a cluster of the org. */
export function environmentProblems(studio: Studio, { org, envName }: { org: string; envName: string }): Problem[] {
  const environment = findEnvironment(studio, envName);
  if (environment === undefined) {
    const names = studio.environments.map(({ name }) => `'${name}'`).join(', ');
    return [problem('ENVIRONMENT_UNKNOWN', `envName '${envName}': must be one of ${names}`, 'envName')];
  }
  if (environment.orgs.includes(org)) return [];
  return [problem('CLUSTER_UNKNOWN', `org '${org}' has no cluster in '${envName}'`, 'envName')];
}

function releaseProblems(request: Request & { tagName: string }, release: StudioRelease | undefined): Problem[] {
  const subject = `tagName '${request.tagName}'`;
  if (release === undefined)
    return [problem('RELEASE_UNKNOWN', `${subject}: ${describe(request)} has no such release in Studio`, 'tagName')];
  if (!release.succeeded)
    return [
      problem(
        'RELEASE_NOT_SUCCEEDED',
        `${subject}: the release's build ended as '${release.result}', not 'succeeded'`,
        'tagName',
      ),
    ];
  return [];
}

async function repositoryProblems(
  ports: Ports,
  request: Request,
  release: StudioRelease | undefined,
): Promise<Problem[]> {
  if (!(await ports.repositories.exists(request)))
    return [problem('APP_UNKNOWN', `Gitea has no repository ${describe(request)}`, 'app')];
  if (!release?.succeeded) return [];
  return [
    problem(
      'COMMIT_UNKNOWN',
      `commit '${release.targetCommitish}' of tag '${request.tagName}' is not in ${describe(request)}`,
      'tagName',
    ),
  ];
}

const describe = ({ org, app }: AppName): string => `${org}/${app}`;
