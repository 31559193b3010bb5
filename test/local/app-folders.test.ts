import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type AppRepository, findAppRepositories } from '../../local/gitea/app-folders.ts';

const run = promisify(execFile);
// A git hook that runs the tests sets these for its own repository.
for (const name of Object.keys(process.env)) if (name.startsWith('GIT_')) delete process.env[name];

const IDENTITY = ['-c', 'user.name=Kari', '-c', 'user.email=kari@example.com', '-c', 'commit.gpgSign=false'];

let root: string;
let apps: string;
let repositories: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'app-folders-'));
  apps = join(root, 'apps');
  repositories = join(root, 'repositories');
  await mkdir(apps);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const find = () => findAppRepositories(apps, repositories);

async function findOne(): Promise<AppRepository> {
  const found = await find();
  assert.deepEqual(found.skipped, []);
  assert.equal(found.repositories.length, 1);
  return found.repositories[0] as AppRepository;
}

async function write(path: string, content: string | Buffer = 'x'): Promise<void> {
  await mkdir(dirname(join(apps, path)), { recursive: true });
  await writeFile(join(apps, path), content);
}

async function git(directory: string, ...args: string[]): Promise<string> {
  return (await run('git', ['-C', directory, ...IDENTITY, ...args])).stdout.trim();
}

async function commitAll(directory: string): Promise<string> {
  await git(directory, 'add', '--all');
  await git(directory, 'commit', '--quiet', '--allow-empty', '--message', 'A commit');
  return git(directory, 'rev-parse', 'HEAD');
}

async function fileAt({ gitDirectory, headCommit }: AppRepository, path: string): Promise<Buffer> {
  const args = ['--git-dir', gitDirectory, 'cat-file', 'blob', `${headCommit}:${path}`];
  return (await run('git', args, { encoding: 'buffer' })).stdout;
}

async function pathsAt({ gitDirectory, headCommit }: AppRepository): Promise<string[]> {
  const { stdout } = await run('git', ['--git-dir', gitDirectory, 'ls-tree', '-r', '--name-only', headCommit]);
  return stdout.trim().split('\n');
}

