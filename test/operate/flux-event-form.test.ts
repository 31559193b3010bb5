import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { fluxEventsToken } from '../../src/model/cluster-keys.ts';
import { isSigned } from '../../src/operate/is-signed.ts';
import { receiveFluxEvent } from '../../src/operate/receive-flux-event.ts';
import { bodyOf, publishInLedger, sendTo, signatureOf } from '../support/flux-events.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const CLUSTER = { studio: 'dev', environment: 'tt02', org: 'ttd' };
const CURRENT = 'c'.repeat(32);
const PREVIOUS = 'p'.repeat(32);

describe("the signature of a cluster's event", () => {
  const body = Buffer.from(bodyOf({ name: 'ttd-app-dev' }));
  const signed = (signature: string | undefined, keys = [CURRENT, PREVIOUS]) =>
    isSigned(keys, CLUSTER, body, signature);
  const by = (key: string, cluster = CLUSTER) => signatureOf(fluxEventsToken(key, cluster), body);

  it('is taken by the current and by the previous master key', () => {
    assert.ok(signed(by(CURRENT)) && signed(by(PREVIOUS)));
    assert.ok(!signed(by(PREVIOUS), [CURRENT]), 'no longer, once the previous key is gone');
  });

  it('is refused by any other key, and where there is none', () => {
    assert.ok(!signed(by('x'.repeat(32))));
    assert.ok(!signed(signatureOf(CURRENT, body)), 'the master key itself');
    assert.ok(!signed(by(CURRENT), []));
    assert.ok(!signed(signatureOf('', body), []));
  });

  it("is refused when it is another cluster's", () => {
    for (const other of [{ org: 'nav' }, { environment: 'production' }, { studio: 'prod' }])
      assert.ok(!signed(by(CURRENT, { ...CLUSTER, ...other })), JSON.stringify(other));
    // No way to write another cluster's name so that it gives the same key.
    assert.notEqual(
      fluxEventsToken(CURRENT, { ...CLUSTER, environment: 'tt02/ttd', org: '' }),
      fluxEventsToken(CURRENT, CLUSTER),
    );
  });

  it('is refused in any form but the documented one', () => {
    const right = by(CURRENT);
    const hex = right.slice('sha256='.length);
    for (const wrong of [
      undefined,
      '',
      hex,
      'sha256=',
      right.slice(0, -1),
      right.slice(0, -2),
      `${right}0`,
      ` ${right}`,
      `${right}\n`,
      `${right}, ${right}`,
      right.toUpperCase(),
      `sha256=${hex.toUpperCase()}`,
      `sha1=${hex}`,
      `sha512=${hex}`,
      `sha256:${hex}`,
      `sha256=${'0'.repeat(64)}`,
      `sha256=${'g'.repeat(64)}`,
    ])
      assert.ok(!signed(wrong), wrong);
  });

  it('is over every byte of the body', () => {
    const right = by(CURRENT);
    for (const at of [0, 10, body.length - 1]) {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] as number) ^ 1;
      assert.ok(!isSigned([CURRENT], CLUSTER, changed, right));
    }
    for (const other of [Buffer.alloc(0), body.subarray(1), Buffer.concat([body, Buffer.from(' ')])])
      assert.ok(!isSigned([CURRENT], CLUSTER, other, right));
  });
});

