import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeApp } from '../../src/app.ts';
import { AppError } from '../../src/errors.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { artifactBlob } from '../../src/model/names.ts';
import type { AppView, EnvironmentView } from '../../src/operate/show-apps.ts';
import type { DocumentPlace, Ports } from '../../src/ports.ts';
import { retireSource } from '../../src/reconcile/retire-source.ts';
import { type Answer, call, get } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { helm, sendTo } from '../support/flux-events.ts';
import { startGiteaPages } from '../support/gitea-pages.ts';
import { withHooks } from '../support/ports.ts';
import { deployRequest } from '../support/requests.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const ENVIRONMENTS = ['at22', 'at23', 'at24', 'yt01', 'tt02', 'production'];

describe('apps and their state at a glance', () => {
  let stack: TestStack;
  let ports: Ports;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    for (const app of ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot'])
      await writeApp(folder, 'ttd', app, minimalApp('ttd', app));
    await writeApp(folder, 'ttd', 'no-app', { 'README.md': 'No app.\n' });
    stack = await startTestStack({ apps: folder, blobEvents: false });
    ports = stack.connection.ports;
  });
  after(async () => {
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  const url = (path: string, base = stack.run.functionsUrl) => `${base}/api/v1/${path}`;
  const put = (path: string, base?: string) => call(url(path, base), { method: 'PUT' });
  const show = async (app: string): Promise<AppView> => {
    const { status, body } = await get(url(`ttd/${app}`));
    assert.equal(status, 200);
    return body;
  };
  const at = (view: AppView, envName: string): EnvironmentView => {
    const found = view.environments.find((one) => one.envName === envName);
    assert.ok(found, envName);
    return found;
  };
  /** In which each release, and what guards each cluster, is looked at once. */
  const passesOfAnHour = () => {
    const now = Date.now();
    return Array.from({ length: 60 }, (_, minute) => new Date(now + minute * 60_000));
  };
  const reconcile = () => stack.app.reconcileSources(new Date());
  const accept = (of: Deployment, app = stack.app) => app.acceptArtifact(artifactBlob({ ...of, deploymentId: of.id }));
  /** Writes of some documents fail, as they do when storage is down. */
  const failing = (fails: (place: DocumentPlace) => boolean) =>
    withHooks(ports, {
      documents: {
        write: (write) => async (place, text, replaces) => {
          if (fails(place)) throw new AppError('STORAGE_UNAVAILABLE', 'storage is down');
          return write(place, text, replaces);
        },
      },
    });
  const without = (fails: (place: DocumentPlace) => boolean) => makeApp(failing(fails), stack.config.studio);

  function assertProblem({ status, body }: Answer, expected: number, ...codes: string[]): void {
    assert.deepEqual([status, body.problems?.map(({ code }: { code: string }) => code)], [expected, codes]);
  }

  async function assertPrepared(app: string): Promise<void> {
    for (const environment of ENVIRONMENTS) {
      const storage = stack.storage(environment);
      const release = await storage.container(`app-ttd-${app}`).read('release/release.yaml');
      const { items } = JSON.parse(String(release?.bytes));
      assert.deepEqual([items.length, items[0].data.state, items[0].data.sequence], [1, 'none', '0']);
      const sources = await storage.container('cluster-ttd').read('sources/sources.yaml');
      const named = JSON.parse(String(sources?.bytes)).items.filter(
        ({ metadata }: { metadata: { name: string } }) => metadata.name === `ttd-${app}-dev`,
      );
      assert.equal(named.length, 2);
      assert.ok(await storage.container('cluster-ttd').etag('sources/kustomization.yaml'));
    }
  }

  describe('PUT of an app', () => {
    it('makes its container, release and source in every environment before it answers', async () => {
      const { status, body } = await put('ttd/alpha');
      assert.equal(status, 201);
      assert.deepEqual(
        body.environments.map(({ envName, inStep }: EnvironmentView) => [envName, inStep]),
        ENVIRONMENTS.map((name) => [name, true]),
      );
      await assertPrepared('alpha');
    });

    it('answers the same a second time, and writes nothing', async () => {
      const etags = () =>
        Promise.all(
          ENVIRONMENTS.flatMap((environment) => [
            stack.storage(environment).container('app-ttd-alpha').etag('release/release.yaml'),
            stack.storage(environment).container('cluster-ttd').etag('sources/sources.yaml'),
          ]),
        );
      const [before, first] = [await etags(), await show('alpha')];
      const { status, body } = await put('ttd/alpha');
      assert.equal(status, 200);
      assert.deepEqual(body, first);
      assert.deepEqual(await etags(), before);
    });

    it('is new once, however many ask at the same time', async () => {
      const answers = await Promise.all([1, 2, 3, 4, 5].map(() => put('ttd/bravo')));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 201]);
      await assertPrepared('bravo');
    });

    it('does not disturb that of another app at the same time', async () => {
      const answers = await Promise.all(['charlie', 'delta', 'echo'].map((app) => put(`ttd/${app}`)));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [201, 201, 201],
      );
      for (const app of ['alpha', 'bravo', 'charlie', 'delta', 'echo']) await assertPrepared(app);
    });

    it('is refused when Gitea has no such repository, or one that is no app', async () => {
      assertProblem(await put('ttd/absent'), 404, 'APP_UNKNOWN');
      assertProblem(await put('ttd/no-app'), 404, 'APP_UNKNOWN');
      assertProblem(await get(url('ttd/absent')), 404, 'APP_UNKNOWN');
      assertProblem(await get(url('ttd/no-app')), 404, 'APP_UNKNOWN');
      assert.equal(await stack.storage('tt02').container('app-ttd-no-app').etag('release/release.yaml'), undefined);
    });

    it('is refused for an org without a cluster, and for names that no app has', async () => {
      assertProblem(await put('nav/alpha'), 404, 'CLUSTER_UNKNOWN');
      assertProblem(await put('ttd/Bad_Name'), 400, 'REQUEST_INVALID');
      assertProblem(await put('ttd/two--hyphens'), 400, 'APP_NAME_UNSUPPORTED');
      assertProblem(await put('toolong/x'), 400, 'REQUEST_INVALID', 'REQUEST_INVALID');
    });

    it('is refused for the old name of a repository that was renamed, which Gitea answers too', async () => {
      const server = await startGiteaPages({ pages: () => [], renamed: () => 'new-name' });
      const api = await stack.serveWith({ GITEA_URL: server.url });
      const answer = await put('ttd/old-name', api.url);
      await api.close();
      await server.close();
      for (const table of ['releases', 'apps'])
        await stack.sql(`delete from pull_deploy.${table} where app = 'old-name'`);
      assertProblem(answer, 404, 'APP_UNKNOWN');
    });

    it('is told when Gitea or the database is down', async () => {
      const DEAD = '127.0.0.1:9';
      const withoutGitea = await stack.serveWith({ GITEA_URL: `http://${DEAD}` });
      const [refused, shown] = [
        await put('ttd/alpha', withoutGitea.url),
        await get(url('ttd/alpha', withoutGitea.url)),
      ];
      await withoutGitea.close();
      assertProblem(refused, 503, 'GITEA_UNAVAILABLE');
      assert.equal(shown.status, 200);
      const withoutDatabase = await stack.serveWith({ DATABASE_URL: `postgres://nobody@${DEAD}/none` });
      const base = withoutDatabase.url;
      const answers = [await put('ttd/alpha', base), await get(url('ttd/alpha', base)), await get(url('ttd', base))];
      await withoutDatabase.close();
      for (const answer of answers) assertProblem(answer, 503, 'DATABASE_UNAVAILABLE');
    });

    it('tells each environment that is not ready, makes the others, and the timer the rest', async () => {
      const broken = without(({ environment }) => ['at23', 'production'].includes(environment));
      await assert.rejects(broken.registerApp({ org: 'ttd', app: 'foxtrot' }), (error: AppError) => {
        assert.deepEqual(
          error.problems.map(({ code, path }) => [code, path]),
          [
            ['STORAGE_UNAVAILABLE', 'at23'],
            ['STORAGE_UNAVAILABLE', 'production'],
          ],
        );
        return true;
      });
      const view = await show('foxtrot');
      assert.deepEqual(
        view.environments.filter(({ inStep }) => !inStep).map(({ envName, reason }) => [envName, reason?.slice(0, 31)]),
        [
          ['at23', 'its release is not there yet; t'],
          ['production', 'its release is not there yet; t'],
        ],
      );
      await reconcile();
      await assertPrepared('foxtrot');
      assert.equal((await put('ttd/foxtrot')).status, 200);
    });
  });

  describe('GET of an app', () => {
    it('shows one that was never deployed: its source, and nothing wanted', async () => {
      const environment = at(await show('bravo'), 'tt02');
      const { source, ...rest } = environment;
      assert.deepEqual(rest, { envName: 'tt02', inStep: true });
      assert.equal(source.isThere, true);
      assert.match(source.since ?? '', /^\d{4}-.*Z$/);
    });

    it('shows one that is known and not prepared yet, with the reason', async () => {
      await ports.ledger.registerApp({ org: 'ttd', app: 'known-only' });
      const view = await show('known-only');
      assert.deepEqual(at(view, 'tt02'), {
        envName: 'tt02',
        source: { isThere: false },
        inStep: false,
        reason: 'its release is not there yet; the timer makes it within a minute or two',
      });
      await reconcile();
      assert.ok((await show('known-only')).environments.every(({ inStep }) => inStep));
    });

    it('shows what is wanted and published after a deployment, and what the cluster has applied', async () => {
      const deployment = await stack.app.deploy(deployRequest('alpha', 'tt02'));
      assert.equal(at(await show('alpha'), 'tt02').wanted, undefined);
      await accept(deployment);
      const view = await show('alpha');
      const { wanted, published, applied, inStep, reason } = at(view, 'tt02');
      const expected = {
        ...{ id: deployment.id, kind: 'deploy', state: 'published', sequence: 1, tagName: '1' },
        commit: deployment.commit,
      };
      assert.deepEqual(wanted, expected);
      const { since, ...release } = published ?? {};
      assert.deepEqual(release, expected);
      assert.match(since ?? '', /^\d{4}-.*Z$/);
      assert.deepEqual([applied, inStep, reason], [undefined, true, undefined]);
      assert.equal(at(view, 'at22').wanted, undefined);

      const told = { name: 'ttd-alpha-dev', reason: 'InstallSucceeded', message: helm.installed('alpha', 1) };
      await sendTo(stack)({ ...told, metadata: { 'deployment-id': deployment.id } });
      const { since: appliedSince, ...runs } = at(await show('alpha'), 'tt02').applied ?? {};
      assert.deepEqual(runs, { ...expected, state: 'applied', helmRevision: 1 });
      assert.match(appliedSince ?? '', /^\d{4}-.*Z$/);
    });

    it('shows what is wanted and not published, and that it is in step once the timer could publish it', async () => {
      const next = await stack.app.deploy(deployRequest('alpha', 'tt02'));
      await assert.rejects(
        accept(
          next,
          without(({ environment }) => environment === 'tt02'),
        ),
      );
      const behind = at(await show('alpha'), 'tt02');
      assert.deepEqual([behind.wanted?.sequence, behind.published?.sequence, behind.inStep], [2, 1, false]);
      assert.equal(behind.reason, 'what is wanted is not published yet; the timer tries each minute');
      await reconcile();
      const { wanted, published, inStep } = at(await show('alpha'), 'tt02');
      assert.deepEqual([wanted?.id, published?.id, published?.state, inStep], [next.id, next.id, 'published', true]);
    });

    it('shows that the sources do not name it yet', async () => {
      await ports.ledger.registerApp({ org: 'ttd', app: 'nameless' });
      await without(({ container }) => container === 'cluster-ttd').reconcileSources(new Date());
      await stack.sql('delete from pull_deploy.holds');
      const { source, inStep, reason } = at(await show('nameless'), 'at24');
      assert.deepEqual([source, inStep], [{ isThere: false }, false]);
      assert.equal(reason, "the cluster's sources do not name it yet; the timer tries each minute");
      await reconcile();
      assert.equal(at(await show('nameless'), 'at24').source.isThere, true);
    });

    it('shows why a release is held, since when, and no other app with it; gone once it could be written', async () => {
      const broken = without(({ container, environment }) => container === 'app-ttd-bravo' && environment === 'yt01');
      await assert.rejects(accept(await stack.app.deploy(deployRequest('bravo', 'yt01')), broken));
      await broken.reconcileSources(new Date());
      const held = at(await show('bravo'), 'yt01');
      assert.equal(held.inStep, false);
      assert.match(held.reason ?? '', /^STORAGE_UNAVAILABLE since \d{4}-\S+Z: storage is down$/);
      await broken.reconcileSources(new Date());
      assert.equal(at(await show('bravo'), 'yt01').reason, held.reason);
      assert.equal(at(await show('bravo'), 'at22').inStep, true);
      assert.equal(at(await show('charlie'), 'yt01').inStep, true);
      await reconcile();
      const { published, inStep } = at(await show('bravo'), 'yt01');
      assert.deepEqual([published?.sequence, published?.state, inStep], [1, 'published', true]);
    });

    it('shows that a document is held that was taken away, for as long as it could not be put back', async () => {
      const release = stack.storage('yt01').container('app-ttd-bravo');
      await release.remove('release/release.yaml', (await release.etag('release/release.yaml')) as string);
      const broken = without(({ container }) => container === 'app-ttd-bravo');
      const passes = passesOfAnHour();
      const seen: boolean[] = [];
      for (const now of passes) {
        await broken.reconcileSources(now);
        seen.push(at(await show('bravo'), 'yt01').inStep);
      }
      // As after a clean-up: whatever the outcome, the next tests find it whole.
      for (const now of passes) await stack.app.reconcileSources(now);
      assert.equal(at(await show('bravo'), 'yt01').inStep, true);
      assert.ok(await release.etag('release/release.yaml'));
      assert.ok(seen.includes(false));
      assert.ok(!seen.slice(seen.indexOf(false)).includes(true), `in step, pass by pass: ${seen}`);
    });

    it("shows why a cluster's sources are held, at every app of the org", async () => {
      const sources = stack.storage('at22').container('cluster-ttd');
      const stored = await sources.read('sources/sources.yaml');
      const document = JSON.parse(String(stored?.bytes));
      document.items[0].data.installation = '00000000-0000-0000-0000-000000000000';
      await sources.overwrite('sources/sources.yaml', JSON.stringify(document), 'application/yaml');
      await reconcile();
      for (const app of ['alpha', 'charlie']) {
        const { inStep, reason } = at(await show(app), 'at22');
        assert.deepEqual([inStep, /^LEDGER_FOREIGN since /.test(reason ?? '')], [false, true]);
        assert.equal(at(await show(app), 'at23').inStep, true);
      }
      await sources.overwrite('sources/sources.yaml', stored?.bytes as Buffer, 'application/yaml');
      await reconcile();
      assert.equal(at(await show('alpha'), 'at22').inStep, true);
    });

    it('shows that the guard beside the sources is held, for as long as it could not be put back', async () => {
      const { studio } = stack.config;
      const orgs = ['ttd', 'aaa', 'bbb', 'ccc'];
      const many = { ...studio, environments: studio.environments.map((one) => ({ ...one, orgs })) };
      const isGuard = ({ environment, container, blob }: DocumentPlace) =>
        environment === 'at22' && container === 'cluster-ttd' && blob === 'sources/kustomization.yaml';
      const broken = makeApp(failing(isGuard), many);
      const passes = passesOfAnHour();
      await makeApp(ports, many).reconcileSources(new Date());
      await stack.storage('at22').container('cluster-ttd').overwrite('sources/kustomization.yaml', '', 'text/plain');
      const seen: boolean[] = [];
      for (const now of passes) {
        await broken.reconcileSources(now);
        seen.push(at(await show('alpha'), 'at22').inStep);
      }
      for (const now of passes) await makeApp(ports, many).reconcileSources(now);
      assert.equal(at(await show('alpha'), 'at22').inStep, true);
      assert.ok(seen.includes(false));
      assert.ok(!seen.slice(seen.indexOf(false)).includes(true), `in step, pass by pass: ${seen}`);
    });

    it('shows one that an operator has retired, until it is deployed again', async () => {
      const key = { org: 'ttd', app: 'delta', environment: 'at23' };
      await retireSource(ports, stack.config.studio, key);
      const retired = at(await show('delta'), 'at23');
      assert.deepEqual([retired.source, retired.inStep], [{ isThere: false }, false]);
      assert.equal(retired.reason, 'retired by an operator; a deployment brings it back');
      assert.equal(at(await show('delta'), 'at24').inStep, true);
      await reconcile();
      assert.equal((await put('ttd/delta')).status, 200);
      assert.equal(at(await show('delta'), 'at23').source.isThere, false);

      await accept(await stack.app.deploy(deployRequest('delta', 'at23')));
      const { source, published, inStep } = at(await show('delta'), 'at23');
      assert.deepEqual([source.isThere, published?.state, inStep], [true, 'published', true]);
    });

    it('shows an environment that is not in the environments file any more', async () => {
      const { studio } = stack.config;
      const fewer = { ...studio, environments: studio.environments.filter(({ name }) => name !== 'tt02') };
      const { environments } = await makeApp(ports, fewer).showApp({ org: 'ttd', app: 'alpha' });
      const { inStep, reason, published } = environments.at(-1) as EnvironmentView;
      assert.deepEqual([environments.at(-1)?.envName, inStep, published?.sequence], ['tt02', false, 2]);
      assert.match(reason ?? '', /not configured, or the org has no cluster there any more; nothing is changed/);
    });
  });

  describe("GET of an org's apps", () => {
    const ALL = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'known-only', 'nameless'];
    const names = ({ body }: Answer) => body.apps.map(({ app }: AppView) => app);

    it('shows all of them by name, as each is shown alone', async () => {
      const answer = await get(url('ttd'));
      assert.deepEqual([answer.status, names(answer), answer.body.nextCursor], [200, ALL, undefined]);
      assert.deepEqual(answer.body.apps[0], await show('alpha'));
    });

    it('pages through them with limit and cursor, whatever the limit', async () => {
      for (const limit of [1, 3, 4, 7, 8, 100]) {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const query = `limit=${limit}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
          const answer = await get(url(`ttd?${query}`));
          assert.equal(answer.status, 200);
          assert.ok(names(answer).length > 0 && names(answer).length <= limit);
          seen.push(...names(answer));
          cursor = answer.body.nextCursor;
        } while (cursor !== undefined);
        assert.deepEqual(seen, ALL);
      }
    });

    it('keeps a cursor good while apps come and go', async () => {
      const { body } = await get(url('ttd?limit=2'));
      await ports.ledger.registerApp({ org: 'ttd', app: 'aaa-before' });
      await ports.ledger.registerApp({ org: 'ttd', app: 'bravo-after' });
      assert.deepEqual(names(await get(url(`ttd?limit=2&cursor=${body.nextCursor}`))), ['bravo-after', 'charlie']);
      await stack.sql("delete from pull_deploy.apps where app in ('aaa-before', 'bravo-after')");
    });

    it('is empty for an org that has none', async () => {
      const { status, body } = await get(url('nav'));
      assert.deepEqual([status, body], [200, { apps: [] }]);
    });

    it('is refused when it is not asked as documented', async () => {
      for (const query of ['limit=0', 'limit=101', 'limit=x', 'limit=1&limit=2', 'page=2', `cursor=${'x'.repeat(101)}`])
        assertProblem(await get(url(`ttd?${query}`)), 400, 'REQUEST_INVALID');
      assertProblem(await get(url('Nonsense')), 400, 'REQUEST_INVALID');
      const { status, headers } = await call(url('ttd/alpha'), { method: 'DELETE' });
      assert.deepEqual([status, headers.get('allow')], [405, 'GET, PUT']);
    });

    it('is refused for a cursor that no page gave', async () => {
      assertProblem(await get(url('ttd?cursor=%00')), 400, 'REQUEST_INVALID');
    });
  });
});
