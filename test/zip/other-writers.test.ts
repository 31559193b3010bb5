import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inflateEntry } from '../../src/zip/inflate.ts';
import type { ZipWriter } from '../../src/zip/read-entry.ts';
import { readZip } from '../../src/zip/read-zip.ts';
import { LIMITS, makeArtifact } from '../support/make-artifact.ts';

/** Why a test that needs the program can't run here; false when it can. */
const lacks = (program: string, ...args: string[]): string | false =>
  spawnSync(program, args).status === 0 ? false : `${program} is not installed`;

const noZip = lacks('zip', '-v');
const noUnzip = lacks('unzip', '-v');
const noPython = lacks('python3', '--version');
const noGit = lacks('git', '--version');

const FILES: Readonly<Record<string, string>> = {
  'App/config/metadata.json': '{"id": "ttd/app"}\n',
  'App/empty.txt': '',
  'App/large.txt': 'The same line.\n'.repeat(20_000),
  'App/søknad.txt': 'æøå\n',
  run: '#!/bin/sh\n',
};

describe('archives of other programs', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'writers-'));
    for (const [path, content] of Object.entries(FILES)) {
      await mkdir(dirname(join(folder, 'tree', path)), { recursive: true });
      await writeFile(join(folder, 'tree', path), content);
    }
    await chmod(join(folder, 'tree/run'), 0o755);
  });
  after(() => rm(folder, { recursive: true }));

  const inTree = (program: string, ...args: string[]) =>
    execFileSync(program, args, {
      cwd: join(folder, 'tree'),
      stdio: 'pipe',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });

  async function contentsOf(zip: Buffer, writer: ZipWriter): Promise<Record<string, string>> {
    const { entries, problems } = readZip(zip, writer, LIMITS);
    assert.deepEqual(problems, []);
    const contents: Record<string, string> = {};
    for (const entry of entries) contents[entry.path] = (await inflateEntry(entry)).toString();
    return contents;
  }

  it('are read: zip -X without folders', { skip: noZip }, async () => {
    const ascii = Object.keys(FILES).filter((path) => !path.includes('ø'));
    inTree('zip', '-X', '-q', '-D', '../info.zip', ...ascii);
    const expected = Object.fromEntries(ascii.map((path) => [path, FILES[path]]));
    assert.deepEqual(await contentsOf(await readFile(join(folder, 'info.zip')), 'artifact'), expected);
  });

  it('are refused where they hold more than files: zip -r, zip -e, zip -y', { skip: noZip }, async () => {
    const codes = async (name: string) =>
      new Set(readZip(await readFile(join(folder, name)), 'artifact', LIMITS).problems.map(({ code }) => code));
    inTree('zip', '-X', '-q', '-r', '../folders.zip', 'App/config');
    assert.deepEqual([...(await codes('folders.zip'))], ['ZIP_TYPE']);
    inTree('zip', '-X', '-q', '-P', 'secret', '../encrypted.zip', 'run');
    assert.ok((await codes('encrypted.zip')).has('ZIP_UNSUPPORTED'));
    await symlink('run', join(folder, 'tree/link'));
    inTree('zip', '-X', '-q', '-y', '../link.zip', 'link');
    await rm(join(folder, 'tree/link'));
    assert.ok((await codes('link.zip')).has('ZIP_TYPE'));
  });

  it("are read: Python's zipfile", { skip: noPython }, async () => {
    const script = `
import sys, zipfile
with zipfile.ZipFile('../python.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    for path in sys.argv[1:]: z.write(path)`;
    inTree('python3', '-c', script, ...Object.keys(FILES));
    assert.deepEqual(await contentsOf(await readFile(join(folder, 'python.zip')), 'artifact'), { ...FILES });
  });

  it('are refused when streamed: Python writes data descriptors then', { skip: noPython }, async () => {
    const script = `
import sys, zipfile
with zipfile.ZipFile(sys.stdout.buffer, 'w') as z: z.write('run')`;
    const { stdout } = spawnSync('sh', ['-c', 'python3 -c "$0" | cat', script], { cwd: join(folder, 'tree') });
    assert.ok(readZip(stdout, 'artifact', LIMITS).problems.some(({ code }) => code === 'ZIP_UNSUPPORTED'));
  });

  it('are read: git archive, its folders left out and its commit found', { skip: noGit }, async () => {
    await symlink('../run', join(folder, 'tree/App/link'));
    const git = (...args: string[]) =>
      inTree(
        'git',
        '-c',
        'user.name=t',
        '-c',
        'user.email=t@example.org',
        '-c',
        'commit.gpgsign=false',
        ...args,
      ).toString();
    git('init', '-q');
    git('add', '.', ':!App/link');
    git('commit', '-q', '-m', 'first');
    const archive = () =>
      execFileSync('git', ['archive', '--format=zip', '--prefix=top/', 'HEAD'], { cwd: join(folder, 'tree') });
    const zip = archive();
    const expected = Object.fromEntries(Object.entries(FILES).map(([path, content]) => [`top/${path}`, content]));
    assert.deepEqual(await contentsOf(zip, 'git'), expected);
    assert.equal(zip.toString('latin1', zip.length - 40), git('rev-parse', 'HEAD').trim(), 'its comment');

    git('add', '.');
    git('commit', '-q', '-m', 'with a link');
    assert.deepEqual(
      readZip(archive(), 'git', LIMITS).problems.map(({ code, path }) => [code, path]),
      [['SYMLINK_UNSUPPORTED', 'top/App/link']],
    );
  });

  it('and ours is one that they read', { skip: noUnzip || noPython }, async () => {
    const file = join(folder, 'ours.zip');
    await writeFile(file, await makeArtifact());
    assert.match(execFileSync('unzip', ['-tq', file]).toString(), /No errors detected/);
    execFileSync('python3', ['-m', 'zipfile', '--test', file]);
  });
});
