import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { openDatabase } from '../../src/adapters/postgres.ts';
import { collectLog } from '../support/stack.ts';

describe('a database that we have no token for', () => {
  it('is not connected to: the server would keep a place for us until its patience ends', async (t) => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const path = process.env.PATH;
    // There is no Azure CLI.
    process.env.PATH = '/nowhere';
    t.after(() => {
      process.env.PATH = path;
    });
    const place = { host: '127.0.0.1', port, database: 'studio', user: 'nobody' };
    const database = openDatabase({ ...place, signIn: { as: 'azure-cli' } }, collectLog().log);
    await assert.rejects(database.query('select 1'), { code: 'IDENTITY_UNAVAILABLE' });
    await database.close();
    assert.equal(connections, 0);
  });
});
