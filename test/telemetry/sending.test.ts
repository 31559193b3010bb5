import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { makeLazyTelemetry } from '../../src/adapters/lazy-telemetry.ts';
import { AppError } from '../../src/errors.ts';
import { type Ingestion, startIngestion } from '../support/ingestion.ts';
import { collectLog } from '../support/stack.ts';

const same = (text: string) => text;

describe('sending telemetry', () => {
  let ingestion: Ingestion;
  before(async () => {
    ingestion = await startIngestion();
  });
  after(() => ingestion.close());

  it('falls back on the console when it cannot be loaded, and loses no line', async () => {
    const { log, lines } = collectLog();
    const settings = { connectionString: 'nonsense', identity: undefined };
    const live = makeLazyTelemetry(settings, { console: log, redact: same });
    live.log.info('artifact accepted', { org: 'ttd' });
    live.telemetry.record('rejected', 1, { code: 'ZIP_TYPE' });
    await live.flush();
    live.log.warn('artifact refused', { code: 'ZIP_TYPE' });
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['artifact accepted', 'telemetry could not be loaded', 'artifact refused'],
    );
    await live.close();
  });

  it('goes by the tokens of the managed identity, and tells what there was before it was loaded', async () => {
    const asked: string[] = [];
    const tokens = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers['x-identity-header']}`);
      const expires_on = String(Math.floor(Date.now() / 1000) + 86_400);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ access_token: 'a-token-of-ours', expires_on, resource: 'x', token_type: 'Bearer' }),
      );
    });
    await new Promise<void>((resolve) => tokens.listen(0, '127.0.0.1', resolve));
    // As App Service tells where its token service is.
    process.env.IDENTITY_ENDPOINT = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/msi/token`;
    process.env.IDENTITY_HEADER = 'header-of-ours';
    const { log, lines } = collectLog();
    const live = makeLazyTelemetry(
      { connectionString: ingestion.connectionString, identity: { clientId: 'client-of-ours' } },
      { console: log, redact: same, httpClient: ingestion.httpClient },
    );
    const before = new Date();
    live.log.error('call failed', {
      error: new AppError('STORAGE_UNAVAILABLE', 'no answer', { cause: new Error('ECONNRESET') }),
    });
    const told = new Date();
    await assert.rejects(
      live.telemetry.span('gather', { org: 'ttd' }, () => Promise.reject(new TypeError('a bug'))),
      /a bug/,
    );
    await live.flush();
    await live.close();
    tokens.closeAllConnections();
    tokens.close();

    assert.deepEqual(new Set(ingestion.authorizations), new Set(['Bearer a-token-of-ours']));
    assert.match(
      asked[0] ?? '',
      /resource=https%3A%2F%2Fmonitor\.azure\.com.*client_id=client-of-ours.* header-of-ours$/,
    );
    const sent = ingestion.envelopes();
    const line = sent.find(({ data }) => data.baseType === 'MessageData');
    assert.equal(line?.data.baseData.severityLevel, 'Error');
    const toldAt = new Date(line?.time ?? '').getTime();
    // The exporter counts in nanoseconds since 1970, more than a number holds: one time in eight comes out 1 ms early.
    assert.ok(toldAt >= before.getTime() - 1 && toldAt <= told.getTime(), 'its own time, not that of the sending');
    assert.deepEqual(JSON.parse(line?.data.baseData.properties.error).message, 'no answer');
    const step = sent.find(({ data }) => data.baseType === 'RemoteDependencyData');
    assert.deepEqual([step?.data.baseData.name, step?.data.baseData.success], ['gather', false]);
    assert.equal(step?.data.baseData.properties.code, 'INTERNAL');
    const bug = sent.find(({ data }) => data.baseType === 'ExceptionData');
    assert.deepEqual(
      [bug?.data.baseData.exceptions[0].typeName, bug?.data.baseData.exceptions[0].message],
      ['TypeError', 'a bug'],
    );
    assert.deepEqual(lines, []);
  });
});
