import assert from 'node:assert/strict';
import type { TestStack } from './stack.ts';

/** The one that the tests of crashes and faults deploy to. */
export const ENVIRONMENT = 'tt02';

const ENDED = ['published', 'applied', 'removed', 'failed', 'rejected', 'superseded'];

/**
 * What must be so of an app once a crash has been recovered from: each deployment has ended, published once at most or
 * with its reason; storage is what the ledger wants; no blob is without a row and no row without its blob.
 */
export async function assertWhole(stack: TestStack, app: string): Promise<void> {
  const rows = await stack.sql<{ id: string; kind: string; state: string; problems: unknown[]; published: string }>(
    `select d.id, d.kind, d.state, d.problems,
            (select count(*) from pull_deploy.deployment_events e where e.deployment_id = d.id and e.type = 'published') as published
       from pull_deploy.deployments d where d.app = $1 order by sequence`,
    [app],
  );
  for (const { id, kind, state, problems, published } of rows) {
    assert.ok(ENDED.includes(state), `${kind} ${id} is ${state}`);
    assert.ok(Number(published) <= 1, `${kind} ${id} was published ${published} times`);
    if (state === 'failed' || state === 'rejected') assert.ok(problems.length > 0, `${kind} ${id} has no reason`);
  }
  await assertArchived(stack, app);
  await assertPublished(stack, app);
}

async function assertArchived(stack: TestStack, app: string): Promise<void> {
  const studio = stack.studioStorage();
  const names = async (container: string) =>
    (await studio.container(container).list(`ttd/${app}/`)).map(({ name }) => name.slice(name.lastIndexOf('/') + 1));
  assert.deepEqual(await names('incoming'), [], 'left in incoming');
  const indexed = await stack.sql<{ id: string }>(
    'select deployment_id as id from pull_deploy.artifacts where app = $1',
    [app],
  );
  const undeploys = await stack.sql<{ id: string; state: string }>(
    `select id, state from pull_deploy.deployments where app = $1 and kind = 'undeploy' and state <> 'failed'`,
    [app],
  );
  const release = ({ id }: { id: string }) => `${id}.release.json`;
  // A newer deployment may have been published before it had a document, its process being dead: then it needs none.
  const optional = new Set(undeploys.filter(({ state }) => state === 'superseded').map(release));
  const archived = (await names('artifacts')).filter((name) => !optional.has(name));
  const expected = [
    ...indexed.flatMap(({ id }) => [`${id}.release.json`, `${id}.zip`]),
    ...undeploys.map(release).filter((name) => !optional.has(name)),
  ];
  assert.deepEqual(archived.sort(), expected.sort(), 'archive and index');
}

async function assertPublished(stack: TestStack, app: string): Promise<void> {
  const [release] = await stack.sql<{ wanted: string | null; sequence: string; published: string | null; since: Date }>(
    `select wanted_deployment as wanted, wanted_sequence as sequence, published_deployment as published, source_since as since
       from pull_deploy.releases where app = $1 and environment = $2`,
    [app, ENVIRONMENT],
  );
  if (release === undefined) return;
  assert.equal(release.published, release.wanted, 'published is not what is wanted');
  assert.ok(release.since, 'it has no source');
  const storage = stack.storage(ENVIRONMENT);
  const stored = String((await storage.container(`app-ttd-${app}`).read('release/release.yaml'))?.bytes);
  const { data } = JSON.parse(stored).items[0];
  assert.deepEqual([data.deploymentId ?? null, data.sequence], [release.wanted, release.sequence]);
  const sources = String((await storage.container('cluster-ttd').read('sources/sources.yaml'))?.bytes);
  assert.ok(sources.includes(`"ttd-${app}-dev"`), 'the sources do not name it');
}
