import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppName } from '../../src/model/names.ts';
import { askGit, GitError, type GitOptions, runGit } from './git.ts';

const BRANCH = 'master';
const BRANCH_REF = `refs/heads/${BRANCH}`;

/** This file outranks every .gitattributes in the folder: no line endings changed, no keywords, no filters, ever. */
const ATTRIBUTES = '* -text !eol -ident -filter !working-tree-encoding\n';

/** The SHA-1 of a tree without entries: the same in every repository of that format. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** One author and one date: the same files give the same commit id on every machine and day. */
const IDENTITY = {
  GIT_AUTHOR_NAME: 'Local import',
  GIT_AUTHOR_EMAIL: 'local-import@localhost',
  GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'Local import',
  GIT_COMMITTER_EMAIL: 'local-import@localhost',
  GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
};

export interface ImportedFolder {
  readonly headCommit: string;
  readonly defaultBranch: string;
}

/**
 * Commits a folder's files, less those its own .gitignore files name, to a bare repository.
 * The branch moves last: an import that was killed before leaves nothing that the next one minds.
 * Throws when the folder holds no files, or git refuses it.
 */
export async function importFolder(name: AppName, folder: string, gitDirectory: string): Promise<ImportedFolder> {
  const lastCommit = await readLastImport(gitDirectory);
  if (lastCommit === undefined) await createRepository(gitDirectory);
  const tree = await writeTree(folder, gitDirectory);
  const lastTree = lastCommit && (await askGit(gitDirectory, ['rev-parse', '--verify', `${lastCommit}^{tree}`]));
  const headCommit = lastCommit && tree === lastTree ? lastCommit : await commit(name, gitDirectory, tree, lastCommit);
  return { headCommit, defaultBranch: BRANCH };
}

async function readLastImport(gitDirectory: string): Promise<string | undefined> {
  if (!existsSync(gitDirectory)) return undefined;
  try {
    return await askGit(gitDirectory, ['rev-parse', '--verify', '--quiet', `${BRANCH_REF}^{commit}`]);
  } catch (error) {
    // Half made by an import that was killed: it is begun anew.
    if (error instanceof GitError) return undefined;
    throw error;
  }
}

async function createRepository(gitDirectory: string): Promise<void> {
  await rm(gitDirectory, { recursive: true, force: true });
  await mkdir(join(gitDirectory, 'info'), { recursive: true });
  await runGit(gitDirectory, ['init', '--quiet', '--bare', '--object-format=sha1', '--template=']);
  await writeFile(join(gitDirectory, 'info', 'attributes'), ATTRIBUTES);
}

/** Answers the id of the tree. The index is a new one each time: every file is read, and no lock can be left behind. */
async function writeTree(folder: string, gitDirectory: string): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'gitea-import-'));
  const options: GitOptions = { cwd: folder, environment: { GIT_INDEX_FILE: join(scratch, 'index') } };
  try {
    await runGit(gitDirectory, ['--work-tree', folder, 'add', '--all', '.'], options);
    const tree = (await runGit(gitDirectory, ['write-tree'], options)).toString().trim();
    if (tree === EMPTY_TREE) throw new Error('holds no files');
    return tree;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function commit(
  { org, app }: AppName,
  gitDirectory: string,
  tree: string,
  parent: string | undefined,
): Promise<string> {
  const parents = parent === undefined ? [] : ['-p', parent];
  const options: GitOptions = { environment: IDENTITY, input: `Import of ${org}/${app}\n` };
  const id = (await runGit(gitDirectory, ['commit-tree', tree, ...parents], options)).toString().trim();
  // Left by an import that was killed at this very moment; nobody else writes here.
  await rm(join(gitDirectory, `${BRANCH_REF}.lock`), { force: true });
  await runGit(gitDirectory, ['update-ref', BRANCH_REF, id, parent ?? '']);
  return id;
}
