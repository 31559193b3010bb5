import { type Answer, GiteaError, notFound, ok } from './answers.ts';
import type { AppRepository } from './app-folders.ts';
import { type Commit, isRefName, readCommit } from './read-commit.ts';
import { apiUrl, pageUrl, type Site } from './site.ts';

/** `GET /repos/{org}/{app}/git/commits/{ref}` */
export async function describeCommit(site: Site, repository: AppRepository, ref: string): Promise<Answer> {
  if (!isRefName(ref)) throw new GiteaError(422, `no valid ref or sha: ${ref}`);
  const commit = await readCommit(repository.gitDirectory, ref);
  if (!commit) throw notFound(ref);
  return ok(commitJson(commit, apiUrl(site, repository), pageUrl(site, repository)));
}

function commitJson({ id, parents, author, committer, message }: Commit, api: string, page: string) {
  const url = `${api}/git/commits/${id}`;
  return {
    url,
    sha: id,
    created: committer.date,
    html_url: `${page}/commit/${id}`,
    commit: {
      url,
      author,
      committer,
      message,
      // As Gitea has it: the commit's id, not the tree's, which git takes for the tree all the same.
      tree: { url: `${api}/git/trees/${id}`, sha: id, created: committer.date },
      verification: null,
    },
    // Gitea's users with these addresses; we have none.
    author: null,
    committer: null,
    parents: parents.map((parent) => ({ url: `${api}/git/commits/${parent}`, sha: parent, created: NO_TIME })),
    // As with `?stat=false&files=false`.
    files: null,
    stats: null,
  };
}

/** Go's zero time, which Gitea sends where it has none. */
const NO_TIME = '0001-01-01T00:00:00Z';
