import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import JSZip from 'jszip';
import type { AppRepository } from '../../local/gitea/app-folders.ts';
import { type GiteaOptions, type GiteaStandIn, startGitea } from '../../local/gitea/server.ts';

// A git hook that runs the tests sets these for its own repository.
for (const name of Object.keys(process.env)) if (name.startsWith('GIT_')) delete process.env[name];

const run = promisify(execFile);
const DATES = { GIT_AUTHOR_DATE: '2026-02-03T04:05:06+01:00', GIT_COMMITTER_DATE: '2026-02-03T04:05:06Z' };
const IDENTITY = ['-c', 'user.name=Kari Å', '-c', 'user.email=kari@example.com', '-c', 'commit.gpgSign=false'];

let root: string;
let folder: string;
let repository: AppRepository;
let first: string;
let head: string;
let gitea: GiteaStandIn;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'gitea-'));
  folder = join(root, 'my-app');
  await write('README.md', 'one\n');
  await write('App/config/applicationmetadata.json', '{"id":"ttd/my-app"}');
  await write('App/æ ø.txt', 'å');
  await symlink('README.md', join(folder, 'link'));
  await git('init', '--quiet', '--initial-branch=master');
  first = await commitAll('First\n\nWith a body');
  await git('branch', 'feature/one');
  await git('tag', '--annotate', '--message', 'A tag', 'v1.0');
  await write('README.md', 'two\n');
  head = await commitAll('Second');
  await git('checkout', '--quiet', '-b', 'big');
  await write('A-big-file', randomBytes(8 * 2 ** 20));
  await commitAll('More than the buffers on the way hold');
  await git('checkout', '--quiet', 'master');
  repository = app('my-app', head);
  const others = Array.from({ length: 64 }, (_, index) => app(`other-${String(index).padStart(2, '0')}`, head));
  gitea = await startGitea({ repositories: [...others, repository, { ...repository, org: 'dibk' }] });
});
after(async () => {
  await gitea.close();
  await rm(root, { recursive: true, force: true });
});

const app = (name: string, headCommit: string): AppRepository => ({
  org: 'ttd',
  app: name,
  gitDirectory: join(folder, '.git'),
  headCommit,
  defaultBranch: 'master',
});

