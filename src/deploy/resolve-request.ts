import { type Problem, problem, throwIfAny } from '../errors.ts';
import type { ResolvedInputs } from '../model/deployment.ts';
import { findEnvironment, type Studio } from '../model/environments.ts';
import type { AppName } from '../model/names.ts';
import type { Ports, StudioRelease } from '../ports.ts';
import type { DeployRequest } from './deploy-request.ts';

export interface ResolvedRequest {
  readonly commit: string;
  readonly resolved: ResolvedInputs;
}

/**
 * Settles everything that must not drift between the request and the build: commit, scopes, chart.
 * @throws AppError with every problem that can be found: ENVIRONMENT_UNKNOWN, CLUSTER_UNKNOWN, APP_UNKNOWN,
 *   RELEASE_UNKNOWN, RELEASE_NOT_SUCCEEDED, COMMIT_UNKNOWN, COMMIT_MISMATCH; GITEA_*, DATABASE_UNAVAILABLE
 */
export async function resolveRequest(ports: Ports, studio: Studio, request: DeployRequest): Promise<ResolvedRequest> {
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
  return {
    commit: commit as string,
    resolved: {
      scopes,
      releaseScopes: release?.scopes,
      chartVersion: studio.chart.version,
      traceparent: request.traceparent,
      tracestate: request.tracestate,
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

function releaseProblems(request: DeployRequest, release: StudioRelease | undefined): Problem[] {
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
  request: DeployRequest,
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
