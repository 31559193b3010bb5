import { type Answer, notFound, ok } from './answers.ts';
import type { AppRepository } from './app-folders.ts';
import { runGit } from './git.ts';
import { readCommit } from './read-commit.ts';
import { apiUrl, pageUrl, type Site } from './site.ts';

/** Gitea's DEFAULT_MAX_BLOB_SIZE: a larger file's content is left out. */
const MAX_CONTENT_BYTES = 10 * 2 ** 20;

interface TreeEntry {
  readonly mode: string;
  readonly id: string;
  /** 0 for what is no file. */
  readonly size: number;
  readonly path: string;
}

/** `GET /repos/{org}/{app}/contents/{path}?ref=`: one file with its content, or a folder's list without. */
export async function readContents(
  site: Site,
  repository: AppRepository,
  path: string,
  query: URLSearchParams,
): Promise<Answer> {
  const { gitDirectory } = repository;
  const ref = query.get('ref') || repository.defaultBranch;
  const commit = await readCommit(gitDirectory, ref);
  if (!commit) throw notFound('GetContentsOrList', [`object does not exist [id: ${ref}, rel_path: ]`]);
  const describe = (entry: TreeEntry) => describeEntry(site, repository, { ref, commit: commit.id }, entry);

  if (path === '') return ok((await listTree(gitDirectory, commit.id)).map(describe));
  const [entry] = isTreePath(path) ? await listTree(gitDirectory, commit.id, path) : [];
  if (!entry) throw notFound('GetContentsOrList', [`object does not exist [id: , rel_path: ${path}]`]);
  if (entryType(entry) === 'dir') {
    const children = await listTree(gitDirectory, entry.id);
    return ok(children.map((child) => describe({ ...child, path: `${path}/${child.path}` })));
  }
  return ok({ ...describe(entry), ...(await readEntry(gitDirectory, entry)) });
}

/** No empty, `.` or `..` part, and no NUL, which git could not be asked for. */
function isTreePath(path: string): boolean {
  return !path.includes('\0') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** The entries of a commit's or tree's top folder, or the one at `path`, which may be deeper. */
async function listTree(gitDirectory: string, id: string, path?: string): Promise<TreeEntry[]> {
  const only = path === undefined ? [] : ['--', path];
  const output = (await runGit(gitDirectory, ['ls-tree', '-z', '--long', '--full-tree', id, ...only])).toString();
  return [...output.matchAll(/(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t([^\0]+)\0/g)].map(
    ([, mode = '', entryId = '', size = '', entryPath = '']) => ({
      mode,
      id: entryId,
      size: size === '-' ? 0 : Number(size),
      path: entryPath,
    }),
  );
}

function entryType({ mode }: TreeEntry): 'file' | 'dir' | 'symlink' | 'submodule' {
  if (mode === '040000') return 'dir';
  if (mode === '120000') return 'symlink';
  return mode === '160000' ? 'submodule' : 'file';
}

async function readEntry(gitDirectory: string, entry: TreeEntry) {
  const type = entryType(entry);
  if (type === 'submodule' || entry.size > MAX_CONTENT_BYTES) return {};
  const content = await runGit(gitDirectory, ['cat-file', 'blob', entry.id]);
  return type === 'symlink'
    ? { target: content.toString() }
    : { encoding: 'base64', content: content.toString('base64') };
}

function describeEntry(site: Site, repository: AppRepository, at: { ref: string; commit: string }, entry: TreeEntry) {
  const path = entry.path.split('/').map(encodeURIComponent).join('/');
  const type = entryType(entry);
  const url = `${apiUrl(site, repository)}/contents/${path}?ref=${encodeURIComponent(at.ref)}`;
  const page = pageUrl(site, repository);
  const htmlUrl = type === 'submodule' ? null : `${page}/src/commit/${at.commit}/${path}`;
  const gitKind = type === 'dir' ? 'trees' : 'blobs';
  const gitUrl = type === 'submodule' ? null : `${apiUrl(site, repository)}/git/${gitKind}/${entry.id}`;
  return {
    name: entry.path.slice(entry.path.lastIndexOf('/') + 1),
    path: entry.path,
    sha: entry.id,
    type,
    size: entry.size,
    encoding: null,
    content: null,
    target: null,
    url,
    html_url: htmlUrl,
    git_url: gitUrl,
    download_url: type === 'dir' || type === 'submodule' ? null : `${page}/raw/commit/${at.commit}/${path}`,
    submodule_git_url: null,
    _links: { self: url, git: gitUrl, html: htmlUrl },
  };
}