async function write(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

async function git(...args: string[]): Promise<string> {
  const options = { env: { ...process.env, ...DATES } };
  return (await run('git', ['-C', folder, ...IDENTITY, ...args], options)).stdout.trim();
}

async function commitAll(message: string): Promise<string> {
  await git('add', '--all');
  await git('commit', '--quiet', '--message', message);
  return git('rev-parse', 'HEAD');
}

/** A server of the test's own, closed also when the test fails. */
async function startOwn(test: TestContext, options: GiteaOptions): Promise<GiteaStandIn> {
  const own = await startGitea(options);
  test.after(() => own.close());
  return own;
}

const api = (path: string, init?: RequestInit, at = gitea): Promise<Response> =>
  fetch(`${at.url}/api/v1/${path}`, init);

// biome-ignore lint/suspicious/noExplicitAny: the tests look into JSON of many forms.
async function json(path: string, status = 200): Promise<any> {
  const response = await api(path);
  assert.equal(response.status, status, path);
  assert.equal(response.headers.get('content-type'), 'application/json;charset=utf-8');
  return response.json();
}

/** Sends the path as it is: fetch would resolve `..` before it asks. */
function rawStatus(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(gitea.url);
  return new Promise((resolve, reject) => {
    httpGet({ hostname, port, path }, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}

describe('a repository', () => {
  it('is described with its owner, branch, addresses and times', async () => {
    const found = await json('repos/ttd/my-app');
    assert.equal(found.name, 'my-app');
    assert.equal(found.full_name, 'ttd/my-app');
    assert.equal(found.owner.login, 'ttd');
    assert.equal(found.owner.username, 'ttd');
    assert.equal(found.default_branch, 'master');
    assert.equal(found.empty, false);
    assert.equal(found.archived, false);
    assert.equal(found.html_url, `${gitea.url}/ttd/my-app`);
    assert.equal(found.clone_url, `${gitea.url}/ttd/my-app.git`);
    assert.equal(found.updated_at, '2026-02-03T04:05:06Z');
    assert.ok(found.id > 0 && found.size > 0);
    assert.notEqual(found.id, (await json('repos/dibk/my-app')).id);
  });

  it('is found whatever the case of its name, and with a slash at the end', async () => {
    assert.equal((await json('repos/TTD/My-App')).full_name, 'ttd/my-app');
    assert.equal((await json('repos/ttd/my-app/')).full_name, 'ttd/my-app');
  });

  it("that is not there is answered with Gitea's 404", async () => {
    assert.deepEqual(await json('repos/ttd/nothing', 404), {
      errors: null,
      message: "The target couldn't be found.",
      url: `${gitea.url}/api/swagger`,
    });
    assert.equal((await json('repos/nobody/my-app', 404)).message, 'GetUserByName');
    assert.equal((await json('nothing', 404)).url, `${gitea.url}/api/swagger`);
  });

  it('can be added and taken away while the server runs', async (test) => {
    const own = await startOwn(test, { repositories: [] });
    assert.equal((await api('repos/ttd/my-app', {}, own)).status, 404);
    own.setRepositories([repository]);
    assert.equal((await api('repos/ttd/my-app', {}, own)).status, 200);
  });
});

describe('a commit', () => {
  it('is described in full', async () => {
    const commit = await json(`repos/ttd/my-app/git/commits/${head}`);
    const url = `${gitea.url}/api/v1/repos/ttd/my-app/git/commits/${head}`;
    assert.equal(commit.sha, head);
    assert.equal(commit.url, url);
    assert.equal(commit.html_url, `${gitea.url}/ttd/my-app/commit/${head}`);
    assert.equal(commit.created, '2026-02-03T04:05:06Z');
    assert.equal(commit.commit.message, 'Second\n');
    assert.deepEqual(commit.commit.author, {
      name: 'Kari Å',
      email: 'kari@example.com',
      date: '2026-02-03T04:05:06+01:00',
    });
    assert.deepEqual(
      commit.parents.map(({ sha }: { sha: string }) => sha),
      [first],
    );
    assert.equal((await json(`repos/ttd/my-app/git/commits/${first}`)).commit.message, 'First\n\nWith a body\n');
  });

  it('is found by branch, tag and abbreviated id', async () => {
    const names = { master: head, 'feature%2Fone': first, 'v1.0': first, [head.slice(0, 8)]: head, HEAD: head };
    for (const [name, expected] of Object.entries(names))
      assert.equal((await json(`repos/ttd/my-app/git/commits/${name}`)).sha, expected, name);
  });

  it('that is not there is answered with 404, and a name that no ref may have with 422', async () => {
    const unknown = 'f'.repeat(40);
    assert.deepEqual(await json(`repos/ttd/my-app/git/commits/${unknown}`, 404), {
      errors: null,
      message: unknown,
      url: `${gitea.url}/api/swagger`,
    });
    const blob = await git('rev-parse', 'HEAD:README.md');
    for (const name of ['nothing', '--all', '-x', blob]) await json(`repos/ttd/my-app/git/commits/${name}`, 404);
    for (const name of ['master~1', 'a%0Ab', 'master:README.md', 'a..b', 'master@%7B1%7D', '%00', '@'])
      assert.match((await json(`repos/ttd/my-app/git/commits/${name}`, 422)).message, /^no valid ref or sha: /);
  });
});

describe('an archive', () => {
  it('as zip has the files below the name of the repository, and the commit as its comment', async () => {
    for (const [ref, commit] of Object.entries({ master: head, [head]: head, 'v1.0': first })) {
      const response = await api(`repos/ttd/my-app/archive/${ref}.zip`);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), 'application/octet-stream');
      assert.equal(
        response.headers.get('content-disposition'),
        `attachment; filename="my-app-${ref}.zip"; filename*=UTF-8''my-app-${ref}.zip`,
      );
      assert.equal(
        response.headers.get('link'),
        `<${gitea.url}/api/v1/repos/ttd/my-app/archive/${commit}.zip?rev=${commit}>; rel="immutable"`,
      );
      // JSZip has `comment` on what it loads; its types do not.
      const zip = (await JSZip.loadAsync(await response.arrayBuffer())) as JSZip & { comment: string };
      assert.equal(zip.comment, commit);
      assert.deepEqual(Object.keys(zip.files).sort(), [
        'my-app/',
        'my-app/App/',
        'my-app/App/config/',
        'my-app/App/config/applicationmetadata.json',
        'my-app/App/æ ø.txt',
        'my-app/README.md',
        'my-app/link',
      ]);
      assert.equal(await zip.file('my-app/README.md')?.async('string'), commit === head ? 'two\n' : 'one\n');
    }
  });

  it('as tar.gz has the commit in its header', async () => {
    const response = await api('repos/ttd/my-app/archive/feature/one.tar.gz');
    assert.match(response.headers.get('content-disposition') ?? '', /filename="my-app-feature-one\.tar\.gz"/);
    const tar = gunzipSync(Buffer.from(await response.arrayBuffer()));
    assert.ok(tar.includes(`comment=${first}\n`));
    assert.ok(tar.includes('my-app/App/config/applicationmetadata.json\0'));
  });

  it('is the same, byte for byte, each time', async () => {
    const [one, two] = await Promise.all(
      [1, 2].map(async () => Buffer.from(await (await api(`repos/ttd/my-app/archive/${head}.zip`)).arrayBuffer())),
    );
    assert.deepEqual(one, two);
  });

  it("has the stored bytes, whatever the clone's own configuration asks for", async (test) => {
    const clone = join(root, 'clone');
    await run('git', ['clone', '--quiet', folder, clone]);
    const inClone = (...args: string[]) => run('git', ['-C', clone, ...IDENTITY, ...args]);
    const pointer = 'version https://git-lfs.github.com/spec/v1\n';
    await writeFile(join(clone, '.gitattributes'), '*.bin filter=lfs\n');
    await writeFile(join(clone, 'a.bin'), pointer);
    await inClone('add', '--all');
    await inClone('commit', '--quiet', '--message', 'A pointer');
    const settings = { 'core.autocrlf': 'true', 'filter.lfs.smudge': 'tr a-z A-Z', 'filter.lfs.required': 'true' };
    for (const [key, value] of Object.entries(settings)) await inClone('config', key, value);
    const own = await startOwn(test, { repositories: [{ ...repository, gitDirectory: join(clone, '.git') }] });
    const response = await api('repos/ttd/my-app/archive/master.zip', {}, own);
    const zip = await JSZip.loadAsync(await response.arrayBuffer());
    assert.equal(await zip.file('my-app/a.bin')?.async('string'), pointer);
    assert.equal(await zip.file('my-app/README.md')?.async('string'), 'two\n');
  });

  it('of what is not there, or of another format, is refused', async () => {
    const refused = await json('repos/ttd/my-app/archive/nothing.zip', 404);
    assert.equal(refused.message, 'unrecognized repository reference: nothing');
    for (const ref of ['-o', '--output=x', '', 'master~1', '%2e%2e'])
      await json(`repos/ttd/my-app/archive/${ref}.zip`, 404);
    assert.equal((await json('repos/ttd/my-app/archive/master.rar', 400)).message, 'unknown format: master.rar');
  });

  it('that git can not finish is cut off, and one that it can not begin is answered with 500', async (test) => {
    const damaged = join(root, 'damaged');
    await run('git', ['clone', '--quiet', '--bare', '--no-hardlinks', join(folder, '.git'), damaged]);
    const own = await startOwn(test, { repositories: [{ ...repository, gitDirectory: damaged }] });
    const archive = () => api('repos/ttd/my-app/archive/big.zip', {}, own);
    // A clone of a folder copies loose objects as they are: they can be taken away one by one.
    const remove = async (expression: string) => {
      const id = await git('rev-parse', expression);
      await rm(join(damaged, 'objects', id.slice(0, 2), id.slice(2)));
    };
    await remove('big:README.md');
    const cut = await archive();
    assert.equal(cut.status, 200);
    await assert.rejects(cut.arrayBuffer());

    await remove('big^{tree}');
    const broken = await archive();
    assert.equal(broken.status, 500);
    assert.equal(broken.headers.get('content-disposition'), null);
    assert.match(((await broken.json()) as { message: string }).message, /git archive: /);
  });

  it('that the client gives up on does not hold the others up', { timeout: 20_000 }, async () => {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const response = await api('repos/ttd/my-app/archive/big.zip');
        await response.body?.cancel();
      }),
    );
    assert.equal((await api('repos/ttd/my-app/archive/master.zip')).status, 200);
  });
});