describe('a plain folder', () => {
  it('becomes a bare repository with one commit on master', async () => {
    await write('ttd/my-app/App/Program.cs');
    await write('ttd/my-app/README.md');
    const repository = await findOne();
    assert.equal(repository.org, 'ttd');
    assert.equal(repository.app, 'my-app');
    assert.equal(repository.gitDirectory, join(repositories, 'ttd', 'my-app.git'));
    assert.equal(repository.defaultBranch, 'master');
    assert.match(repository.headCommit, /^[0-9a-f]{40}$/);
    assert.deepEqual(await pathsAt(repository), ['App/Program.cs', 'README.md']);
    assert.equal(await git(repository.gitDirectory, 'rev-parse', 'HEAD'), repository.headCommit);
    await git(repository.gitDirectory, 'fsck', '--strict');
  });

  it('gives the same commit again while nothing changes, and on another machine', async () => {
    await write('ttd/my-app/README.md');
    const first = await findOne();
    assert.deepEqual(await findOne(), first);
    await rm(repositories, { recursive: true });
    assert.deepEqual(await findOne(), first);
  });

  it('gives a new commit, after the last, when a file changes, comes, goes or turns executable', async () => {
    await write('ttd/my-app/a', '1');
    let last = await findOne();
    const changes = [
      () => write('ttd/my-app/a', '2'),
      () => write('ttd/my-app/b', '1'),
      () => chmod(join(apps, 'ttd/my-app/b'), 0o755),
      () => rm(join(apps, 'ttd/my-app/b')),
    ];
    for (const change of changes) {
      await change();
      const next = await findOne();
      assert.notEqual(next.headCommit, last.headCommit);
      assert.equal(await git(next.gitDirectory, 'rev-parse', `${next.headCommit}^`), last.headCommit);
      last = next;
    }
  });

  it('keeps every byte, whatever its attributes and the user ask for', async () => {
    const home = join(root, 'home');
    await mkdir(home);
    await writeFile(
      join(home, '.gitconfig'),
      '[core]\n\tautocrlf = input\n\texcludesFile = ~/ignore\n[filter "up"]\n\tclean = tr a-z A-Z\n',
    );
    await writeFile(join(home, 'ignore'), 'windows.txt\n');
    const content = Buffer.from('$Id$ one\r\ntwo\n\0\xff', 'latin1');
    await write('ttd/my-app/.gitattributes', '* text=auto ident\n*.up filter=up\n*.sh eol=crlf\n');
    for (const name of ['windows.txt', 'a.up', 'run.sh']) await write(`ttd/my-app/${name}`, content);
    const { HOME } = process.env;
    process.env.HOME = home;
    try {
      const repository = await findOne();
      for (const name of ['windows.txt', 'a.up', 'run.sh'])
        assert.deepEqual(await fileAt(repository, name), content, name);
      const args = ['--git-dir', repository.gitDirectory, 'archive', '--format=tar', repository.headCommit, 'run.sh'];
      const tar = (await run('git', args, { encoding: 'buffer' })).stdout;
      assert.ok(tar.includes(content), 'the archive has other bytes');
    } finally {
      restore('HOME', HOME);
    }
  });

  it("leaves out what the folder's own .gitignore files name, and heeds none above it", async () => {
    await writeFile(join(apps, '.gitignore'), '*\n');
    await write('ttd/my-app/.gitignore', 'bin/\n');
    await write('ttd/my-app/App/.gitignore', '*.log\n');
    await write('ttd/my-app/bin/a.dll');
    await write('ttd/my-app/App/x.log');
    await write('ttd/my-app/App/x.cs');
    const [repository] = (await find()).repositories;
    assert.ok(repository);
    assert.deepEqual(await pathsAt(repository), ['.gitignore', 'App/.gitignore', 'App/x.cs']);
  });

  it('is no part of a repository whose work tree it lies in, nor of one that a git hook names', async () => {
    await git(root, 'init', '--quiet');
    await write('ttd/my-app/README.md');
    await writeFile(join(root, 'outside.txt'), 'x');
    const outer = await commitAll(root);
    const outerGit = join(root, '.git');
    const hook = {
      GIT_DIR: outerGit,
      GIT_INDEX_FILE: join(outerGit, 'index'),
      GIT_OBJECT_DIRECTORY: join(outerGit, 'objects'),
    };
    Object.assign(process.env, hook);
    const repository = await findOne().finally(() => {
      for (const name of Object.keys(hook)) delete process.env[name];
    });
    assert.deepEqual(await pathsAt(repository), ['README.md']);
    assert.equal(await git(root, 'status', '--porcelain', '--', 'apps', 'outside.txt'), '');
    assert.equal(await git(root, 'rev-parse', 'HEAD'), outer);
  });

  it('is imported again after an import that was killed', async () => {
    await write('ttd/my-app/README.md');
    const whole = await findOne();
    await rm(repositories, { recursive: true });
    await mkdir(join(whole.gitDirectory, 'objects'), { recursive: true });
    await writeFile(join(whole.gitDirectory, 'config.lock'), '');
    assert.deepEqual(await findOne(), whole, 'killed while the repository was made');

    await writeFile(join(whole.gitDirectory, 'refs/heads/master.lock'), '');
    await write('ttd/my-app/README.md', 'changed');
    const changed = await findOne();
    assert.notEqual(changed.headCommit, whole.headCommit, 'killed while the branch was moved');
  });

  it('leaves no scratch files', async () => {
    await write('ttd/my-app/README.md');
    await mkdir(join(apps, 'ttd/no-files'));
    const scratch = join(root, 'scratch');
    await mkdir(scratch);
    const { TMPDIR } = process.env;
    process.env.TMPDIR = scratch;
    try {
      await find();
    } finally {
      restore('TMPDIR', TMPDIR);
    }
    assert.deepEqual(await readdir(scratch), []);
  });

  it('is one of many', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `app-${String(index).padStart(2, '0')}`);
    for (const name of names) await write(`ttd/${name}/README.md`, name);
    const { repositories: found } = await find();
    assert.deepEqual(
      found.map(({ app }) => app),
      names,
    );
    for (const repository of found) assert.equal(String(await fileAt(repository, 'README.md')), repository.app);
  });
});

