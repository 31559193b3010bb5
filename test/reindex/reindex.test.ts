import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { migrate } from '../../infra/migrations.ts';
import { AppError } from '../../src/errors.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { sha256 } from '../../src/model/digest.ts';
import { artifactBlob, releaseBlob } from '../../src/model/names.ts';
import { type ReindexReport, reindex } from '../../src/reindex/reindex.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { assertWhole } from '../support/assert-whole.ts';
import { deployRequest } from '../support/requests.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const APPS = ['first-app', 'second-app', 'third-app'];
const ENVIRONMENTS = ['tt02', 'production'];

/** What the database said of a deployment that storage can tell too. */
const TOLD = ['id', 'org', 'app', 'environment', 'sequence', 'tagName', 'commit', 'built'] as const;

describe('a ledger that was lost', () => {
  let stack: TestStack;
  let folder: string;
  /** All that is there before each loss. */
  let documents: ReadonlyMap<string, string>;
  let known: readonly Deployment[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    for (const app of APPS) await writeApp(folder, 'ttd', app, minimalApp('ttd', app));
    stack = await startTestStack({ apps: folder, blobEvents: false });
    await stack.app.discoverApps(new Date());
    const first = await deploy('first-app');
    await deploy('first-app');
    await deploy('first-app', 'production');
    await deploy('second-app');
    await deploy('first-app', 'tt02', { fromDeploymentId: first.id });
    await stack.app.undeploy(request('second-app', 'tt02'));
    await settle();
  });
  after(async () => {
    await stack.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    documents = await published();
    known = await ledgerOf();
  });

  const ports = () => stack.connection.ports;
  const request = (app: string, envName = 'tt02', what = {}) => deployRequest(app, envName, what);
  async function deploy(app: string, envName = 'tt02', what?: object): Promise<Deployment> {
    const deployment = await stack.app.deploy(request(app, envName, what));
    await stack.app.acceptArtifact(blobOf(deployment));
    return deployment;
  }
  const blobOf = (of: Deployment) => artifactBlob({ ...of, deploymentId: of.id });
  const settle = () => stack.app.reconcileSources(new Date());

  async function published(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const environment of ENVIRONMENTS)
      for (const name of await ports().documents.containers(environment))
        for (const blob of await stack.storage(environment).container(name).list('')) {
          const read = await stack.storage(environment).container(name).read(blob.name);
          found.set(`${environment}/${name}/${blob.name}`, `${read?.etag} ${sha256(read?.bytes ?? '')}`);
        }
    return found;
  }
  const ledgerOf = async () => (await ports().ledger.deployments({ org: 'ttd', limit: 1_000 })).toReversed();

  /** As an operator does it: an empty database, the migrations, the command. */
  async function loseDatabase(): Promise<void> {
    await stack.sql('drop schema pull_deploy cascade');
    await migrate(stack.config.database);
  }
  const rebuild = (isDryRun = false): Promise<ReindexReport> =>
    reindex(ports(), stack.config.studio, { isDryRun, tell: () => {} });

  async function assertAsBefore(): Promise<void> {
    const now = await ledgerOf();
    const tell = (deployments: readonly Deployment[]) =>
      deployments
        .map((one) => Object.fromEntries(TOLD.map((name) => [name, one[name]])))
        .sort((a, b) => String(a.id).localeCompare(String(b.id)));
    assert.deepEqual(tell(now), tell(known));
    for (const { id, state, origin } of now) {
      assert.equal(state, known.find((one) => one.id === id)?.state, id);
      assert.equal(origin, 'storage');
    }
    for (const app of APPS) await assertWhole(stack, app);
    await settle();
    assert.deepEqual(await published(), documents, 'no document may have been written');
    assert.deepEqual((await stack.app.checkHealth()).holds, []);
  }

  it('is rebuilt from storage, and the same documents stay published', async () => {
    await loseDatabase();
    await stack.app.discoverApps(new Date());
    await settle();
    assert.ok((await stack.app.checkHealth()).holds.length > 0, 'an empty ledger is told, loudly');
    assert.equal((await rebuild(true)).counts, undefined);
    assert.deepEqual(await ledgerOf(), [], 'a dry run changes nothing');
    const { plan, counts } = await rebuild();
    assert.deepEqual(plan.problems, []);
    assert.equal(counts?.deploymentsAdded, known.length);
    await assertAsBefore();
  });

  it('says in each history where it comes from', async () => {
    const [one] = await ledgerOf();
    const events = await ports().ledger.events({ org: 'ttd', deploymentId: one?.id, after: 0, limit: 10 });
    assert.deepEqual(
      events.map(({ type, origin }) => ({ type, origin })),
      [{ type: 'rebuilt', origin: 'operator' }],
    );
    assert.match(one?.creator ?? '', /not known/);
  });

  it('is the same after a second time', async () => {
    const { counts } = await rebuild();
    assert.deepEqual(counts, { deploymentsAdded: 0, deploymentsEnded: 0, artifactsAdded: 0, releasesChanged: 0 });
    await assertAsBefore();
  });

  it('goes on where it was: sequences, rollbacks and undeploys', async () => {
    const earlier = known.find(({ app, state }) => app === 'first-app' && state === 'superseded') as Deployment;
    const last = known.findLast(({ app, environment }) => app === 'first-app' && environment === 'tt02');
    const again = await deploy('first-app', 'tt02', { fromDeploymentId: earlier.id });
    assert.equal(again.sequence, (last?.sequence ?? 0) + 1);
    assert.equal((await ports().ledger.deployment(again.id))?.state, 'published');
    assert.equal((await ports().ledger.deployment(last?.id ?? ''))?.state, 'superseded');
    await deploy('second-app');
    await stack.app.undeploy(request('first-app', 'production'));
    for (const app of APPS) await assertWhole(stack, app);
  });

  it('is rebuilt from storage and archive alone where an account was emptied too', async () => {
    await loseDatabase();
    const gone = [...documents.keys()].filter((name) => name.startsWith('tt02/'));
    for (const name of gone) await removeDocument(name);
    const { plan } = await rebuild();
    assert.match(plan.problems.join('\n'), /first-app in tt02: not there; .* is taken for published/);
    await settle();
    assert.ok(!(await published()).has('tt02/cluster-ttd/sources/sources.yaml'), 'not by itself');
    await ports().ledger.forgetPublished('tt02');
    await settle();
    // The app that was never deployed is found in Gitea again.
    await stack.app.discoverApps(new Date());
    await settle();
    const content = (of: ReadonlyMap<string, string>) =>
      [...of].map(([name, said]) => `${name}${said.slice(said.indexOf(' '))}`).sort();
    assert.deepEqual(content(await published()), content(documents));
    for (const app of APPS) await assertWhole(stack, app);
  });

  async function removeDocument(name: string): Promise<void> {
    const [environment = '', container = '', ...blob] = name.split('/');
    const holder = stack.storage(environment).container(container);
    await holder.remove(blob.join('/'), (await holder.etag(blob.join('/'))) as string);
  }

  it('that is older than storage gets what it misses, and gives no sequence twice', async () => {
    const second = await deploy('second-app');
    const newest = await deploy('second-app');
    const kept = await published();
    await forgetSince(second);
    // Asked for while the ledger is behind: it fails, having been given a sequence of the archive's.
    await assert.rejects(deploy('second-app'), { code: 'LEDGER_STALE' });
    const { counts } = await rebuild();
    assert.equal(counts?.deploymentsAdded, 2);
    assert.equal((await ports().ledger.deployment(newest.id))?.state, 'published');
    assert.equal((await ports().ledger.deployment(second.id))?.state, 'superseded');
    await settle();
    assert.deepEqual(await published(), kept);
    assert.ok((await deploy('second-app')).sequence > newest.sequence);
    for (const app of APPS) await assertWhole(stack, app);
  });

  /** As a backup from before `first` would have it. */
  async function forgetSince(first: Deployment): Promise<void> {
    const later = `(select id from pull_deploy.deployments where app = $1 and environment = $2 and sequence >= $3)`;
    const values = [first.app, first.environment, first.sequence];
    for (const table of ['deployment_events', 'artifacts'])
      await stack.sql(`delete from pull_deploy.${table} where deployment_id in ${later}`, values);
    await stack.sql(`delete from pull_deploy.deployments where id in ${later}`, values);
    await stack.sql(
      `update pull_deploy.releases r
          set last_sequence = $3 - 1, wanted_sequence = $3 - 1, published_sequence = $3 - 1,
              wanted_deployment = d.id, published_deployment = d.id
         from pull_deploy.deployments d
        where (r.app, r.environment) = ($1, $2) and (d.app, d.environment, d.sequence) = ($1, $2, $3 - 1)`,
      values,
    );
  }

  it('that is older than storage, and has ended what was published since, tells what storage tells', async () => {
    const earlier = await deploy('third-app');
    const late = await deploy('third-app');
    const half = await stack.app.deploy(request('third-app'));
    const incoming = stack.studioStorage().container('incoming');
    const zip = (await incoming.read(blobOf(half)))?.bytes as Buffer;
    await stack.studioStorage().container('artifacts').write(blobOf(half), zip, 'absent', 'application/zip');
    await incoming.remove(blobOf(half), (await incoming.etag(blobOf(half))) as string);
    // The backup is of when all three were being built.
    const ids = [earlier.id, late.id, half.id];
    await stack.sql('delete from pull_deploy.artifacts where deployment_id = any($1)', [ids]);
    await stack.sql(
      `delete from pull_deploy.deployment_events where deployment_id = any($1) and type not in ('accepted', 'building')`,
      [ids],
    );
    await stack.sql(
      `update pull_deploy.deployments set state = 'building', published_at = null, artifact_sha256 = null, artifact_bytes = null,
              inputs_digest = null, deploy_digest = null, created_at = created_at - interval '1 hour' where id = any($1)`,
      [ids],
    );
    await stack.sql(
      `update pull_deploy.releases set wanted_sequence = 0, wanted_deployment = null, published_sequence = 0,
              published_deployment = null where app = 'third-app' and environment = 'tt02'`,
    );
    await stack.app.sweepIncoming(new Date());
    const states = async () =>
      Promise.all(ids.map(async (id) => (await ports().ledger.deployment(id))?.state ?? 'unknown'));
    assert.deepEqual(await states(), ['failed', 'failed', 'failed']);

    await rebuild();
    assert.deepEqual(await states(), ['superseded', 'published', 'failed']);
    for (const { id, environment } of [earlier, late, half]) {
      const { built } = (await ports().ledger.deployment(id)) as Deployment;
      const path = { org: 'ttd', app: 'third-app', environment, deploymentId: id };
      const artifact = await ports().artifacts.readArtifact(path);
      assert.deepEqual([built?.sha256, built?.bytes], [sha256(artifact ?? ''), artifact?.length]);
      assert.ok(built?.inputsDigest && built.deployDigest);
    }
    const { deploymentsEnded, artifactsAdded } = (await rebuild()).counts ?? {};
    assert.deepEqual([deploymentsEnded, artifactsAdded], [0, 0], 'the same after a second time');
    const again = await deploy('third-app', 'tt02', { fromDeploymentId: earlier.id });
    assert.equal((await ports().ledger.deployment(again.id))?.state, 'published');
    const artifacts = stack.studioStorage().container('artifacts');
    await artifacts.remove(blobOf(half), (await artifacts.etag(blobOf(half))) as string);
    await stack.sql('delete from pull_deploy.artifacts where deployment_id = $1', [half.id]);
  });

  it('that fits storage is left as it is, also where a deployment failed after its artifact was archived', async () => {
    const failed = await deploy('third-app');
    await deploy('third-app');
    await stack.sql(
      `update pull_deploy.deployments set state = 'failed', published_at = null, problems = $2 where id = $1`,
      [failed.id, JSON.stringify([{ code: 'ACCEPT_FAILED', message: 'A fault of ours.' }])],
    );
    const before = await ports().ledger.deployment(failed.id);
    assert.equal((await rebuild()).counts?.deploymentsEnded, 0);
    assert.deepEqual(await ports().ledger.deployment(failed.id), before);
    await stack.sql(`update pull_deploy.deployments set state = 'superseded', problems = '[]' where id = $1`, [
      failed.id,
    ]);
  });

  it('lists what is rebuilt into a ledger in use where it belongs, by time as by order', async () => {
    const lost = [await deploy('second-app'), await deploy('second-app')];
    await settle();
    await forgetSince(lost[0] as Deployment);
    const since = new Date(Date.now() - 86_400_000);
    const rows = `pull_deploy.deployments where org = 'ttd'`;
    // What was there is three days old, what was lost one, and what follows is of now.
    await stack.sql(`update pull_deploy.deployments set created_at = created_at - interval '3 days'`);
    const newest = await deploy('first-app', 'production');
    const archive = ports().artifacts.listArchive;
    const listed = lost.map((one) => blobOf(one));
    const aged = {
      ...ports(),
      artifacts: {
        ...ports().artifacts,
        listArchive: async () =>
          (await archive()).map((one) => ({
            ...one,
            lastModified: listed.some((name) => one.name.startsWith(name.replace(/[^/]+$/, '')))
              ? since
              : one.lastModified,
          })),
      },
    };
    await reindex(aged, stack.config.studio, { isDryRun: false, tell: () => {} });
    const byTime = await stack.sql<{ id: string }>(`select id from ${rows} order by created_at desc, ordinal desc`);
    const list = async (filter: object = {}) =>
      (await ports().ledger.deployments({ org: 'ttd', limit: 1_000, ...filter })).map(({ id }) => id);
    assert.deepEqual(
      await list(),
      byTime.map(({ id }) => id),
    );
    const day = 86_400_000;
    const between = (from: number, to: number) => ({
      createdFrom: new Date(since.getTime() + from * day),
      createdTo: new Date(since.getTime() + to * day),
    });
    assert.deepEqual(await list(between(-0.5, 0.5)), [lost[1]?.id, lost[0]?.id]);
    assert.deepEqual(await list(between(0.5, 2)), [newest.id]);
    assert.equal((await list(between(-9, -1))).length, byTime.length - 3);
    assert.equal((await deploy('first-app', 'production')).id, (await list())[0]);
    for (const app of APPS) await assertWhole(stack, app);
  });

  it('has no artifact that was removed while the archive was read', async () => {
    const removed = await deploy('first-app', 'production');
    await deploy('first-app', 'production');
    const { installation, rebuild: write } = ports().ledger;
    const late = {
      ...ports(),
      ledger: {
        ...ports().ledger,
        installation,
        rebuild: async (ledger: Parameters<typeof write>[0]) => {
          const { id, environment } = removed;
          const retention = {
            ...stack.config.studio.policy.retention,
            keepLast: 0,
            keepGood: 0,
            keepDays: 0,
            immutableDays: 0,
          };
          assert.ok(await ports().ledger.beginRemoval(id, retention));
          const path = { org: 'ttd', app: 'first-app', environment, deploymentId: id };
          await ports().artifacts.removeRelease(path);
          await ports().artifacts.removeArtifact(path);
          await ports().ledger.finishRemoval(id, { message: 'Removed.', origin: 'timer' });
          return write(ledger);
        },
      },
    };
    const { counts } = await reindex(late, stack.config.studio, { isDryRun: false, tell: () => {} });
    assert.equal(counts?.artifactsAdded, 0);
    await assertWhole(stack, 'first-app');
  });

  it('is rebuilt also where its lists can not be put in order then, and says so', async () => {
    await loseDatabase();
    const busy = {
      ...ports(),
      ledger: {
        ...ports().ledger,
        putInOrder: () => Promise.reject(new AppError('DATABASE_UNAVAILABLE', 'the database did not answer')),
      },
    };
    const { counts, orderProblem } = await reindex(busy, stack.config.studio, { isDryRun: false, tell: () => {} });
    assert.ok((counts?.deploymentsAdded ?? 0) > 0);
    assert.equal(orderProblem, 'the database did not answer');
    assert.equal((await rebuild()).orderProblem, undefined);
  });

  it('moves only what is newer than what it had before, however much is added', async () => {
    await loseDatabase();
    const early = await stack.app.deploy(request('third-app', 'production'));
    await stack.sql(
      `update pull_deploy.deployments set created_at = created_at + interval '1 hour', state = 'failed' where id = $1`,
      [early.id],
    );
    const incoming = stack.studioStorage().container('incoming');
    await incoming.remove(blobOf(early), (await incoming.etag(blobOf(early))) as string);
    await rebuild();
    const rows = await stack.sql<{ id: string; ordinal: string }>(
      'select id, ordinal from pull_deploy.deployments order by ordinal',
    );
    assert.equal(rows.at(-1)?.id, early.id);
    assert.equal(Number(rows.at(-1)?.ordinal) - Number(rows.at(-2)?.ordinal), 1, 'one row has moved');
  });

  it('gives no event a number that was given in the ledger that was lost', async () => {
    const all = { org: 'ttd', limit: 1_000 };
    const last = (await ports().ledger.events({ ...all, after: 0 })).at(-1)?.position ?? 0;
    await loseDatabase();
    await rebuild();
    const { id } = await deploy('first-app');
    const after = await ports().ledger.events({ ...all, after: last });
    assert.deepEqual(
      after.filter(({ deploymentId }) => deploymentId === id).map(({ type }) => type),
      ['accepted', 'building', 'uploaded', 'published'],
    );
    assert.ok(after.some(({ type }) => type === 'rebuilt'));
  });

  it('keeps as failed what was on its way, and leaves out what is damaged', async () => {
    const half = await stack.app.deploy(request('first-app'));
    const artifacts = stack.studioStorage().container('artifacts');
    const incoming = await stack.studioStorage().container('incoming').read(blobOf(half));
    const zip = incoming?.bytes as Buffer;
    await artifacts.write(blobOf(half), zip, 'absent', 'application/zip');
    const cut = { org: 'ttd', app: 'first-app', environment: 'tt02', deploymentId: randomUUID() };
    await artifacts.write(artifactBlob(cut), zip.subarray(0, 500), 'absent', 'application/zip');
    await artifacts.write('notes.txt', 'by hand', 'absent', 'text/plain');
    await loseDatabase();
    const { plan, incoming: waiting } = await rebuild();
    assert.equal(waiting, 1);
    assert.equal(
      plan.problems.filter((problem) => /notes\.txt|can't be read|not accepted to the end/.test(problem)).length,
      4,
    );
    const rebuilt = await ports().ledger.deployment(half.id);
    assert.equal(rebuilt?.state, 'failed');
    assert.equal(rebuilt?.problems[0]?.code, 'LEDGER_REBUILT');
    assert.ok((rebuilt?.sequence ?? 0) > 0);
    // Its blob is a repetition now.
    assert.equal(await stack.app.acceptArtifact(blobOf(half)), 'repeated');
    await settle();
    assert.deepEqual(await published(), documents);
    for (const name of [artifactBlob(cut), 'notes.txt'])
      await artifacts.remove(name, (await artifacts.etag(name)) as string);
  });

  it('takes a release that is published and not in the archive from where it is published', async () => {
    const current = known.findLast(({ app, state }) => app === 'second-app' && state === 'published') as Deployment;
    const artifacts = stack.studioStorage().container('artifacts');
    const name = releaseBlob({ ...current, deploymentId: current.id });
    const text = String((await artifacts.read(name))?.bytes);
    await artifacts.remove(name, (await artifacts.etag(name)) as string);
    await loseDatabase();
    const { plan } = await rebuild();
    assert.match(plan.problems.join('\n'), /is published, and has no release document in the archive that can be read/);
    assert.equal(String((await artifacts.read(name))?.bytes), text);
    assert.equal((await ports().ledger.deployment(current.id))?.state, 'published');
    await settle();
    assert.deepEqual(await published(), documents);
  });

  it('tells of a damaged release document in the archive, and leaves it', async () => {
    const current = known.findLast(({ app, state }) => app === 'second-app' && state === 'published') as Deployment;
    const artifacts = stack.studioStorage().container('artifacts');
    const name = releaseBlob({ ...current, deploymentId: current.id });
    const text = (await artifacts.read(name))?.bytes as Buffer;
    await artifacts.overwrite(name, 'damaged', 'application/json');
    await loseDatabase();
    const { refusedRepairs, counts } = await rebuild();
    assert.deepEqual(
      refusedRepairs.map(({ deploymentId }) => deploymentId),
      [current.id],
    );
    assert.equal(counts?.deploymentsAdded, known.length);
    assert.equal(String((await artifacts.read(name))?.bytes), 'damaged');
    assert.equal((await ports().ledger.deployment(current.id))?.state, 'published');
    await settle();
    assert.deepEqual(await published(), documents);
    // Nor is it published, where what is published is changed by hand.
    const release = stack.storage('tt02').container('app-ttd-second-app');
    const before = (await release.read('release/release.yaml'))?.bytes as Buffer;
    await release.overwrite('release/release.yaml', 'by hand', 'application/yaml');
    await settle();
    assert.equal(String((await release.read('release/release.yaml'))?.bytes), 'by hand');
    assert.match((await stack.app.checkHealth()).holds[0]?.message ?? '', /in the archive is damaged: deploy again/);
    await artifacts.overwrite(name, text, 'application/json');
    await settle();
    assert.deepEqual((await release.read('release/release.yaml'))?.bytes, before);
    assert.deepEqual((await stack.app.checkHealth()).holds, []);
  });

  it('is not rebuilt into the database of another installation', async () => {
    await loseDatabase();
    await stack.sql(`insert into pull_deploy.apps (org, app) values ('ttd', 'other-app')`);
    await stack.sql(
      `insert into pull_deploy.releases (org, app, environment, last_sequence, wanted_sequence) values ('ttd', 'other-app', 'tt02', 1, 1)`,
    );
    await assert.rejects(rebuild(), { code: 'LEDGER_FOREIGN' });
    assert.deepEqual(await ledgerOf(), []);
    await loseDatabase();
    await rebuild();
  });
});