describe("a cluster's event", () => {
  let stack: TestStack;
  let send: ReturnType<typeof sendTo>;
  let id: string;
  before(async () => {
    stack = await startTestStack({ blobEvents: false });
    send = sendTo(stack);
    id = await publishInLedger(stack, { org: 'ttd', app: 'form', environment: 'tt02' });
  });
  after(() => stack.stop());

  const event = (parts = {}) => ({ name: 'ttd-form-dev', metadata: { 'deployment-id': id }, ...parts });
  const eventCount = async () =>
    Number((await stack.sql(`select count(*) as n from pull_deploy.deployment_events where origin = 'flux'`))[0]?.n);

  it('without the right signature is refused, always in the same words', async () => {
    const messages = new Set<string>();
    for (const request of [
      { signature: undefined },
      { signature: 'sha256=00' },
      { signature: signatureOf('k', bodyOf(event())) },
      { signature: undefined, body: Buffer.from('not JSON') },
      { signature: undefined, envName: 'nowhere' },
      { signature: undefined, org: 'nav' },
      // Signed rightly, for clusters that there are not.
      { envName: 'nowhere' },
      { org: 'nav' },
    ])
      await assert.rejects(send(event(), request), (error: Error & { code?: string }) => {
        messages.add(error.message);
        return error.code === 'UNAUTHENTICATED';
      });
    assert.equal(messages.size, 1);
    assert.equal(await eventCount(), 0);
  });

  it('is refused while there is no key', async () => {
    const body = Buffer.from(bodyOf(event()));
    const request = { envName: 'tt02', org: 'ttd', body, signature: signatureOf('', body) };
    await assert.rejects(receiveFluxEvent(stack.connection.ports, stack.config.studio, [], request), {
      code: 'UNAUTHENTICATED',
    });
  });

  it('of another form is refused, and none of it is repeated', async () => {
    const good = JSON.parse(bodyOf(event()));
    const secret = 'hunter2';
    for (const body of [
      '',
      ' ',
      'not JSON',
      '\ufeff{}',
      '{"message":',
      'null',
      '[]',
      '{}',
      '"text"',
      JSON.stringify(good).slice(0, -1),
      JSON.stringify({ ...good, involvedObject: undefined }),
      JSON.stringify({ ...good, involvedObject: { kind: 'HelmRelease', name: 'x' } }),
      JSON.stringify({ ...good, involvedObject: { ...good.involvedObject, name: 'x'.repeat(254) } }),
      JSON.stringify({ ...good, severity: secret }),
      JSON.stringify({ ...good, timestamp: secret }),
      JSON.stringify({ ...good, timestamp: '2026-02-30T00:00:00Z' }),
      JSON.stringify({ ...good, timestamp: 1 }),
      JSON.stringify({ ...good, reason: '' }),
      JSON.stringify({ ...good, reason: `${secret} !` }),
      JSON.stringify({ ...good, message: undefined }),
      JSON.stringify({ ...good, metadata: { [secret]: 1 } }),
      JSON.stringify({ ...good, metadata: 'text' }),
      JSON.stringify(good).replace('"severity"', '"reason":"InstallFailed","severity"'),
      '['.repeat(500_000),
      `{"a":${'['.repeat(40)}${']'.repeat(40)}}`,
      JSON.stringify({ ...good, message: 'x'.repeat(1024 * 1024) }),
    ])
      await assert.rejects(send({}, { body: Buffer.from(body) }), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'REQUEST_INVALID', body.slice(0, 100));
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      });
    await assert.rejects(send({}, { body: randomBytes(1000) }), { code: 'REQUEST_INVALID' });
    assert.equal(await eventCount(), 0);
  });

  it('may hold fields that we do not know, no metadata, and a time in another zone', async () => {
    const good = JSON.parse(bodyOf({ ...event({ reason: 'TestSucceeded' }) }));
    for (const more of [{ extra: { deep: [1] } }, { metadata: null }, { metadata: undefined }]) {
      const timestamp = '2026-01-01T13:00:00.123+01:00';
      const body = Buffer.from(JSON.stringify({ ...good, ...more, timestamp, message: JSON.stringify(more) }));
      assert.deepEqual(await send({}, { body }), { outcome: 'kept', deploymentId: id });
    }
  });

  it('keeps at most 4 kB of a message, without control characters', async () => {
    const message = `\u0000\u001b[31mred\u009b \u202eturned\r\nline\ttab ${'å'.repeat(100_000)}`;
    await send(event({ reason: 'Progressing', message }));
    const [row] = await stack.sql(`select message from pull_deploy.deployment_events where type = 'Progressing'`);
    const kept = String(row?.message);
    assert.ok(kept.startsWith('[31mred turned\nline\ttab åå') && kept.endsWith('å…'), kept.slice(0, 40));
    assert.ok(Buffer.byteLength(kept) <= 4096 && Buffer.byteLength(kept) > 4090);
    const half = JSON.parse(bodyOf(event({ reason: 'Halved' })));
    const body = Buffer.from(JSON.stringify({ ...half, message: 'half \ud800 pair' }));
    assert.equal((await send({}, { body })).outcome, 'kept');
  });

  it('is never taken for one of our own by its reason', async () => {
    await send(event({ reason: 'applied' }));
    assert.equal((await stack.connection.ports.ledger.deployment(id))?.state, 'published');
    const types = await stack.sql(
      `select type from pull_deploy.deployment_events where details->>'reason' = 'applied'`,
    );
    assert.deepEqual(types, [{ type: 'Applied' }]);
  });
});