describe('contents', () => {
  it('of a file are its bytes', async () => {
    const file = await json('repos/ttd/my-app/contents/App/config/applicationmetadata.json');
    assert.equal(file.name, 'applicationmetadata.json');
    assert.equal(file.path, 'App/config/applicationmetadata.json');
    assert.equal(file.type, 'file');
    assert.equal(file.size, 19);
    assert.equal(file.encoding, 'base64');
    assert.equal(Buffer.from(file.content, 'base64').toString(), '{"id":"ttd/my-app"}');
    assert.equal(file.sha, await git('rev-parse', 'HEAD:App/config/applicationmetadata.json'));
    const named = await json(`repos/ttd/my-app/contents/App/${encodeURIComponent('æ ø.txt')}`);
    assert.equal(Buffer.from(named.content, 'base64').toString(), 'å');
  });

  it('are those at the ref asked for', async () => {
    for (const [ref, text] of Object.entries({
      'v1.0': 'one\n',
      'feature/one': 'one\n',
      [head]: 'two\n',
      '': 'two\n',
    })) {
      const file = await json(`repos/ttd/my-app/contents/README.md?ref=${encodeURIComponent(ref)}`);
      assert.equal(Buffer.from(file.content, 'base64').toString(), text, ref);
    }
  });

  it('of a folder are a list, without what is in the files', async () => {
    const top = await json('repos/ttd/my-app/contents');
    const named = top.map(({ path, type, content }: Record<string, unknown>) => [path, type, content]);
    assert.deepEqual(named, [
      ['App', 'dir', null],
      ['README.md', 'file', null],
      ['link', 'symlink', null],
    ]);
    assert.deepEqual(await json('repos/ttd/my-app/contents/'), top);
    const [config] = await json('repos/ttd/my-app/contents/App/config/');
    assert.equal(config.path, 'App/config/applicationmetadata.json');
    assert.equal((await json('repos/ttd/my-app/contents/link')).target, 'README.md');
  });

  it('that are not there, or lie outside, are answered with 404', async () => {
    for (const path of ['nothing', 'App/nothing', 'README.md/x', '*', '%00', 'a%0Ab', ':README.md'])
      assert.equal((await json(`repos/ttd/my-app/contents/${path}`, 404)).message, 'GetContentsOrList');
    await json('repos/ttd/my-app/contents/README.md?ref=nothing', 404);
    await json('repos/ttd/my-app/contents/README.md?ref=--output=x', 404);
  });
});

