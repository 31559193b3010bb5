import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { makeFluxReceiver } from '../../src/adapters/flux-receiver.ts';
import { makeApp } from '../../src/app.ts';
import { fluxEventsToken, fluxReceiverToken } from '../../src/model/cluster-keys.ts';
import type { Studio } from '../../src/model/environments.ts';
import { artifactBlob } from '../../src/model/names.ts';
import type { Ports } from '../../src/ports.ts';
import { deployRequest } from '../support/requests.ts';
import { collectLog, startTestStack, type TestStack } from '../support/stack.ts';

interface Told {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const MASTER = 'm'.repeat(32);
const CHANGE = { environment: 'tt02', org: 'ttd', container: 'app-ttd-parking-permit', name: 'ttd-parking-permit-dev' };

describe('a cluster whose Receiver is configured', () => {
  const told: Told[] = [];
  /** How the next call is answered; undefined: never. */
  let status: number | undefined;
  let server: Server;
  let address: string;
  let stack: TestStack;
  before(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        told.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
        if (status !== undefined) response.writeHead(status, { location: `${address}/elsewhere` }).end('x');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    stack = await startTestStack({ blobEvents: false });
  });
  after(async () => {
    await stack?.stop();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    told.length = 0;
    status = 200;
  });

  const studioWith = (receivers: Readonly<Record<string, string>>): Studio => ({
    ...stack.config.studio,
    environments: stack.config.studio.environments.map((environment) => {
      const receiverPattern = receivers[environment.name];
      return receiverPattern === undefined ? environment : { ...environment, receiverPattern };
    }),
  });
  function receiver(receivers: Readonly<Record<string, string>> = { tt02: `${address}/{org}` }, keys = [MASTER]) {
    const { log, lines } = collectLog();
    const limits = { callTimeoutMs: 200, pauseMs: 60_000, atOnce: 3 };
    const studio = studioWith(receivers);
    return { clusters: makeFluxReceiver(studio, keys, log, limits), lines, studio };
  }

  it('is told as its notification-controller expects it: path and signature by its own key', async () => {
    const { clusters, lines } = receiver();
    clusters.pullNow(CHANGE);
    await clusters.settled();
    const token = fluxReceiverToken(MASTER, { studio: 'dev', environment: 'tt02', org: 'ttd' });
    const [{ path, headers, body }] = told as [Told];
    // Flux: `/hook/` + hex(sha256(token + name + namespace)).
    assert.equal(path, `/ttd/hook/${createHash('sha256').update(`${token}pull-deploydefault`).digest('hex')}`);
    assert.equal(headers['x-signature'], `sha256=${createHmac('sha256', token).update(body).digest('hex')}`);
    assert.deepEqual(JSON.parse(body), CHANGE);
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [['info', 'cluster told to pull']],
    );
  });

  it("has a key that is no other cluster's, nor the one that it signs its events with", () => {
    const cluster = { studio: 'dev', environment: 'tt02', org: 'ttd' };
    const keys = [
      cluster,
      { ...cluster, org: 'skd' },
      { ...cluster, environment: 'at22' },
      { ...cluster, studio: 'prod' },
    ];
    assert.equal(
      new Set([...keys.map((one) => fluxReceiverToken(MASTER, one)), fluxEventsToken(MASTER, cluster)]).size,
      5,
    );
  });

  it('is the only one that is told, and only where there is a key', async () => {
    const { clusters } = receiver();
    clusters.pullNow({ ...CHANGE, environment: 'at22' });
    const keyless = receiver(undefined, []).clusters;
    keyless.pullNow(CHANGE);
    await Promise.all([clusters.settled(), keyless.settled()]);
    assert.deepEqual(told, []);
  });

  it('costs one log line when it fails, and is then left alone for a while', async () => {
    for (const answer of [500, 404, 302, undefined]) {
      status = answer;
      told.length = 0;
      const { clusters, lines } = receiver();
      clusters.pullNow(CHANGE);
      await clusters.settled();
      clusters.pullNow(CHANGE);
      await clusters.settled();
      assert.equal(told.length, 1, `${answer}`);
      assert.deepEqual(
        lines.map(({ level, message }) => [level, message]),
        [['warn', 'cluster not told to pull, it will by itself']],
      );
      assert.ok(!JSON.stringify(lines).includes('/hook/'), 'the path is made of the key');
    }
  });

  it('is told of no more changes at once than a few', async () => {
    const { clusters } = receiver();
    for (let i = 0; i < 20; i++) clusters.pullNow(CHANGE);
    await clusters.settled();
    assert.equal(told.length, 3);
  });

  it('hears of a first deployment, of the next, and of nothing that is published already', async () => {
    const { clusters, studio } = receiver();
    const ports: Ports = { ...stack.connection.ports, clusters };
    const app = makeApp(ports, studio);
    await deployAndAccept(app, 'tt02', '1');
    assert.deepEqual(containers(), ['cluster-ttd'], 'the app has no source there yet');
    await deployAndAccept(app, 'tt02', '2');
    assert.deepEqual(containers(), ['cluster-ttd', 'app-ttd-parking-permit']);
    assert.equal(JSON.parse(told[1]?.body ?? '').name, 'ttd-parking-permit-dev');
    told.length = 0;
    await app.reconcileSources(new Date());
    assert.deepEqual(
      containers().filter((container) => container === 'app-ttd-parking-permit'),
      [],
    );
  });

  it('keeps nothing from being published when it is dead, hangs or fails', async () => {
    const { clusters, studio, lines } = receiver({ at22: 'http://127.0.0.1:1/{org}', at23: `${address}/{org}` });
    const app = makeApp({ ...stack.connection.ports, clusters }, studio);
    status = undefined;
    assert.equal(await deployAndAccept(app, 'at22', '1'), 'published');
    assert.equal(await deployAndAccept(app, 'at23', '1'), 'published');
    assert.deepEqual(
      lines.map(({ level, fields }) => [level, fields.environment]),
      [
        ['warn', 'at22'],
        ['warn', 'at23'],
      ],
    );
  });

  const containers = () => told.map(({ body }) => JSON.parse(body).container);

  async function deployAndAccept(app: ReturnType<typeof makeApp>, envName: string, tagName: string) {
    const deployment = await app.deploy(deployRequest('parking-permit', envName, { tagName }));
    await app.acceptArtifact(artifactBlob({ ...deployment, deploymentId: deployment.id }));
    return (await stack.connection.ports.ledger.deployment(deployment.id))?.state;
  }
});
