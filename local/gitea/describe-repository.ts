import { createHash } from 'node:crypto';
import type { AppRepository } from './app-folders.ts';
import { runGit } from './git.ts';
import { readCommit } from './read-commit.ts';
import { apiUrl, pageUrl, type Site } from './site.ts';

const NO_TIME = '0001-01-01T00:00:00Z';

/** A repository as Gitea's API describes it, to a user who may read it. */
export async function describeRepository(site: Site, repository: AppRepository) {
  const { org, app, gitDirectory, defaultBranch } = repository;
  const [head, sizeKiB] = await Promise.all([readCommit(gitDirectory, defaultBranch), readSizeKiB(gitDirectory)]);
  const page = pageUrl(site, repository);
  return {
    id: stableId(`${org}/${app}`),
    owner: describeOwner(site, org),
    name: app,
    full_name: `${org}/${app}`,
    description: '',
    empty: false,
    private: false,
    fork: false,
    template: false,
    mirror: false,
    size: sizeKiB,
    language: '',
    languages_url: `${apiUrl(site, repository)}/languages`,
    html_url: page,
    url: apiUrl(site, repository),
    link: '',
    ssh_url: `git@${new URL(site.url).hostname}:${org}/${app}.git`,
    clone_url: `${page}.git`,
    original_url: '',
    website: '',
    stars_count: 0,
    forks_count: 0,
    watchers_count: 0,
    open_issues_count: 0,
    open_pr_counter: 0,
    release_counter: 0,
    default_branch: defaultBranch,
    archived: false,
    created_at: head?.committer.date ?? NO_TIME,
    updated_at: head?.committer.date ?? NO_TIME,
    archived_at: '1970-01-01T00:00:00Z',
    permissions: { admin: false, push: false, pull: true },
    has_issues: false,
    has_wiki: false,
    has_pull_requests: true,
    has_projects: false,
    has_releases: true,
    has_packages: false,
    has_actions: false,
    avatar_url: '',
    internal: false,
    mirror_interval: '',
    object_format_name: repository.headCommit.length === 64 ? 'sha256' : 'sha1',
    mirror_updated: NO_TIME,
    topics: [],
    licenses: [],
  };
}

function describeOwner(site: Site, org: string) {
  return {
    id: stableId(org),
    login: org,
    login_name: '',
    source_id: 0,
    full_name: org,
    email: '',
    avatar_url: '',
    html_url: `${site.url}/${org}`,
    language: '',
    is_admin: false,
    last_login: NO_TIME,
    created: NO_TIME,
    restricted: false,
    active: false,
    prohibit_login: false,
    location: '',
    website: '',
    description: '',
    visibility: 'public',
    followers_count: 0,
    following_count: 0,
    starred_repos_count: 0,
    username: org,
  };
}

/** Loose and packed objects together. */
async function readSizeKiB(gitDirectory: string): Promise<number> {
  const output = (await runGit(gitDirectory, ['count-objects', '-v'])).toString();
  const sizes = [...output.matchAll(/^size(?:-pack)?: (\d+)$/gm)].map(([, size]) => Number(size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Ids stay what they are when other repositories come and go. */
function stableId(name: string): number {
  return (createHash('sha256').update(name).digest().readUInt32BE() >>> 1) + 1;
}