describe("an organization's repositories", () => {
  const page = async (query: string) => {
    const response = await api(`orgs/ttd/repos${query}`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-total-count'), '65');
    const names = ((await response.json()) as { name: string }[]).map(({ name }) => name);
    const links = (response.headers.get('link') ?? '').replaceAll(`${gitea.url}/api/v1/orgs/ttd/repos`, '');
    return { names, links };
  };

  it('come 30 at a time, or as many as are asked for up to 50', async () => {
    assert.equal((await page('')).names.length, 30);
    assert.equal((await page('?limit=7')).names.length, 7);
    assert.equal((await page('?limit=1000')).names.length, 50);
    assert.equal((await page('?limit=-1&page=x')).names.length, 30);
  });

  it('are all found by the links to the next page', async () => {
    const found: string[] = [];
    for (let query: string | undefined = '?limit=30'; query !== undefined; ) {
      const { names, links } = await page(query);
      found.push(...names);
      query = /<([^>]*)>; rel="next"/.exec(links)?.[1];
    }
    assert.equal(new Set(found).size, 65);
    assert.equal(found.length, 65);
  });

  it('have links to the pages before and after', async () => {
    const at = (number: number) => `<?limit=30&page=${number}>`;
    const [next, last, firstPage, prev] = ['next', 'last', 'first', 'prev'].map((name) => `; rel="${name}"`);
    assert.equal((await page('?limit=30')).links, `${at(2)}${next},${at(3)}${last}`);
    assert.equal(
      (await page('?page=2&limit=30')).links,
      `${at(3)}${next},${at(3)}${last},${at(1)}${firstPage},${at(1)}${prev}`,
    );
    assert.equal((await page('?page=3&limit=30')).links, `${at(1)}${firstPage},${at(2)}${prev}`);
    assert.deepEqual(await page('?page=9&limit=30'), { names: [], links: `${at(1)}${firstPage},${at(2)}${prev}` });
    assert.equal((await api('orgs/dibk/repos')).headers.get('link'), null);
  });

  it('of an organization that is not there are answered with 404', async () => {
    assert.deepEqual(await json('orgs/nobody/repos', 404), {
      errors: ['user redirect does not exist [name: nobody]'],
      message: 'GetOrgByName',
      url: `${gitea.url}/api/swagger`,
    });
  });
});

describe('the server', () => {
  it('says its version', async () => {
    assert.match((await json('version')).version, /^1\.2\d\.\d+$/);
  });

  it('takes its token in either form and refuses all else', async (test) => {
    const own = await startOwn(test, { repositories: [repository], token: 'secret' });
    const ask = async (authorization?: string) => {
      const response = await api('repos/ttd/my-app', authorization ? { headers: { authorization } } : {}, own);
      return [response.status, ((await response.json()) as { message?: string }).message];
    };
    for (const good of ['token secret', 'Bearer secret', 'TOKEN secret'])
      assert.deepEqual(await ask(good), [200, undefined]);
    assert.deepEqual(await ask(), [401, 'token is required']);
    for (const bad of ['token wrong', 'Bearer secret2', 'secret', 'Basic c2VjcmV0'])
      assert.deepEqual(await ask(bad), [401, 'invalid username, password or token']);
  });

  it('answers HEAD with the headers only, and no other method', async () => {
    for (const path of ['repos/ttd/my-app', 'repos/ttd/my-app/archive/master.zip']) {
      const response = await api(path, { method: 'HEAD' });
      assert.equal(response.status, 200);
      assert.equal(await response.text(), '');
    }
    assert.equal((await api('repos/ttd/nothing', { method: 'HEAD' })).status, 404);
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const response = await api('repos/ttd/my-app', { method });
      assert.equal(response.status, 405);
      assert.equal(response.headers.get('allow'), 'GET, HEAD');
    }
  });

  it('reaches nothing but the repositories, however the path is written', async () => {
    const paths = [
      '/api/v1/repos/ttd/../../etc',
      '/api/v1/repos/%2e%2e/my-app',
      '/api/v1/repos/ttd%2Fmy-app/x',
      '/api/v1/repos/ttd/my-app/contents/../../../etc/passwd',
      '/api/v1/repos/ttd/my-app/contents/%2e%2e%2f.git%2fconfig',
      '/api/v1/repos/ttd/my-app/contents/.git/config',
      '/api/v1/repos/ttd/my-app/../my-app',
      '/api/v1/repos/__proto__/constructor',
      '//api/v1/version',
    ];
    for (const path of paths) assert.equal(await rawStatus(path), 404, path);
    assert.equal(await rawStatus('/api/v1/repos/ttd/%zz'), 400);
  });

  it('answers many calls at once', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const path = ['git/commits/master', 'archive/master.zip', 'contents/App', ''][index % 4];
        const response = await api(`repos/ttd/my-app/${path}`);
        await response.arrayBuffer();
        return response.status;
      }),
    );
    assert.deepEqual(new Set(statuses), new Set([200]));
  });

  it('listens where it is told, says so when it can not, and closes at once, twice if need be', async (test) => {
    const own = await startOwn(test, { repositories: [repository] });
    const port = Number(new URL(own.url).port);
    await assert.rejects(startGitea({ repositories: [], port }), /port \d+: the port is taken/);
    await (await api('version', {}, own)).json(); // leaves a connection open
    await own.close();
    await own.close();
    await assert.rejects(api('version', {}, own));
    const again = await startOwn(test, { repositories: [], port });
    assert.equal(again.url, own.url);
  });
});
