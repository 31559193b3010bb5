import { type AppName, isCommit } from '../model/names.ts';
import type { Repositories } from '../ports.ts';

/**
 * Gitea for one request. Once it is asked whether a commit exists, that commit's archive is next: it is begun beside, and is on
 * its way while the deployment becomes durable, which is a tenth of a small deployment's time. What nobody has taken when `work`
 * ends, because the request was refused, is broken off.
 */
export async function readAhead<T>(
  repositories: Repositories,
  work: (repositories: Repositories) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const begun = new Map<string, Promise<Buffer | undefined>>();
  const keyOf = ({ org, app }: AppName, commit: string) => `${org}/${app}/${commit}`;
  const begin = (name: AppName, commit: string) => {
    const archive = repositories.archive(name, commit, ending.signal);
    // Whoever takes it is told; it may be nobody.
    archive.catch(() => {});
    begun.set(keyOf(name, commit), archive);
  };
  try {
    return await work({
      ...repositories,
      resolveCommit(name, ref) {
        if (isCommit(ref)) begin(name, ref);
        return repositories.resolveCommit(name, ref);
      },
      archive: (name, commit) => begun.get(keyOf(name, commit)) ?? repositories.archive(name, commit, ending.signal),
    });
  } finally {
    ending.abort();
  }
}