describe('a git repository', () => {
  it('is used in place, at its HEAD, on its branch, and is not written to', async () => {
    await write('ttd/my-app/README.md', 'committed');
    const folder = join(apps, 'ttd/my-app');
    await git(folder, 'init', '--quiet', '--initial-branch=feature/x');
    const head = await commitAll(folder);
    await write('ttd/my-app/README.md', 'not committed');
    const before = await git(folder, 'status', '--porcelain');
    const repository = await findOne();
    assert.deepEqual(repository, {
      org: 'ttd',
      app: 'my-app',
      gitDirectory: join(folder, '.git'),
      headCommit: head,
      defaultBranch: 'feature/x',
    });
    assert.equal(await git(folder, 'status', '--porcelain'), before);
    assert.deepEqual((await readdir(root)).sort(), ['apps']);
  });

  it('may be bare, a linked work tree, or a link to a folder elsewhere', async () => {
    const origin = join(root, 'origin');
    await mkdir(origin);
    await git(origin, 'init', '--quiet', '--initial-branch=main');
    const head = await commitAll(origin);
    await mkdir(join(apps, 'ttd'));
    await run('git', ['clone', '--quiet', '--bare', origin, join(apps, 'ttd/bare')]);
    await git(origin, 'worktree', 'add', '--quiet', '-b', 'other', join(apps, 'ttd/linked-tree'));
    await symlink(origin, join(apps, 'ttd/symlink'));
    const found = await find();
    assert.deepEqual(found.skipped, []);
    assert.deepEqual(
      found.repositories.map(({ app, headCommit, defaultBranch }) => [app, headCommit, defaultBranch]),
      [
        ['bare', head, 'main'],
        ['linked-tree', head, 'other'],
        ['symlink', head, 'main'],
      ],
    );
  });

  it('with a detached HEAD is at the branch there, else at HEAD itself', async () => {
    await write('ttd/my-app/README.md');
    const folder = join(apps, 'ttd/my-app');
    await git(folder, 'init', '--quiet', '--initial-branch=main');
    await commitAll(folder);
    await git(folder, 'checkout', '--quiet', '--detach');
    assert.equal((await findOne()).defaultBranch, 'main');
    await commitAll(folder);
    assert.equal((await findOne()).defaultBranch, 'HEAD');
  });

  it('may be owned by another user', { skip: process.getuid?.() !== 0 && 'needs root' }, async () => {
    await write('ttd/my-app/README.md');
    const folder = join(apps, 'ttd/my-app');
    await git(folder, 'init', '--quiet');
    const head = await commitAll(folder);
    for (const path of [folder, join(folder, '.git')]) await chown(path, 12345, 12345);
    assert.equal((await findOne()).headCommit, head);
  });
});

describe('what is no app', () => {
  it('is skipped, with the reason', async () => {
    await write('README.md');
    await write('.hidden/my-app/README.md');
    await write('Not-Org/my-app/README.md');
    await write('ttd/file.txt');
    await write('ttd/.DS_Store');
    await write('ttd/Not_An_App/README.md');
    await write('ttd/datamodels/README.md');
    await mkdir(join(apps, 'ttd/no-files/folder'), { recursive: true });
    await mkdir(join(apps, 'ttd/no-commit'));
    await git(join(apps, 'ttd/no-commit'), 'init', '--quiet');
    await mkdir(join(apps, 'ttd/broken-git/.git'), { recursive: true });
    await write('ttd/good-app/README.md');
    const found = await find();
    assert.deepEqual(
      found.repositories.map(({ app }) => app),
      ['good-app'],
    );
    const reasons = Object.fromEntries(found.skipped.map(({ path, reason }) => [basename(path), reason]));
    const expected: Record<string, RegExp> = {
      'README.md': /not a folder/,
      '.hidden': /hidden/,
      'Not-Org': /2 to 6/,
      'file.txt': /not a folder/,
      '.DS_Store': /hidden/,
      Not_An_App: /3 to 30/,
      datamodels: /not be 'datamodels'/,
      'no-files': /no files/,
      'no-commit': /without a commit/,
      'broken-git': /not a git repository/,
    };
    assert.deepEqual(Object.keys(reasons).sort(), Object.keys(expected).sort());
    for (const [name, pattern] of Object.entries(expected)) assert.match(reasons[name] ?? '', pattern);
  });

  it('is an error when there is no apps folder, or no git', async () => {
    await assert.rejects(findAppRepositories(join(root, 'nowhere'), repositories), /nowhere': there is no such folder/);
    await write('ttd/my-app/README.md');
    const { PATH } = process.env;
    process.env.PATH = root;
    try {
      await assert.rejects(find(), /git could not be started: install it/);
    } finally {
      restore('PATH', PATH);
    }
  });
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
