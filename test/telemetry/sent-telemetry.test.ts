import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import functions from '@azure/functions';
import { startFunctionsHost } from '../../local/host/functions-host.ts';
import { type LiveTelemetry, makeLazyTelemetry } from '../../src/adapters/lazy-telemetry.ts';
import { makeApp } from '../../src/app.ts';
import { connect } from '../../src/connect.ts';
import { makeAuthenticate } from '../../src/functions/auth.ts';
import { type BlobFunction, makeTable } from '../../src/functions/table.ts';
import { fluxEventsToken } from '../../src/model/cluster-keys.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { artifactBlob, type ReleaseKey } from '../../src/model/names.ts';
import { METRICS, type Metric } from '../../src/model/telemetry-names.ts';
import { get, post } from '../support/api.ts';
import { acceptInLedger, bodyOf, helm, publishInLedger, signatureOf } from '../support/flux-events.ts';
import { type Envelope, type Ingestion, startIngestion } from '../support/ingestion.ts';
import { collectLog, startTestStack, type TestStack } from '../support/stack.ts';

const APP = 'parking-permit';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const STUDIO_SPAN = 'b7ad6b7169203331';
/** Event Grid begins a trace of its own. */
const OTHER_TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

/** One real deployment, from Studio's call to Flux's word, and one artifact that is refused; then what has been sent. */
describe('telemetry of a deployment', () => {
  let stack: TestStack;
  let ingestion: Ingestion;
  let live: LiveTelemetry;
  let sent: Envelope[];
  let id: string;
  let untraced: string;
  const printed = collectLog();

  before(async () => {
    [stack, ingestion] = await Promise.all([startTestStack({ blobEvents: false }), startIngestion()]);
    live = makeLazyTelemetry(
      { connectionString: ingestion.connectionString, identity: undefined },
      { console: printed.log, redact: (text) => text, httpClient: ingestion.httpClient },
    );
    const connection = connect(stack.config, live.log, undefined, live.telemetry);
    const app = makeApp(connection.ports, stack.config.studio, stack.config.fluxEventsKeys);
    const definitions = makeTable(app, makeAuthenticate(stack.config.auth));
    const host = await startFunctionsHost({ definitions, port: 0, timers: false });
    try {
      const accept = async (blob: string) => {
        const { handler } = definitions.find(({ name }) => name === 'acceptArtifact') as BlobFunction;
        const traceContext = { traceParent: `00-${OTHER_TRACE}-00f067aa0ba902b7-01` };
        await handler(
          undefined,
          new functions.InvocationContext({ triggerMetadata: { blobTrigger: `incoming/${blob}` }, traceContext }),
        );
      };
      const url = `${host.url}/api/v1/ttd/${APP}/deployments`;
      const traceparent = `00-${TRACE}-${STUDIO_SPAN}-01`;
      id = (await post(url, { envName: 'tt02', tagName: '1' }, { traceparent })).body.id;
      await accept(`ttd/${APP}/tt02/${id}.zip`);
      await host.run('reconcileSources');
      await tellApplied(host.url);
      assert.equal((await get(`${url}/${id}`)).body.state, 'applied');

      const dropped = {
        org: 'ttd',
        app: APP,
        environment: 'tt02',
        deploymentId: '11111111-2222-4333-8444-555555555555',
      };
      await connection.ports.artifacts.uploadIncoming(dropped, Buffer.from('no zip'));
      await accept(artifactBlob(dropped));
      await post(url, { envName: 'tt02', tagName: 'no-such-tag' });
      untraced = (await post(url, { envName: 'yt01', tagName: '1' })).body.id;
      await live.flush();
    } finally {
      await host.close();
      await connection.close();
    }
    sent = ingestion.envelopes();
  });
  after(async () => {
    await live.close();
    await ingestion.close();
    await stack.stop();
  });

  async function tellApplied(url: string): Promise<void> {
    const body = bodyOf({
      name: `ttd-${APP}-dev`,
      message: helm.installed(APP, 1),
      metadata: { 'deployment-id': id },
    });
    const key = fluxEventsToken(stack.config.fluxEventsKeys[0] ?? '', {
      studio: 'dev',
      environment: 'tt02',
      org: 'ttd',
    });
    const headers = { 'x-signature': signatureOf(key, body) };
    assert.equal((await post(`${url}/api/v1/flux-events/tt02/ttd`, body, headers)).body.outcome, 'moved');
  }

  const isStep = ({ data }: Envelope) => ['RequestData', 'RemoteDependencyData'].includes(data.baseType);
  const steps = () => sent.filter((one) => isStep(one) && one.tags['ai.operation.id'] === TRACE);
  const step = (name: string): Envelope => {
    const found = steps().filter(({ data }) => data.baseData.name === name);
    assert.equal(found.length, 1, `${found.length} steps '${name}'`);
    return found[0] as Envelope;
  };
  const parentOf = (name: string) => step(name).tags['ai.operation.parentId'];
  const lines = (message: string) =>
    sent.filter(({ data }) => data.baseType === 'MessageData' && data.baseData.message === message);
  const measured = (metric: Metric) =>
    sent
      .filter(({ data }) => data.baseType === 'MetricData')
      .map(({ data }) => ({ ...data.baseData.metrics[0], properties: data.baseData.properties }))
      .filter(({ name }) => name === METRICS[metric].name);

  it('is one trace, from the request that Studio sent to the word of the cluster', () => {
    for (const name of ['deploy', 'accept', 'clusterEvent']) assert.equal(parentOf(name), STUDIO_SPAN, name);
    for (const name of ['gather', 'build', 'pack', 'upload'])
      assert.equal(parentOf(name), step('deploy').data.baseData.id, name);
    for (const name of ['validate', 'archive', 'index', 'publish'])
      assert.equal(parentOf(name), step('accept').data.baseData.id, name);
  });

  it('links what another trace set off to that trace', () => {
    const links = JSON.parse(step('accept').data.baseData.properties['_MS.links']);
    assert.deepEqual(links, [{ operation_Id: OTHER_TRACE, id: '00f067aa0ba902b7' }]);
  });

  it('says of every step whose it is', () => {
    const about = { org: 'ttd', app: APP, environment: 'tt02', deploymentId: id };
    for (const { data } of steps()) {
      const { org, app, environment, deploymentId } = data.baseData.properties;
      assert.deepEqual({ org, app, environment, deploymentId }, about, data.baseData.name);
    }
    assert.equal(step('accept').data.baseData.properties.outcome, 'published');
  });

  it('counts each outcome once, and takes the time from click to published and applied', () => {
    const outcomes = measured('deployments').map(({ properties, value }) => [
      properties.outcome,
      properties.org,
      value,
    ]);
    assert.deepEqual(outcomes.sort(), [
      ['applied', 'ttd', 1],
      ['published', 'ttd', 1],
    ]);
    assert.deepEqual(
      measured('clickToPublished').map(({ count }) => count),
      [1],
    );
    assert.deepEqual(
      measured('clickToApplied').map(({ count }) => count),
      [1],
    );
  });

  it('takes the time of every stage', () => {
    const stages = measured('stageDuration').map(({ properties }) => properties.stage);
    for (const name of [
      'deploy',
      'gather',
      'build',
      'pack',
      'upload',
      'accept',
      'validate',
      'archive',
      'index',
      'publish',
      'reconcile',
    ])
      assert.ok(stages.includes(name), name);
  });

  it('counts what is put aside, by its code', () => {
    assert.deepEqual(
      measured('rejected').map(({ value, properties }) => ({ value, ...properties })),
      [{ value: 1, org: 'ttd', environment: 'tt02', code: 'ZIP_STRUCTURE' }],
    );
    const [line] = lines('artifact refused');
    assert.equal(line?.data.baseData.properties.code, 'ZIP_STRUCTURE');
    assert.equal(line?.tags['ai.operation.id'], OTHER_TRACE, 'it has no other');
  });

  it('tells what waits, and which sources are in step', () => {
    assert.deepEqual(
      measured('incomingBlobs').map(({ value }) => value),
      [0],
    );
    assert.deepEqual(
      measured('reconcileLag').map(({ value }) => value),
      [0],
    );
    const tt02 = measured('sources').filter(({ properties }) => properties.environment === 'tt02');
    assert.ok(tt02.length > 0);
    assert.deepEqual([...new Set(tt02.map(({ properties }) => properties.state))], ['in-step']);
  });

  it('sends log lines with their fields, in the trace of the step', () => {
    const [line, ...more] = lines('artifact accepted');
    assert.ok(line);
    assert.equal(more.length, 0, 'twice');
    assert.equal(line.tags['ai.operation.id'], TRACE);
    const { org, deploymentId, outcome } = line.data.baseData.properties;
    assert.deepEqual([org, deploymentId, outcome], ['ttd', id, 'wanted']);
    const outcomes = lines('deployment outcome').map(({ tags, data }) => [
      tags['ai.operation.id'],
      data.baseData.properties.outcome,
    ]);
    assert.deepEqual(outcomes, [
      [TRACE, 'published'],
      [TRACE, 'applied'],
    ]);
  });

  it('prints no line on the console that it sends', () => assert.deepEqual(printed.lines, []));

  it("takes a caller's mistake for no failure of ours, and says which it was", () => {
    const mistake = sent.find(
      ({ data }) => isStep({ data } as Envelope) && data.baseData.properties?.code === 'RELEASE_UNKNOWN',
    );
    assert.equal(mistake?.data.baseData.success, true);
  });

  it('gives a request without a trace one that all the rest of its deployment belongs to', async () => {
    const [row] = await stack.sql<{ resolved: { traceparent?: string } }>(
      'select resolved from pull_deploy.deployments where id = $1',
      [untraced],
    );
    const deploy = sent.find((one) => isStep(one) && one.data.baseData.properties.deploymentId === untraced);
    assert.equal(row?.resolved.traceparent?.split('-')[1], deploy?.tags['ai.operation.id']);
  });

  it('sends nothing but what is ours: no URL, no statement, no counter of the machine', () => {
    const names = new Set(Object.values(METRICS).map(({ name }) => name as string));
    for (const { data } of sent) {
      if (data.baseType === 'MetricData') {
        const { name } = data.baseData.metrics[0];
        assert.ok(names.has(name) || name === '_OTELRESOURCE_', name);
      }
      if (data.baseType === 'RemoteDependencyData') assert.equal(data.baseData.type, 'InProc');
    }
  });

  it('counts what is under way, what is wanted and not published, and clusters that are silent', async () => {
    const { ledger } = stack.connection.ports;
    const before = await ledger.backlog(15);
    assert.deepEqual(before.inFlight, [{ org: 'ttd', environment: 'yt01', state: 'uploaded', count: 1 }]);
    assert.deepEqual([before.silent, before.lagSeconds], [[], 0]);

    const [at22, at23] = ['at22', 'at23'].map((environment) => ({ org: 'ttd', app: APP, environment }));
    await publishInLedger(stack, at22 as ReleaseKey, { publishedAt: new Date(Date.now() - 3_600_000) });
    const wanted = await ledger.deployment(await acceptInLedger(stack, at23 as ReleaseKey, 'undeploy'));
    await ledger.wantUndeploy(wanted as Deployment);
    const after = await ledger.backlog(15);
    assert.deepEqual(
      after.silent.map(({ org, environment, count }) => [org, environment, count]),
      [['ttd', 'at22', 1]],
    );
    assert.ok((after.silent[0]?.seconds ?? 0) > 3_500);
    assert.ok(after.lagSeconds > 0);
    assert.deepEqual((await ledger.backlog(120)).silent, []);
  });
});
