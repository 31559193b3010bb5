import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findAppRepositories } from '../../local/gitea/app-folders.ts';
import { makeGitea } from '../../src/adapters/gitea.ts';
import { type App, makeApp } from '../../src/app.ts';
import type { Ports } from '../../src/ports.ts';
import { discoverApps } from '../../src/reconcile/discover-apps.ts';
import { get } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { type Page, type PagesOptions, repository, startGiteaPages } from '../support/gitea-pages.ts';
import { withHooks } from '../support/ports.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const ENVIRONMENTS = ['at22', 'at23', 'at24', 'yt01', 'tt02', 'production'];

describe('discovering the apps in Gitea', () => {
  let stack: TestStack;
  let apps: string;
  let git: string;
  before(async () => {
    apps = await mkdtemp(join(tmpdir(), 'apps-'));
    git = await mkdtemp(join(tmpdir(), 'git-'));
    await writeApp(apps, 'ttd', 'alpha', minimalApp('ttd', 'alpha'));
    await writeApp(apps, 'nav', 'beta', minimalApp('nav', 'beta'));
    stack = await startTestStack({ apps, blobEvents: false });
  });
  after(async () => {
    await stack.stop();
    for (const folder of [apps, git]) await rm(folder, { recursive: true });
  });

  /** Gitea has what the folder has. */
  async function serveFolder(): Promise<void> {
    stack.gitea.setRepositories((await findAppRepositories(apps, git)).repositories);
  }
  const showApp = async (org: string, app: string) =>
    (await get(`${stack.run.functionsUrl}/api/v1/${org}/${app}`)).body;
  const reconcile = () => stack.app.reconcileSources(new Date());

  async function documents(org: string, app: string, environment: string) {
    const storage = stack.storage(environment);
    const read = async (container: string, blob: string) => {
      const stored = await storage.container(container).read(blob);
      return stored && JSON.parse(stored.bytes.toString());
    };
    return {
      release: await read(`app-${org}-${app}`, 'release/release.yaml'),
      sources: await read(`cluster-${org}`, 'sources/sources.yaml'),
      guard: await read(`cluster-${org}`, 'sources/kustomization.yaml'),
    };
  }

  async function assertPrepared(org: string, app: string): Promise<void> {
    for (const environment of ENVIRONMENTS) {
      const { release, sources, guard } = await documents(org, app, environment);
      assert.equal(release?.items.length, 1, environment);
      const { state, sequence, environment: of } = release.items[0].data;
      assert.deepEqual([state, sequence, of], ['none', '0', environment]);
      const ours = sources.items.filter(
        ({ metadata }: { metadata: { name: string } }) => metadata.name === `${org}-${app}-dev`,
      );
      assert.deepEqual(
        ours.map(({ kind }: { kind: string }) => kind),
        ['Bucket', 'Kustomization'],
      );
      assert.equal(ours[0].spec.bucketName, `app-${org}-${app}`);
      assert.deepEqual(guard.resources, ['sources.yaml']);
    }
  }

  /** Every document that Flux reads, by its ETag. */
  async function allEtags(): Promise<Record<string, string | undefined>> {
    const known = await stack.sql<{ org: string; app: string }>('select org, app from pull_deploy.apps');
    const places = [
      ...known.map(({ org, app }) => [`app-${org}-${app}`, 'release/release.yaml']),
      ...['ttd', 'nav'].map((org) => [`cluster-${org}`, 'sources/sources.yaml']),
    ].flatMap(([container = '', blob = '']) => ENVIRONMENTS.map((environment) => ({ environment, container, blob })));
    const etags = places.map(async ({ environment, container, blob }) => [
      `${environment}/${container}`,
      await stack.storage(environment).container(container).etag(blob),
    ]);
    return Object.fromEntries(await Promise.all(etags));
  }

  it('gives each app found its container, first release and source in every environment of its org', async () => {
    const found = await stack.app.discoverApps(new Date());
    assert.deepEqual([found.newApps, found.failures], [['nav/beta', 'ttd/alpha'], 0]);
    assert.equal((await reconcile()).failures, 0);
    await assertPrepared('ttd', 'alpha');
    await assertPrepared('nav', 'beta');
  });

  it('looks into nothing that has not changed', async () => {
    const { newApps, lookedInto, missingApps } = await stack.app.discoverApps(new Date());
    assert.deepEqual([newApps, lookedInto, missingApps], [[], 0, []]);
  });

  it('finds an app that has come since', async () => {
    await writeApp(apps, 'ttd', 'newcomer', minimalApp('ttd', 'newcomer'));
    await serveFolder();
    assert.deepEqual((await stack.app.discoverApps(new Date())).newApps, ['ttd/newcomer']);
    const { releasesPublished, failures } = await reconcile();
    assert.deepEqual([releasesPublished, failures], [6, 0]);
    await assertPrepared('ttd', 'newcomer');
    await assertPrepared('ttd', 'alpha');
  });

  it('finds an app whose metadata is larger than any answer that is taken', async () => {
    const app = minimalApp('ttd', 'large');
    const metadata = JSON.parse(app['App/config/applicationmetadata.json'] ?? '');
    const large = JSON.stringify({ ...metadata, description: 'x'.repeat(2 ** 20) });
    await writeApp(apps, 'ttd', 'large', { ...app, 'App/config/applicationmetadata.json': large });
    await serveFolder();
    const { newApps, failures } = await stack.app.discoverApps(new Date());
    assert.deepEqual([newApps, failures], [['ttd/large'], 0]);
    assert.equal((await reconcile()).failures, 0);
  });

  it('takes a repository without metadata for no app, and looks again only when it has changed', async () => {
    const folder = join(apps, 'ttd', 'becoming');
    const commit = async (files: Record<string, string>, date: string) => {
      await writeApp(apps, 'ttd', 'becoming', files);
      const identity = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
      const run = (...args: string[]) =>
        execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@localhost', ...args], {
          cwd: folder,
          env: { ...process.env, ...identity },
          stdio: 'pipe',
        });
      run('init', '--quiet');
      run('add', '--all');
      run('commit', '--quiet', '--message', date);
      await serveFolder();
    };
    const asked: string[] = [];
    const watching = makeApp(
      withHooks(stack.connection.ports, {
        repositories: {
          hasFile: (hasFile) => async (name, path) => {
            asked.push(name.app);
            return hasFile(name, path);
          },
        },
      }),
      stack.config.studio,
    );
    await commit({ 'README.md': 'Not yet.\n' }, '2026-03-01T00:00:00Z');
    assert.deepEqual((await watching.discoverApps(new Date())).newApps, []);
    assert.deepEqual(asked, ['becoming']);
    assert.equal((await get(`${stack.run.functionsUrl}/api/v1/ttd/becoming`)).status, 404);

    await watching.discoverApps(new Date());
    assert.deepEqual(asked, ['becoming']);

    await commit({ 'README.md': 'Still not.\n' }, '2026-03-02T00:00:00Z');
    assert.deepEqual((await watching.discoverApps(new Date())).newApps, []);
    assert.deepEqual(asked, ['becoming', 'becoming']);

    await commit(minimalApp('ttd', 'becoming'), '2026-03-03T00:00:00Z');
    assert.deepEqual((await watching.discoverApps(new Date())).newApps, ['ttd/becoming']);
    await reconcile();
    await assertPrepared('ttd', 'becoming');
  });

  it('shows an app that was deleted as missing, changes nothing for it, and takes it back', async () => {
    const before = await allEtags();
    const aside = join(git, 'aside');
    await rename(join(apps, 'ttd', 'alpha'), aside);
    await serveFolder();
    assert.deepEqual((await stack.app.discoverApps(new Date())).missingApps, ['ttd/alpha']);
    const { missingSince, environments } = await showApp('ttd', 'alpha');
    assert.match(missingSince, /^\d{4}-/);
    assert.ok(environments.every(({ inStep }: { inStep: boolean }) => inStep));

    const again = await stack.app.discoverApps(new Date());
    assert.deepEqual([again.missingApps, again.newApps], [['ttd/alpha'], []]);
    assert.equal((await showApp('ttd', 'alpha')).missingSince, missingSince);
    assert.equal((await showApp('ttd', 'newcomer')).missingSince, undefined);
    assert.equal((await reconcile()).planned, 0);
    assert.deepEqual(await allEtags(), before);

    await rename(aside, join(apps, 'ttd', 'alpha'));
    await serveFolder();
    const { missingApps, newApps } = await stack.app.discoverApps(new Date());
    assert.deepEqual([missingApps, newApps], [[], []]);
    assert.equal((await showApp('ttd', 'alpha')).missingSince, undefined);
    assert.equal((await reconcile()).planned, 0);
    assert.deepEqual(await allEtags(), before);
  });

  it('takes a renamed app for a new one and a missing one', async () => {
    await rename(join(apps, 'nav', 'beta'), join(apps, 'nav', 'renamed'));
    await serveFolder();
    const { newApps, missingApps } = await stack.app.discoverApps(new Date());
    assert.deepEqual([newApps, missingApps], [['nav/renamed'], ['nav/beta']]);
    await reconcile();
    await assertPrepared('nav', 'renamed');
    await assertPrepared('nav', 'beta');
    await rename(join(apps, 'nav', 'renamed'), join(apps, 'nav', 'beta'));
    await serveFolder();
    await stack.app.discoverApps(new Date());
  });

  describe('while Gitea', () => {
    let known: Page;
    let unchanged: Record<string, string | undefined>;
    let count = 0;
    before(async () => {
      await serveFolder();
      await stack.app.discoverApps(new Date());
      await reconcile();
      unchanged = await allEtags();
    });
    beforeEach(async () => {
      const rows = await stack.sql<{ app: string }>("select app from pull_deploy.apps where org = 'ttd' order by app");
      known = rows.map(({ app }) => repository(app));
    });
    after(async () => {
      // Whatever Gitea did: no document was changed for it.
      const now = await allEtags();
      for (const [place, etag] of Object.entries(unchanged)) assert.equal(now[place], etag, place);
    });

    async function over(options: PagesOptions, work: (app: App, lookedInto: readonly string[]) => Promise<void>) {
      const server = await startGiteaPages(options);
      const repositories = makeGitea({ url: server.url, token: undefined });
      try {
        await work(makeApp({ ...stack.connection.ports, repositories }, stack.config.studio), server.lookedInto);
      } finally {
        await server.close();
      }
    }
    /** The other org's list is as it should be, with one more app each time. */
    const others = (page: number) => {
      const added = Array.from({ length: count }, (_, index) => `nav-app-${index + 1}`);
      return page > 1 ? [] : ['beta', 'renamed', ...added].map((name) => repository(name));
    };
    const missing = () => stack.sql("select app from pull_deploy.apps where org = 'ttd' and missing_since is not null");

    /** The pages of the org `ttd`; every known app of it is in Gitea all the while. */
    const faults: [string, (page: number, known: readonly unknown[]) => Page][] = [
      ['ends the connection', () => 'cut'],
      ['answers 500', () => ({ status: 500, text: 'oops' })],
      [
        'answers 500 from the second page on',
        (page) => (page === 1 ? [repository('first')] : { status: 500, text: '' }),
      ],
      ['refuses our token', () => ({ status: 401, text: '{}' })],
      ['says that there is no such org', () => ({ status: 404, text: '{}' })],
      ['says so from the second page on', (page) => (page === 1 ? [repository('first')] : { status: 404, text: '{}' })],
      ['cuts its JSON', (_page, all) => ({ status: 200, text: JSON.stringify(all).slice(0, -5) })],
      ['answers with a page for humans', () => ({ status: 200, text: '<html>' })],
      ['answers with something else than a list', () => ({ status: 200, text: '{"data": []}' })],
      ['answers with more than is read', () => [repository('a'.repeat(2 ** 20))]],
      ['repeats a page for ever', () => [repository('first')]],
      ['repeats one page, then ends', (page) => (page <= 2 ? [repository('first')] : [])],
      ['pages in circles', (page) => [repository(['first', 'second', 'third'][page % 3] as string)]],
      [
        'shows a repository on two pages',
        (page) => [[repository('first')], [repository('second'), repository('first')], []][page - 1] ?? [],
      ],
      ['never comes to an end', (page) => [repository(`endless-${page}`)]],
      [
        'leaves out when a repository has changed',
        (page, all) => (page > 1 ? [] : all.map((one) => ({ ...(one as object), updated_at: null }))),
      ],
      [
        'loses a repository between two pages because another one was deleted',
        (page, all) => [all.slice(0, 1), all.slice(2)][page - 1] ?? [],
      ],
    ];
    for (const [what, page] of faults)
      it(`${what}, no app is taken for missing, and the other org goes on`, async () => {
        count++;
        await over(
          {
            pages: (org, at) => (org === 'ttd' ? page(at, known as unknown[]) : others(at)),
            contents: (name) => (name.startsWith('nav-app') ? 200 : 404),
          },
          async (app) => {
            const summary = await app.discoverApps(new Date());
            assert.deepEqual(summary.newApps, [`nav/nav-app-${count}`]);
            const found = await missing();
            await stack.sql('update pull_deploy.apps set missing_since = null');
            assert.deepEqual(found, []);
            assert.deepEqual(summary.missingApps, []);
          },
        );
      });

    it('is not there at all, the pass ends, and tells of each org', async () => {
      const repositories = makeGitea({ url: 'http://127.0.0.1:9', token: undefined });
      const summary = await makeApp({ ...stack.connection.ports, repositories }, stack.config.studio).discoverApps(
        new Date(),
      );
      assert.deepEqual([summary.failures, summary.newApps, summary.missingApps], [2, [], []]);
      assert.deepEqual(await missing(), []);
      const told = stack.lines.filter(({ message, level }) => message === 'discovery failed' && level === 'error');
      assert.deepEqual(
        told
          .slice(-2)
          .map(({ fields }) => [fields.org, fields.code])
          .sort(),
        [
          ['nav', 'GITEA_UNAVAILABLE'],
          ['ttd', 'GITEA_UNAVAILABLE'],
        ],
      );
    });

    it('answers for a renamed repository under its old name too, that one is missing', async () => {
      count++;
      await over(
        {
          pages: (org, page) => {
            if (org !== 'ttd') return others(page);
            const [, ...rest] = known as unknown[];
            return page > 1 ? [] : [...rest, repository('new-name')];
          },
          contents: (name) => (name === 'new-name' || name.startsWith('nav-app') ? 200 : 404),
          renamed: (name) => (name === 'alpha' ? 'new-name' : name),
        },
        async (app) => {
          const { newApps, missingApps } = await app.discoverApps(new Date());
          assert.deepEqual([newApps.includes('ttd/new-name'), missingApps], [true, ['ttd/alpha']]);
        },
      );
      assert.deepEqual(await missing(), [{ app: 'alpha' }]);
    });

    it('cannot show one repository, the others of its org are discovered all the same', async () => {
      count++;
      await over(
        {
          pages: (org, page) => {
            if (org !== 'ttd') return others(page);
            const more = [repository('broken', '2026-05-02T00:00:00Z'), repository('behind', '2026-05-01T00:00:00Z')];
            return page > 1 ? [] : [...(known as unknown[]), ...more];
          },
          contents: (name) => (name === 'broken' ? 500 : 200),
        },
        async (app) => {
          const { newApps, failures } = await app.discoverApps(new Date());
          assert.deepEqual(newApps.toSorted(), [`nav/nav-app-${count}`, 'ttd/behind']);
          assert.ok(failures > 0);
        },
      );
    });

    it('has many pages, all are read, the last changed first, without what can be no app', async () => {
      count++;
      const minute = (index: number) => `2026-04-01T00:${String(index % 60).padStart(2, '0')}:00Z`;
      const many = Array.from({ length: 120 }, (_, index) =>
        repository(`many-${String(index).padStart(3, '0')}`, minute(index)),
      );
      const never = [repository('datamodels'), repository('Upper-Case'), repository('two--hyphens')];
      const all = [...(known as unknown[]), ...many, ...never, repository('still-empty', minute(0), true)];
      const pages = (org: string, page: number) =>
        org === 'ttd' ? all.slice((page - 1) * 50, page * 50) : others(page);
      await over({ pages, contents: (name) => (name === 'many-117' ? 200 : 404) }, async (app, lookedInto) => {
        const { newApps, missingApps } = await app.discoverApps(new Date());
        assert.deepEqual([newApps, missingApps], [['ttd/many-117'], []]);
        const asked = lookedInto.filter((name) => name !== `nav-app-${count}`);
        assert.deepEqual(asked.toSorted(), many.map(({ name }) => name).sort());
        const times = asked.map((name) => minute(Number(name.slice(-3))));
        // Some are asked for at once, and overtake each other.
        const newest = times.toSorted().toReversed().slice(0, 40);
        for (const time of times.slice(0, 20)) assert.ok(newest.includes(time), `${times}`);
      });
    });

    it('is slow, a pass ends when its time is over, and the ones after it look into the rest, no org first', async () => {
      const slow = (org: string) =>
        Array.from({ length: 30 }, (_, index) => repository(`${org}-slow-${String(index).padStart(2, '0')}`));
      const pages = (org: string, page: number) => (page > 1 ? [] : slow(org));
      const ports = (repositories: Ports['repositories']) =>
        withHooks(
          { ...stack.connection.ports, repositories },
          {
            repositories: {
              hasFile:
                (has) =>
                async (...of) => {
                  await sleep(150);
                  return has(...of);
                },
            },
          },
        );
      const server = await startGiteaPages({ pages });
      const repositories = makeGitea({ url: server.url, token: undefined });
      const found = new Set<string>();
      const firstFound: string[] = [];
      try {
        let left = 1;
        for (let pass = 0; left > 0; pass++) {
          assert.ok(pass < 60);
          const now = new Date(Date.now() + pass * 600_000);
          const summary = await discoverApps(ports(repositories), stack.config.studio, now, 400);
          ({ left } = summary);
          assert.deepEqual([summary.failures, left > 0 ? summary.missingApps : []], [0, []]);
          for (const name of summary.newApps) found.add(name);
          firstFound.push((summary.newApps[0] ?? '').split('/')[0] ?? '');
        }
      } finally {
        await server.close();
      }
      assert.equal(found.size, 60);
      assert.ok(firstFound[0] !== firstFound[1], `${firstFound}`);
    });

    it('is slow with its pages, no more of them are asked for when the time is over, and nothing is taken for missing', async () => {
      const asked: number[] = [];
      const server = await startGiteaPages({
        pages: (org, page) => {
          if (org === 'ttd') asked.push(page);
          return [repository(`${org}-page-${page}`)];
        },
      });
      const repositories = makeGitea({ url: server.url, token: undefined });
      let looks = 0;
      try {
        const all = await repositories.list('ttd', () => looks++ > 3);
        assert.deepEqual([all.isComplete, all.repositories.length, asked], [false, 4, [1, 2, 3, 4]]);
      } finally {
        await server.close();
      }
    });
  });
});
