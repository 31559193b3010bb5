import { type Problem, problem } from '../errors.ts';

/**
 * The names of Altinn and of what we derive from them.
 * Patterns: Altinn Studio's own for orgs, apps (its repository name rule) and tags.
 */
export const ORG = /^[a-z0-9]{2,6}$/;
export const APP = /^(?!datamodels$)[a-z][a-z0-9-]{1,28}[a-z0-9]$/;
export const TAG = /^[a-z0-9][a-z0-9.-]{0,127}$/;
export const DEPLOYMENT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const COMMIT = /^[0-9a-f]{40}$/;

/** Where artifacts arrive: the blob trigger's only container. */
export const INCOMING_CONTAINER = 'incoming';

/** All that Flux applies lives in this namespace of the org's cluster. */
export const NAMESPACE = 'default';

/** An app in one org. */
export interface AppName {
  readonly org: string;
  readonly app: string;
}

/** An app in one environment: what a release belongs to. */
export interface ReleaseKey extends AppName {
  readonly environment: string;
}

/** The key alone, of anything that has one. */
export const releaseKey = ({ org, app, environment }: ReleaseKey): ReleaseKey => ({ org, app, environment });

export const isOrg = (name: string): boolean => ORG.test(name);
export const isTag = (name: string): boolean => TAG.test(name);
export const isCommit = (name: string): boolean => COMMIT.test(name);
export const isDeploymentId = (name: string): boolean => DEPLOYMENT_ID.test(name);

/** What is wrong with the name of an org, before anything is asked about it. */
export const orgNameProblems = (org: string): Problem[] =>
  isOrg(org) ? [] : [problem('REQUEST_INVALID', `org '${org}': must be 2 to 6 of a-z and 0-9`, 'org')];

/** Likewise of an org and an app. */
export function appNameProblems({ org, app }: AppName): Problem[] {
  const problems = orgNameProblems(org);
  if (!APP.test(app))
    problems.push(
      problem(
        'REQUEST_INVALID',
        `app '${app}': must be 3 to 30 of a-z, 0-9 and hyphen, start with a letter, not end with a hyphen, not be 'datamodels'`,
        'app',
      ),
    );
  else if (app.includes('--'))
    problems.push(
      problem('APP_NAME_UNSUPPORTED', `app '${app}': '--' can't be in the name of a blob container`, 'app'),
    );
  return problems;
}

/** Helm's release name, and the name of all that belongs to the app in its cluster: `{org}-{app}`. */
export const helmReleaseName = ({ org, app }: AppName): string => `${org}-${app}`;

/** The Flux objects of an app, one set per Studio: `{org}-{app}-{studioEnvironment}`. */
export const fluxName = (name: AppName, studio: string): string => `${helmReleaseName(name)}-${studio}`;

/** The ConfigMap that every release document holds; its absence makes Flux's build fail instead of prune. */
export const releaseMarkerName = (name: AppName, studio: string): string =>
  `${helmReleaseName(name)}-release-${studio}`;

/** The ConfigMap that every sources document holds, for the same reason. */
export const sourcesMarkerName = (org: string, studio: string): string => `${org}-sources-${studio}`;

export const appContainer = ({ org, app }: AppName): string => `app-${org}-${app}`;
export const clusterContainer = (org: string): string => `cluster-${org}`;

export const RELEASE_BLOB = 'release/release.yaml';
export const SOURCES_BLOB = 'sources/sources.yaml';
export const SOURCES_KUSTOMIZATION_BLOB = 'sources/kustomization.yaml';

export interface ArtifactPath extends ReleaseKey {
  readonly deploymentId: string;
}

/** Of a deployment's artifact and release document, and what tells of it in a log. */
export const artifactPath = (deployment: ReleaseKey & { readonly id: string }): ArtifactPath => ({
  ...releaseKey(deployment),
  deploymentId: deployment.id,
});

export const artifactBlob = (p: ArtifactPath): string => `${p.org}/${p.app}/${p.environment}/${p.deploymentId}.zip`;
export const releaseBlob = (p: ArtifactPath): string =>
  `${p.org}/${p.app}/${p.environment}/${p.deploymentId}.release.json`;

/** Takes a blob's name apart; undefined when it is not `{org}/{app}/{environment}/{deploymentId}.zip`. */
export function parseArtifactBlob(name: string): ArtifactPath | undefined {
  const [org, app, environment, file, ...more] = name.split('/');
  if (!org || !app || !environment || !file?.endsWith('.zip') || more.length > 0) return undefined;
  const deploymentId = file.slice(0, -'.zip'.length);
  if (appNameProblems({ org, app }).length > 0 || !isDeploymentId(deploymentId)) return undefined;
  return { org, app, environment, deploymentId };
}
