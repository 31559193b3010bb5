import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { makeApp } from '../../src/app.ts';
import { AppError } from '../../src/errors.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import type { Studio } from '../../src/model/environments.ts';
import { artifactBlob, releaseBlob } from '../../src/model/names.ts';
import type { Ports } from '../../src/ports.ts';
import { withHooks } from '../support/ports.ts';
import { deployRequest } from '../support/requests.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

describe('an artifact that is refused', () => {
  let stack: TestStack;
  let ports: Ports;
  before(async () => {
    stack = await startTestStack({ blobEvents: false });
    ports = stack.connection.ports;
  });
  after(() => stack.stop());

  const deploy = (envName = 'tt02') => stack.app.deploy(deployRequest('parking-permit', envName));
  const blobOf = (of: Deployment) => artifactBlob({ ...of, deploymentId: of.id });
  const container = (name: string) => stack.studioStorage().container(name);
  const isIn = async (name: string, blob: string) => (await container(name).etag(blob)) !== undefined;
  const stateOf = async ({ id }: Deployment) => (await ports.ledger.deployment(id))?.state;
  const codeOf = async ({ id }: Deployment) => (await ports.ledger.deployment(id))?.problems[0]?.code;
  const dead = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'the process is gone'));
  /** As where a process dies: nothing after it happens. */
  const dying: [string, Parameters<typeof withHooks>[1]][] = [
    ['before it is put aside', { artifacts: { quarantine: () => dead } }],
    ['before its deployment is told', { ledger: { move: () => dead } }],
    ['before it is taken away', { artifacts: { removeIncoming: () => dead } }],
  ];

  for (const [when, hooks] of dying) {
    it(`is put aside though the process dies ${when}`, async () => {
      const deployment = await deploy();
      await stack.sql(
        `update pull_deploy.deployments set resolved = jsonb_set(resolved, '{chartVersion}', '"0.0.1"') where id = $1`,
        [deployment.id],
      );
      await assert.rejects(makeApp(withHooks(ports, hooks), stack.config.studio).acceptArtifact(blobOf(deployment)));
      const outcome = await stack.app.acceptArtifact(blobOf(deployment));
      assert.ok(outcome === 'refused' || outcome === 'repeated');
      assert.equal(await stateOf(deployment), 'rejected');
      assert.ok(await isIn('rejected', blobOf(deployment)));
      assert.ok(await isIn('rejected', `${blobOf(deployment)}.problems.json`));
      assert.ok(!(await isIn('incoming', blobOf(deployment))));
    });

    it(`is put aside though the process dies ${when}, when it is given up`, async () => {
      const deployment = await deploy();
      for (const _time of [1, 2, 3]) await ports.ledger.countAttempt(blobOf(deployment));
      const later = new Date(Date.now() + 10 * 60_000);
      await makeApp(withHooks(ports, hooks), stack.config.studio).sweepIncoming(later);
      await stack.app.sweepIncoming(later);
      assert.deepEqual([await stateOf(deployment), await codeOf(deployment)], ['failed', 'ACCEPT_FAILED']);
      assert.ok(await isIn('rejected', blobOf(deployment)));
      assert.ok(!(await isIn('incoming', blobOf(deployment))));
    });
  }

  const gone: [string, string, (studio: Studio) => Studio][] = [
    [
      'environment',
      'ENVIRONMENT_UNKNOWN',
      (studio) => ({ ...studio, environments: studio.environments.filter(({ name }) => name !== 'tt02') }),
    ],
    [
      "org's cluster",
      'CLUSTER_UNKNOWN',
      (studio) => ({ ...studio, environments: studio.environments.map((one) => ({ ...one, orgs: [] })) }),
    ],
  ];
  for (const [what, code, without] of gone)
    it(`for its ${what} being gone from the environments file ends its deployment with that reason`, async () => {
      const deployment = await deploy();
      const outcome = await makeApp(ports, without(stack.config.studio)).acceptArtifact(blobOf(deployment));
      assert.equal(outcome, 'refused');
      assert.deepEqual([await stateOf(deployment), await codeOf(deployment)], ['rejected', code]);
      assert.ok(await isIn('rejected', blobOf(deployment)));
    });

  it('says nothing on a deployment that it is not of, whatever its environment', async () => {
    const [, code, without] = gone[0] as (typeof gone)[number];
    const deployment = await deploy();
    const zip = Buffer.from('another');
    await container('incoming').overwrite(blobOf(deployment), zip, 'application/zip');
    assert.equal(await makeApp(ports, without(stack.config.studio)).acceptArtifact(blobOf(deployment)), 'refused');
    assert.notEqual(await codeOf(deployment), code);
    assert.equal(await stateOf(deployment), 'uploaded');
  });

  it('has its reason beside it, however long a name it was dropped by', async () => {
    const start = `${randomUUID()}/`.repeat(25);
    const names = ['1', '2'].map((end) => `${start.padEnd(1_023, 'x')}${end}`);
    // Cut between any two of its halves.
    names.push(`${start}${'\u{1f600}'.repeat((1_024 - start.length) >> 1)}`);
    names.push(`${start}x${'\u{1f600}'.repeat((1_023 - start.length) >> 1)}`);
    for (const name of names) {
      await container('incoming').overwrite(name, Buffer.from(name), 'application/zip');
      assert.equal(await stack.app.acceptArtifact(name), 'refused');
      assert.ok(!(await isIn('incoming', name)));
    }
    const put = (await container('rejected').list(start)).map(({ name }) => name);
    assert.ok(put.every(({ length }) => length <= 1_024));
    const reports = put.filter((name) => name.endsWith('.problems.json'));
    assert.deepEqual([put.length, reports.length], [8, 4]);
    const read = async (name: string) => String((await container('rejected').read(name))?.bytes);
    for (const report of reports) {
      const { blob, problems } = JSON.parse(await read(report));
      assert.equal(problems[0].code, 'ARTIFACT_PATH_INVALID');
      assert.equal(await read(report.replace('.problems.json', '')), blob);
      assert.ok(names.includes(blob));
    }
  });

  for (const what of ['damaged', "another deployment's"])
    it(`is not: it waits, while the archive has a release document under its id that is ${what}`, async () => {
      const before = await deploy('at23');
      assert.equal(await stack.app.acceptArtifact(blobOf(before)), 'published');
      const release = stack.storage('at23').container('app-ttd-parking-permit');
      const published = String((await release.read('release/release.yaml'))?.bytes);
      const deployment = await deploy('at23');
      const name = releaseBlob({ ...deployment, deploymentId: deployment.id });
      const text = what === 'damaged' ? published.slice(0, 100) : published;
      await container('artifacts').overwrite(name, text, 'application/json');
      await assert.rejects(stack.app.acceptArtifact(blobOf(deployment)), {
        code: 'STORAGE_UNAVAILABLE',
        message: /in the archive is damaged: deploy again/,
      });
      assert.equal(String((await release.read('release/release.yaml'))?.bytes), published);
      assert.equal(await stateOf(deployment), 'uploaded');
      await container('artifacts').remove(name, (await container('artifacts').etag(name)) as string);
      assert.equal(await stack.app.acceptArtifact(blobOf(deployment)), 'published');
    });
});
