import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { type FunctionsHost, startFunctionsHost } from '../../local/host/functions-host.ts';
import type { HttpFunction } from '../../src/functions/table.ts';

const HELLO: HttpFunction = {
  ...{ trigger: 'http', name: 'hello', method: 'GET', route: 'hello', access: 'anonymous' },
  handler: async () => ({ status: 200, body: 'hello' }),
};

describe('the local host', () => {
  let host: FunctionsHost;
  before(async () => {
    host = await startFunctionsHost({ definitions: [HELLO], port: 0, timers: false, showDocument: async () => 'text' });
  });
  after(() => host.close());

  /** As the bytes say: a client would put the target right before it asks. */
  function ask(target: string, headers = 'Host: 127.0.0.1'): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(host.url).port), '127.0.0.1', () =>
        socket.write(`GET ${target} HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`),
      );
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
      socket.on('end', () => resolve(Buffer.concat(chunks).toString()));
    });
  }

  for (const target of [
    '//',
    '///',
    '//x',
    '//x/api/hello',
    '/\\x',
    '//[',
    '*',
    'http://[/',
    'http://x/',
    '/local/%zz',
  ])
    it(`answers a request for '${target}' with 400`, async () => {
      const [head = '', body = ''] = (await ask(target)).split('\r\n\r\n');
      assert.match(head, /^HTTP\/1\.1 400 /);
      assert.match(head, /^content-type: application\/problem\+json\r?$/im);
      const { code, status, instance } = JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1));
      assert.deepEqual([code, status, instance], ['REQUEST_INVALID', 400, target]);
    });

  it('answers a request by a host name that cannot be one with 400', async () => {
    assert.match(await ask('/api/hello', 'Host: a b'), /^HTTP\/1\.1 400 /);
  });

  it('answers 404 for a function that there is not, as the Functions host does', async () => {
    const { status } = await fetch(`${host.url}/admin/functions/none`, { method: 'POST' });
    assert.equal(status, 404);
  });

  it('listens on loopback alone, for whoever reaches it is let in', async () => {
    const port = Number(new URL(host.url).port);
    const others = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
    for (const { address, internal, family } of others) {
      if (internal || family !== 'IPv4') continue;
      const isReached = await new Promise((resolve) => {
        const socket = connect({ host: address, port, timeout: 5_000 }, () => resolve(true));
        socket.on('error', () => resolve(false)).on('timeout', () => resolve(false));
        socket.on('connect', () => socket.destroy());
      });
      assert.equal(isReached, false, address);
    }
  });

  it('goes on serving after them', async () => {
    assert.match(await ask('/api/hello?x=//y'), /^HTTP\/1\.1 200 [\s\S]*hello/);
    assert.match(await ask('/local/tt02/container/a%20b'), /^HTTP\/1\.1 200 [\s\S]*text/);
    assert.match(await ask('/api//hello'), /^HTTP\/1\.1 404 /);
  });
});
