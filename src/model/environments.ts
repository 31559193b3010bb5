import type { Policy } from './policy.ts';

/** An environment that apps are deployed to: an org has at most one cluster in it. */
export interface Environment {
  /** Studio's name: at22, at23, at24, yt01, tt02, production. */
  readonly name: string;
  /** Of the platform there: `tt02.altinn.no`; apps answer at `{org}.apps.{hostname}`. */
  readonly hostname: string;
  /** Of the storage account that its clusters read: `https://ACCOUNT.blob.core.windows.net`. */
  readonly blobEndpoint: string;
  /** Where the Receiver of an org's cluster can be reached, without its path; `{org}` is filled in. */
  readonly receiverPattern?: string;
  /** Orgs with a cluster in it. */
  readonly orgs: readonly string[];
  /** Whether an artifact that nobody asked for over HTTP is taken from `incoming`. */
  readonly acceptDrops: boolean;
}

/** The Helm chart that every app is installed with, from a HelmRepository that the cluster has. */
export interface Chart {
  readonly name: string;
  /** Exact, no range: a range would let the cluster choose. */
  readonly version: string;
  readonly repository: string;
}

/** One installation of this system serves one Studio. */
export interface Studio {
  /** Its name of itself: dev, staging or prod. Part of the name of every Flux object. */
  readonly name: string;
  readonly chart: Chart;
  /** Where an org's images are; `{org}` is filled in. */
  readonly registryPattern: string;
  /** The Secret with the app's keys, made in the cluster; `{org}` and `{app}` are filled in. */
  readonly appSecretPattern: string;
  /** Given to each app's Kustomization where clusters enforce multi-tenancy. */
  readonly serviceAccountName?: string;
  /** A published deployment that its cluster has not told of for longer is shown as silent. */
  readonly clusterSilenceMinutes: number;
  readonly environments: readonly Environment[];
  readonly policy: Policy;
}

/** Studio says `production` where clusters and resource groups say `prod`; all other names are the same. */
export const toClusterEnvironment = (studioName: string): string => (studioName === 'production' ? 'prod' : studioName);

export const findEnvironment = (studio: Studio, name: string): Environment | undefined =>
  studio.environments.find((environment) => environment.name === name);

/** Fills `{org}` and `{app}` into a configured pattern. */
export const fillPattern = (pattern: string, name: { org: string; app: string }): string =>
  pattern.replaceAll('{org}', name.org).replaceAll('{app}', name.app);
