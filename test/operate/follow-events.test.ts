import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import type { Deployment } from '../../src/model/deployment.ts';
import { artifactBlob } from '../../src/model/names.ts';
import type { EventPage } from '../../src/operate/follow-events.ts';
import { get } from '../support/api.ts';
import { deployRequest } from '../support/requests.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

describe('following events', () => {
  let stack: TestStack;
  before(async () => {
    stack = await startTestStack({ blobEvents: false });
  });
  after(() => stack.stop());

  const deploy = (envName: string, app = 'parking-permit') => stack.app.deploy(deployRequest(app, envName));
  const accept = (of: Deployment) => stack.app.acceptArtifact(artifactBlob({ ...of, deploymentId: of.id }));
  async function events(path: string): Promise<EventPage> {
    const { status, body } = await get(`${stack.run.functionsUrl}/api/v1/ttd/${path}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }
  const types = ({ events: found }: EventPage) => found.map(({ type }) => type);

  it('gives them in order, page by page, and where to go on', async () => {
    const deployment = await deploy('at22');
    await accept(deployment);
    const path = `parking-permit/deployments/${deployment.id}/events`;
    const all = await events(path);
    assert.deepEqual(types(all), ['accepted', 'building', 'uploaded', 'published']);
    assert.deepEqual([all.isMore, all.after], [false, all.events.at(-1)?.id]);
    const first = await events(`${path}?limit=3`);
    assert.deepEqual([types(first).length, first.isMore], [3, true]);
    assert.deepEqual(types(await events(`${path}?limit=3&after=${first.after}`)), ['published']);
    const end = await events(`${path}?after=${all.after}`);
    assert.deepEqual([end.events, end.after, end.isMore], [[], all.after, false]);
  });

  it('of an org gives those of all its apps', async () => {
    const { after: seen } = await events('-/events?limit=100');
    const [one, other] = await Promise.all([deploy('at23'), deploy('at23', 'grant-application')]);
    const page = await events(`-/events?after=${seen}`);
    assert.deepEqual(new Set(page.events.map(({ deploymentId }) => deploymentId)), new Set([one.id, other.id]));
    assert.deepEqual(
      page.events.map(({ id }) => id),
      page.events.map(({ id }) => id).toSorted((a, b) => a - b),
    );
  });

  it('gives each of very many that came at once its number, in their order', async () => {
    const { id } = await deploy('yt01');
    const many = 25_000;
    await stack.sql(
      `insert into pull_deploy.deployment_events (deployment_id, org, type, message, origin)
       select $1, 'ttd', 'noted', n::text, 'operator' from generate_series(1, $2::int) n`,
      [id, many],
    );
    await events(`parking-permit/deployments/${id}/events`);
    const [told] = await stack.sql<{ count: string; numbers: string; disordered: string }>(
      `select count(*), count(distinct position) as numbers, count(*) filter (where position < before) as disordered
         from (select position, lag(position) over (order by id) as before from pull_deploy.deployment_events
                where deployment_id = $1 and type = 'noted') e`,
      [id],
    );
    assert.deepEqual(told, { count: String(many), numbers: String(many), disordered: '0' });
    await stack.sql(`delete from pull_deploy.deployment_events where type = 'noted'`);
  });

  it('waits for the first, and answers as soon as it is there', async () => {
    const deployment = await deploy('at24');
    const path = `parking-permit/deployments/${deployment.id}/events`;
    const { after: seen } = await events(path);
    const waiting = events(`${path}?after=${seen}&wait=30`);
    await accept(deployment);
    assert.deepEqual(types(await waiting), ['published']);
  });

  it('answers with none when nothing comes in time', async () => {
    const { after: seen } = await events('-/events?limit=100');
    const page = await events(`-/events?after=${seen}&wait=1`);
    assert.deepEqual([page.events, page.after], [[], seen]);
  });

  it('refuses to wait longer than half a minute', async () => {
    for (const query of ['wait=31', 'wait=-1', 'wait=x', 'after=-1', 'after=1.5', 'limit=0'])
      assert.equal((await get(`${stack.run.functionsUrl}/api/v1/ttd/-/events?${query}`)).status, 400, query);
  });

  it('misses none that is committed late by another process', async () => {
    const deployment = await deploy('yt01');
    const slow = new pg.Client({ connectionString: stack.run.postgresUrl });
    await slow.connect();
    const insert = `insert into pull_deploy.deployment_events (deployment_id, org, type, message, origin)
                    values ($1, 'ttd', $2, '', 'timer')`;
    const path = `parking-permit/deployments/${deployment.id}/events`;
    let { after: seen } = await events(path);
    await slow.query('begin');
    // Its number is lower than that of the next, which everyone can see before it.
    await slow.query(insert, [deployment.id, 'slow']);
    await stack.sql(insert, [deployment.id, 'fast']);
    const before = await events(`${path}?after=${seen}`);
    assert.deepEqual(types(before), ['fast']);
    seen = before.after;
    await slow.query('commit');
    await slow.end();
    assert.deepEqual(types(await events(`${path}?after=${seen}`)), ['slow']);
    assert.deepEqual(types(await events(path)).slice(-2), ['fast', 'slow']);
  });

  it('shows the same to many readers while many write', async () => {
    const deployment = await deploy('production');
    const path = `parking-permit/deployments/${deployment.id}/events`;
    const { after: start } = await events(path);
    const WRITES = 60;
    const insert = `insert into pull_deploy.deployment_events (deployment_id, org, type, message, origin)
                    values ($1, 'ttd', $2, '', 'timer')`;
    const writing = Promise.all(
      Array.from({ length: WRITES }, (_, index) => stack.sql(insert, [deployment.id, `w${index}`])),
    );
    const read = async (): Promise<string[]> => {
      const seen: string[] = [];
      let after = start;
      while (seen.length < WRITES) {
        const page = await events(`${path}?after=${after}&limit=7&wait=5`);
        seen.push(...types(page));
        after = page.after;
      }
      return seen;
    };
    const readers = await Promise.all(Array.from({ length: 6 }, read));
    await writing;
    for (const seen of readers) {
      assert.equal(new Set(seen).size, WRITES);
      assert.deepEqual(seen, readers[0]);
    }
  });
});
