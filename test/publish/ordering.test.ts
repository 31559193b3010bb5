import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import JSZip from 'jszip';
import { makeApp } from '../../src/app.ts';
import { AppError } from '../../src/errors.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { artifactBlob, RELEASE_BLOB } from '../../src/model/names.ts';
import type { Ports } from '../../src/ports.ts';
import { publishRelease } from '../../src/publish/publish-release.ts';
import { withHooks } from '../support/ports.ts';
import { deployRequest } from '../support/requests.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

describe('deployments of one app, whatever the order of events', () => {
  let stack: TestStack;
  let ports: Ports;
  before(async () => {
    stack = await startTestStack({ blobEvents: false });
    ports = stack.connection.ports;
  });
  after(() => stack.stop());

  const NAME = { org: 'ttd', app: 'parking-permit' };
  const request = (envName: string, tagName = '1') => deployRequest(NAME.app, envName, { tagName });
  const blobOf = (deployment: Deployment) => artifactBlob({ ...deployment, deploymentId: deployment.id });
  const stateOf = async ({ id }: Deployment) => (await ports.ledger.deployment(id))?.state;
  const key = (environment: string) => ({ ...NAME, environment });

  async function published(environment: string) {
    const stored = await stack.storage(environment).container('app-ttd-parking-permit').read('release/release.yaml');
    return stored && JSON.parse(stored.bytes.toString()).items[0].data;
  }

  it('publishes the later of two whose blobs arrive in the wrong order', async () => {
    const first = await stack.app.deploy(request('at22'));
    const second = await stack.app.deploy(request('at22', '2'));
    assert.equal(await stack.app.acceptArtifact(blobOf(second)), 'published');
    assert.equal(await stack.app.acceptArtifact(blobOf(first)), 'superseded');
    assert.equal((await published('at22')).deploymentId, second.id);
    assert.deepEqual([await stateOf(first), await stateOf(second)], ['superseded', 'published']);
  });

  it('accepts an artifact before its request has finished', async () => {
    const early = withHooks(ports, {
      artifacts: {
        uploadIncoming: (upload) => async (path, zip) => {
          const done = await upload(path, zip);
          assert.equal(await stack.app.acceptArtifact(artifactBlob(path)), 'published');
          return done;
        },
      },
    });
    const deployment = await makeApp(early, stack.config.studio).deploy(request('at23'));
    assert.equal(deployment.state, 'published');
    assert.equal(await stateOf(deployment), 'published');
    const events = await ports.ledger.events({ org: 'ttd', deploymentId: deployment.id, after: 0, limit: 1000 });
    assert.deepEqual(
      events.map(({ type }) => type),
      ['accepted', 'building', 'published'],
    );
  });

  it('takes the same blob twice without a second effect', async () => {
    const deployment = await stack.app.deploy(request('at24'));
    const incoming = stack.studioStorage().container('incoming');
    const blob = await incoming.read(blobOf(deployment));
    assert.deepEqual(
      (await Promise.all([1, 2, 3].map(() => stack.app.acceptArtifact(blobOf(deployment))))).every((outcome) =>
        ['published', 'repeated', 'gone', 'ended'].includes(outcome),
      ),
      true,
    );
    const etag = await stack.storage('at24').container('app-ttd-parking-permit').etag('release/release.yaml');
    assert.equal(await stack.app.acceptArtifact(blobOf(deployment)), 'gone');
    await incoming.write(blobOf(deployment), blob?.bytes as Buffer, 'absent', 'application/zip');
    assert.equal(await stack.app.acceptArtifact(blobOf(deployment)), 'repeated');
    assert.equal(await incoming.read(blobOf(deployment)), undefined);
    assert.equal(await stack.storage('at24').container('app-ttd-parking-permit').etag('release/release.yaml'), etag);
    const events = await ports.ledger.events({ org: 'ttd', deploymentId: deployment.id, after: 0, limit: 1000 });
    assert.equal(events.filter(({ type }) => type === 'published').length, 1);
  });

  it('publishes the newest with one read of the document, and reads it again only when another has written it', async () => {
    const accept = async (blobName: string, afterIndexing?: () => Promise<unknown>) => {
      let reads = 0;
      const counting = withHooks(ports, {
        documents: {
          read: (read) => (place) => {
            if (place.blob === RELEASE_BLOB) reads++;
            return read(place);
          },
        },
        ledger: {
          indexArtifact:
            (index) =>
            async (...indexed) => {
              const outcome = await index(...indexed);
              await afterIndexing?.();
              return outcome;
            },
        },
      });
      await makeApp(counting, stack.config.studio).acceptArtifact(blobName);
      return reads;
    };
    const quiet = await stack.app.deploy(request('at22'));
    assert.equal(await accept(blobOf(quiet)), 1);
    assert.equal((await published('at22')).deploymentId, quiet.id);

    const slow = await stack.app.deploy(request('at22', '2'));
    const fast = await stack.app.deploy(request('at22', '1'));
    assert.equal(await accept(blobOf(slow), () => stack.app.acceptArtifact(blobOf(fast))), 2);
    assert.equal((await published('at22')).deploymentId, fast.id);
    assert.deepEqual([await stateOf(slow), await stateOf(fast)], ['superseded', 'published']);
  });

  it('does not take an account for emptied whose first release another process has just written', async () => {
    const deployment = await stack.app.deploy(request('production'));
    let isOvertaken = false;
    const overtaken = withHooks(ports, {
      documents: {
        read: (read) => async (place) => {
          const stored = await read(place);
          if (isOvertaken || stored !== undefined || place.blob !== RELEASE_BLOB) return stored;
          isOvertaken = true;
          // As far as its release, which is recorded; the sources are not there yet.
          const dying = withHooks(ports, {
            documents: {
              write:
                (write) =>
                async (...document) => {
                  if (document[0].blob !== RELEASE_BLOB) throw new AppError('STORAGE_UNAVAILABLE', 'died here');
                  return write(...document);
                },
            },
          });
          await makeApp(dying, stack.config.studio)
            .acceptArtifact(blobOf(deployment))
            .catch(() => {});
          return stored;
        },
      },
    });
    const outcome = await makeApp(overtaken, stack.config.studio).acceptArtifact(blobOf(deployment));
    assert.deepEqual([isOvertaken, outcome, await stateOf(deployment)], [true, 'published', 'published']);
  });

  it('quarantines a blob that is not the one that was built, and leaves the deployment as it is', async () => {
    const deployment = await stack.app.deploy(request('yt01'));
    const incoming = stack.studioStorage().container('incoming');
    const real = await incoming.read(blobOf(deployment));
    await incoming.overwrite(blobOf(deployment), Buffer.from('something else'), 'application/zip');
    assert.equal(await stack.app.acceptArtifact(blobOf(deployment)), 'refused');
    assert.equal(await stateOf(deployment), 'uploaded');
    const report = await stack
      .studioStorage()
      .container('rejected')
      .read(`${blobOf(deployment)}.problems.json`);
    assert.equal(JSON.parse(String(report?.bytes)).problems[0].code, 'ARTIFACT_DIGEST_MISMATCH');
    await incoming.write(blobOf(deployment), real?.bytes as Buffer, 'absent', 'application/zip');
    assert.equal(await stack.app.acceptArtifact(blobOf(deployment)), 'published');
  });

  it('takes the one of two artifacts dropped at once under one id whose row it has, and quarantines the other', async () => {
    const dropped = await stack.app.deploy(request('yt01'));
    const blob = blobOf(dropped);
    const incoming = stack.studioStorage().container('incoming');
    const first = (await incoming.read(blob))?.bytes as Buffer;
    const archive = await JSZip.loadAsync(first);
    const second = await archive.generateAsync({ type: 'nodebuffer', compression: 'STORE', platform: 'UNIX' });
    await stack.sql(`delete from pull_deploy.deployment_events where deployment_id = '${dropped.id}'`);
    await stack.sql(`delete from pull_deploy.deployments where id = '${dropped.id}'`);

    const dying = withHooks(ports, { artifacts: { archive: () => async () => Promise.reject(new Error('killed')) } });
    const overtaken = withHooks(ports, {
      ledger: {
        registerDrop: (register) => async (drop) => {
          await incoming.overwrite(blob, first, 'application/zip');
          await assert.rejects(makeApp(dying, stack.config.studio).acceptArtifact(blob));
          return register(drop);
        },
      },
    });
    await incoming.overwrite(blob, second, 'application/zip');
    assert.equal(await makeApp(overtaken, stack.config.studio).acceptArtifact(blob), 'refused');
    const report = await stack.studioStorage().container('rejected').read(`${blob}.problems.json`);
    assert.equal(JSON.parse(String(report?.bytes)).problems[0].code, 'ARTIFACT_DIGEST_MISMATCH');
    assert.equal(await stack.app.acceptArtifact(blob), 'published');
    const archived = await stack.studioStorage().container('artifacts').read(blob);
    assert.ok(archived?.bytes.equals(first));
  });

  it('starts again when another writer was first, and never publishes the older one', async () => {
    const first = await stack.app.deploy(request('tt02'));
    await stack.app.acceptArtifact(blobOf(first));
    const second = await stack.app.deploy(request('tt02', '2'));
    let meddled = false;
    const racing = withHooks(ports, {
      documents: {
        write: (write) => async (place, text, replaces) => {
          if (!meddled && place.blob === 'release/release.yaml') {
            meddled = true;
            // Between our read and our write: a newer deployment is published by another instance.
            const third = await stack.app.deploy(request('tt02', '1'));
            await stack.app.acceptArtifact(blobOf(third));
          }
          return write(place, text, replaces);
        },
      },
    });
    assert.equal(await makeApp(racing, stack.config.studio).acceptArtifact(blobOf(second)), 'published');
    assert.equal((await published('tt02')).sequence, '3');
    assert.equal(await stateOf(second), 'superseded');
  });

  it('records what it published when it died before it could', async () => {
    const deployment = await stack.app.deploy(request('production'));
    const dying = withHooks(ports, {
      ledger: { recordPublished: () => async () => Promise.reject(new Error('killed')) },
    });
    await assert.rejects(makeApp(dying, stack.config.studio).acceptArtifact(blobOf(deployment)));
    assert.equal((await published('production')).deploymentId, deployment.id);
    assert.equal(await stateOf(deployment), 'uploaded');
    assert.equal(await stack.app.acceptArtifact(blobOf(deployment)), 'published');
    assert.equal(await stateOf(deployment), 'published');
  });

  describe('when the database has gone back in time', () => {
    it('changes nothing that it does not know, and fails the deployment with the reason', async () => {
      const before = await published('tt02');
      await forget('tt02', 1);
      const deployment = await stack.app.deploy(request('tt02'));
      await assert.rejects(stack.app.acceptArtifact(blobOf(deployment)), { code: 'LEDGER_STALE' });
      const row = await ports.ledger.deployment(deployment.id);
      assert.deepEqual([row?.state, row?.problems[0]?.code], ['failed', 'LEDGER_STALE']);
      await assert.rejects(publishRelease(ports, stack.config.studio, key('tt02')), { code: 'LEDGER_STALE' });
      assert.deepEqual(await published('tt02'), before);
    });

    it('changes nothing when it is empty', async () => {
      const before = await published('at22');
      await forget('at22', 0);
      await assert.rejects(publishRelease(ports, stack.config.studio, key('at22')), { code: 'LEDGER_STALE' });
      await stack.app.reconcileSources(new Date());
      assert.deepEqual(await published('at22'), before);
    });

    it("changes nothing of another installation's", async () => {
      const before = await published('at23');
      await stack.sql('update pull_deploy.installation set id = gen_random_uuid()');
      await assert.rejects(publishRelease(ports, stack.config.studio, key('at23')), { code: 'LEDGER_FOREIGN' });
      const summary = await stack.app.reconcileSources(new Date());
      assert.ok(summary.failures > 0);
      assert.equal(summary.releasesPublished + summary.sourcesPublished, 0);
      assert.deepEqual(await published('at23'), before);
    });

    /** As a backup from after deployment number `sequence` would be. */
    async function forget(environment: string, sequence: number): Promise<void> {
      const where = `where environment = '${environment}' and sequence > ${sequence}`;
      await stack.sql(
        `delete from pull_deploy.deployment_events where deployment_id in (select id from pull_deploy.deployments ${where})`,
      );
      await stack.sql(
        `delete from pull_deploy.artifacts where deployment_id in (select id from pull_deploy.deployments ${where})`,
      );
      await stack.sql(`delete from pull_deploy.deployments ${where}`);
      await stack.sql(
        `update pull_deploy.releases r set last_sequence = $2::bigint, wanted_sequence = $2, published_sequence = nullif($2::bigint, 0),
                published_deployment = null, source_since = null,
                wanted_deployment = (select id from pull_deploy.deployments d where d.environment = $1 and d.sequence = $2)
          where environment = $1`,
        [environment, sequence],
      );
    }
  });
});
