import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type App, makeApp } from '../../src/app.ts';
import { artifactBlob } from '../../src/model/names.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { ENVIRONMENT } from '../support/assert-whole.ts';
import { withHooks } from '../support/ports.ts';
import { deployRequest } from '../support/requests.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { runs } from './runs.ts';

/** What someone does by hand to one app, in storage or in the database. */
const ACTIONS = [
  'delete release',
  'alter release',
  'cut release',
  'empty release',
  'delete container content',
  'forget published',
  'forget source',
  'lose etag',
] as const;
type Action = (typeof ACTIONS)[number];
const CLUSTER_ACTIONS = [
  'delete sources',
  'cut sources',
  'delete guard',
  'drop an entry',
  'add a foreign entry',
  'none',
] as const;

/** A sixtieth of the releases is looked at in each pass. */
const FULL_ROUND = 60;

describe('storage and ledger, altered by hand', () => {
  let stack: TestStack;
  let folder: string;
  let apps: string[];
  let passes = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    const count = process.env.LONG === '1' ? 1_000 : 30;
    apps = Array.from({ length: count }, (_, index) => `app-${index}`);
    await writeApp(folder, 'ttd', 'app-0', minimalApp('ttd', 'app-0'));
    stack = await startTestStack({ apps: folder, blobEvents: false });
    for (const app of apps) await stack.connection.ports.ledger.registerApp({ org: 'ttd', app });
    const deployment = await stack.app.deploy(deployRequest('app-0', ENVIRONMENT));
    await stack.app.acceptArtifact(artifactBlob({ ...deployment, deploymentId: deployment.id }));
    await fullRound();
  });
  after(async () => {
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  const only = () => {
    const { studio } = stack.config;
    return { ...studio, environments: studio.environments.filter(({ name }) => name === ENVIRONMENT) };
  };
  const started = Date.now();
  /** A minute after the other, by a clock that is an hour ahead or behind: order comes from the database. */
  const pass = (app: App) =>
    app.reconcileSources(new Date(started + passes * 60_000 + ((passes++ % 3) - 1) * 3_600_000));
  async function fullRound(hooks: Parameters<typeof withHooks>[1] = {}): Promise<void> {
    const app = makeApp(withHooks(stack.connection.ports, hooks), only());
    for (let number = 0; number < FULL_ROUND; number++) await pass(app);
  }
  const container = (name: string) => stack.storage(ENVIRONMENT).container(name);
  const everything = async () => {
    const documents = new Map<string, string>();
    for (const app of apps)
      documents.set(app, String((await container(`app-ttd-${app}`).read('release/release.yaml'))?.bytes));
    for (const blob of ['sources/sources.yaml', 'sources/kustomization.yaml'])
      documents.set(blob, String((await container('cluster-ttd').read(blob))?.bytes));
    return documents;
  };

  async function alter(app: string, action: Action): Promise<void> {
    const releases = container(`app-ttd-${app}`);
    const stored = await releases.read('release/release.yaml');
    const text = String(stored?.bytes);
    const write = (content: string) => releases.overwrite('release/release.yaml', content, 'application/yaml');
    const set = (what: string) =>
      stack.sql(`update pull_deploy.releases set ${what} where app = $1 and environment = $2`, [app, ENVIRONMENT]);
    if (action === 'delete release' && stored) await releases.remove('release/release.yaml', stored.etag);
    if (action === 'alter release') await write(text.replace('"kind": "ConfigMap"', '"kind": "ConfigMap", "x": 1'));
    if (action === 'cut release') await write(text.slice(0, text.length / 2));
    if (action === 'empty release') await write('');
    if (action === 'delete container content')
      for (const { name } of await releases.list(''))
        await releases.remove(name, (await releases.read(name))?.etag ?? '');
    if (action === 'forget source') await set('source_since = null');
    if (action === 'lose etag') await set(`published_etag = 'lost'`);
    if (action === 'forget published') await set('published_etag = null, published_at = null');
  }

  async function alterCluster(action: (typeof CLUSTER_ACTIONS)[number]): Promise<void> {
    const cluster = container('cluster-ttd');
    const sources = await cluster.read('sources/sources.yaml');
    const text = String(sources?.bytes);
    const write = (content: string) => cluster.overwrite('sources/sources.yaml', content, 'application/yaml');
    if (action === 'delete sources' && sources) await cluster.remove('sources/sources.yaml', sources.etag);
    if (action === 'cut sources') await write(text.slice(0, text.length / 3));
    if (action === 'delete guard')
      await cluster.remove('sources/kustomization.yaml', (await cluster.etag('sources/kustomization.yaml')) ?? '');
    if (action === 'drop an entry') await write(withItems(text, (items) => items.slice(0, -2)));
    if (action === 'add a foreign entry')
      await write(
        withItems(text, (items) => [
          ...items,
          { apiVersion: 'v1', kind: 'Bucket', metadata: { name: 'foreign', namespace: 'default' } },
        ]),
      );
  }

  function withItems(text: string, change: (items: unknown[]) => unknown[]): string {
    const list = JSON.parse(text) as { items: unknown[] };
    return JSON.stringify({ ...list, items: change(list.items) }, null, 2);
  }

  it('are the same again after a full round, and nothing is written in the next', async (t) => {
    const before = await everything();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(apps.length - 1), fc.constantFrom(...ACTIONS)), { minLength: 1, maxLength: 12 }),
        fc.constantFrom(...CLUSTER_ACTIONS),
        async (actions, clusterAction) => {
          for (const [index, action] of actions) await alter(apps[index] as string, action);
          await alterCluster(clusterAction);
          await fullRound();
          const now = await everything();
          // What a stranger has put there is kept.
          if (clusterAction === 'add a foreign entry') {
            assert.match(now.get('sources/sources.yaml') ?? '', /"name": "foreign"/);
            await alterCluster('none');
            await container('cluster-ttd').overwrite(
              'sources/sources.yaml',
              before.get('sources/sources.yaml') ?? '',
              'application/yaml',
            );
            await fullRound();
          } else for (const [name, text] of before) assert.equal(now.get(name), text, name);
          let writes = 0;
          await fullRound({
            documents: {
              write:
                (write) =>
                (...call) => {
                  writes++;
                  return write(...call);
                },
            },
          });
          assert.equal(writes, 0, 'the next round wrote again');
        },
      ),
      runs(t, { short: 6, long: 40 }),
    );
  });

  it('are not harmed by two timers at once', async () => {
    const before = await everything();
    for (const [index, app] of apps.slice(0, 8).entries()) await alter(app, ACTIONS[index] as Action);
    await alterCluster('drop an entry');
    const timers = [makeApp(stack.connection.ports, only()), makeApp(stack.connection.ports, only())];
    for (let number = 0; number < FULL_ROUND; number++) await Promise.all(timers.map(pass));
    assert.deepEqual(await everything(), before);
  });
});
