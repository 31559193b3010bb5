import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { limitCalls } from '../../src/limit-calls.ts';
import { appNameProblems, orgNameProblems } from '../../src/model/names.ts';
import { askGit, GitError } from './git.ts';
import { importFolder } from './import-folder.ts';

/** A git repository that holds an app. */
export interface AppRepository {
  readonly org: string;
  readonly app: string;
  readonly gitDirectory: string;
  /** Full id of the commit at HEAD when the repository was found. */
  readonly headCommit: string;
  /** `HEAD` where HEAD is detached and no branch is at its commit. */
  readonly defaultBranch: string;
}

export interface SkippedEntry {
  readonly path: string;
  readonly reason: string;
}

export interface FoundAppRepositories {
  /** Sorted by org and app. */
  readonly repositories: readonly AppRepository[];
  /** What was found and is no app, with the reason. */
  readonly skipped: readonly SkippedEntry[];
}

const MAX_APPS_AT_ONCE = 4;

/**
 * Finds the folders `appsDirectory/{org}/{app}/`.
 *  - One that holds `.git` (folder or file), or is a bare repository, is used in place and only read, at its HEAD:
 *    what is not committed is not seen.
 *  - A plain folder is imported into `repositoriesDirectory/{org}/{app}.git`: a new commit when its files differ from
 *    the last import's, and none otherwise.
 *
 * Throws when appsDirectory can't be read or git can't be started.
 */
export async function findAppRepositories(
  appsDirectory: string,
  repositoriesDirectory: string,
): Promise<FoundAppRepositories> {
  const { folders, skipped } = await findAppFolders(resolve(appsDirectory));
  const limit = limitCalls({ atOnce: MAX_APPS_AT_ONCE });
  const opened = await Promise.all(
    folders.map((folder) => limit(() => openFolder(folder, resolve(repositoriesDirectory)))),
  );
  return {
    repositories: opened.filter((one) => 'gitDirectory' in one),
    skipped: [...skipped, ...opened.filter((one) => 'reason' in one)],
  };
}

interface AppFolder {
  readonly org: string;
  readonly app: string;
  readonly path: string;
}

async function findAppFolders(appsDirectory: string): Promise<{ folders: AppFolder[]; skipped: SkippedEntry[] }> {
  const folders: AppFolder[] = [];
  const skipped: SkippedEntry[] = [];
  for (const org of await listDirectory(appsDirectory)) {
    const orgPath = join(appsDirectory, org);
    const reason = (await notAFolder(orgPath, org)) ?? orgNameProblems(org)[0]?.message;
    if (reason !== undefined) {
      skipped.push({ path: orgPath, reason });
      continue;
    }
    for (const app of await listDirectory(orgPath)) {
      const path = join(orgPath, app);
      const reason = (await notAFolder(path, app)) ?? appNameProblems({ org, app })[0]?.message;
      if (reason === undefined) folders.push({ org, app, path });
      else skipped.push({ path, reason });
    }
  }
  return { folders, skipped };
}

async function listDirectory(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such folder' : String(error);
    throw new Error(`Apps folder '${path}': ${found}. It must be a folder with apps at {org}/{app}/.`, {
      cause: error,
    });
  }
}

async function notAFolder(path: string, name: string): Promise<string | undefined> {
  if (name.startsWith('.')) return 'hidden';
  // Follows links: a link to a clone elsewhere is a handy way to try one's own app.
  const stats = await stat(path).catch(() => undefined);
  return stats?.isDirectory() ? undefined : 'not a folder';
}

async function openFolder(folder: AppFolder, repositoriesDirectory: string): Promise<AppRepository | SkippedEntry> {
  const { org, app, path } = folder;
  try {
    const gitPath = await findGitPath(path);
    if (gitPath !== undefined) return await openInPlace(folder, gitPath);
    const gitDirectory = join(repositoriesDirectory, org, `${app}.git`);
    return { org, app, gitDirectory, ...(await importFolder({ org, app }, path, gitDirectory)) };
  } catch (error) {
    // Without git no folder is at fault.
    if ((error as NodeJS.ErrnoException).syscall === 'spawn git')
      throw new Error('git could not be started: install it, and see that it is in the PATH.', { cause: error });
    return { path, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The repository that the folder itself is or holds. One that the folder merely lies in does not matter. */
async function findGitPath(folder: string): Promise<string | undefined> {
  const entries = await readdir(folder);
  if (entries.includes('.git')) return join(folder, '.git');
  return ['HEAD', 'objects', 'refs'].every((name) => entries.includes(name)) ? folder : undefined;
}

async function openInPlace({ org, app, path }: AppFolder, gitPath: string): Promise<AppRepository> {
  // `.git` may be a file that names the git directory (a submodule, a linked work tree).
  const gitDirectory = await askGit(gitPath, ['rev-parse', '--absolute-git-dir'], { cwd: path });
  if (gitDirectory === undefined) throw new GitError(['rev-parse'], undefined, 'names no git directory');
  const headCommit = await askGit(gitDirectory, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  if (headCommit === undefined) throw new Error('a git repository without a commit at HEAD: commit something first');
  return { org, app, gitDirectory, headCommit, defaultBranch: await findDefaultBranch(gitDirectory, headCommit) };
}

async function findDefaultBranch(gitDirectory: string, headCommit: string): Promise<string> {
  const head = await askGit(gitDirectory, ['symbolic-ref', '--quiet', 'HEAD']);
  if (head !== undefined) return head.replace(/^refs\/heads\//, '');
  const branch = await askGit(gitDirectory, [
    'for-each-ref',
    `--points-at=${headCommit}`,
    '--format=%(refname:lstrip=2)',
    'refs/heads',
  ]);
  return branch ?? 'HEAD';
}
