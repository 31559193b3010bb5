import { notFound } from './answers.ts';
import type { AppRepository } from './app-folders.ts';

/** What is served, and where. */
export interface Site {
  /** Without a slash at its end. */
  readonly url: string;
  readonly organizations: ReadonlyMap<string, Organization>;
}

export interface Organization {
  readonly name: string;
  /** By name in lower case: Gitea takes names without regard to case. */
  readonly repositories: ReadonlyMap<string, AppRepository>;
}

export function makeSite(url: string, repositories: readonly AppRepository[]): Site {
  const organizations = new Map<string, { name: string; repositories: Map<string, AppRepository> }>();
  for (const repository of repositories) {
    const key = repository.org.toLowerCase();
    const organization = organizations.get(key) ?? { name: repository.org, repositories: new Map() };
    organizations.set(key, organization);
    organization.repositories.set(repository.app.toLowerCase(), repository);
  }
  return { url, organizations };
}

export function findOrganization(site: Site, org: string): Organization {
  const organization = site.organizations.get(org.toLowerCase());
  // Gitea looks among renamed organizations last, hence its words.
  if (!organization) throw notFound('GetOrgByName', [`user redirect does not exist [name: ${org}]`]);
  return organization;
}

export function findRepository(site: Site, org: string, app: string): AppRepository {
  const organization = site.organizations.get(org.toLowerCase());
  if (!organization) throw notFound('GetUserByName', [`user redirect does not exist [name: ${org}]`]);
  const repository = organization.repositories.get(app.toLowerCase());
  if (!repository) throw notFound();
  return repository;
}

export const pageUrl = (site: Site, { org, app }: AppRepository): string => `${site.url}/${org}/${app}`;
export const apiUrl = (site: Site, { org, app }: AppRepository): string => `${site.url}/api/v1/repos/${org}/${app}`;
