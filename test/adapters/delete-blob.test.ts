import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { openStorage } from '../../src/adapters/blob-storage.ts';
import { TIME_LIMITS } from '../../src/adapters/time-limits.ts';

/** Azure's own answers, which Azurite does not give: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */
const ANSWERS: Readonly<Record<string, readonly [number, string]>> = {
  policy: [409, 'BlobImmutableDueToPolicy'],
  hold: [409, 'BlobImmutableDueToLegalHold'],
  snapshots: [409, 'SnapshotsPresent'],
  leased: [412, 'LeaseIdMissing'],
  gone: [404, 'BlobNotFound'],
  nowhere: [404, 'ContainerNotFound'],
  leaving: [409, 'ContainerBeingDeleted'],
  denied: [403, 'AuthorizationPermissionMismatch'],
};

describe('deleting a blob', () => {
  let server: Server;
  before(async () => {
    server = createServer((request, response) => {
      const [status, code] = ANSWERS[request.url?.split('?')[0]?.split('/').at(-1) ?? ''] ?? [202, ''];
      if (code === '') return response.writeHead(status).end();
      response.writeHead(status, { 'x-ms-error-code': code, 'content-type': 'application/xml' });
      return response.end(
        `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>No.</Message></Error>`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => server.close());

  const remove = (name: string) => {
    const { port } = server.address() as AddressInfo;
    const key = Buffer.from('key').toString('base64');
    const connectionString = `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=${key};BlobEndpoint=http://127.0.0.1:${port}/a;`;
    return openStorage({ connectionString }, { ...TIME_LIMITS.storage, tries: 1 })
      .container('artifacts')
      .delete(name);
  };

  it('tells what has gone from what was not there', async () => {
    assert.equal(await remove('there'), 'deleted');
    assert.equal(await remove('gone'), 'absent');
  });

  it('tells why storage keeps it', async () => {
    for (const name of ['policy', 'hold', 'snapshots', 'leased'])
      assert.deepEqual(await remove(name), { refused: ANSWERS[name]?.[1] });
  });

  it('takes neither a container that is missing nor a lack of rights for an answer about the blob', async () => {
    for (const name of ['nowhere', 'leaving', 'denied'])
      await assert.rejects(remove(name), {
        code: 'STORAGE_UNAVAILABLE',
        message: new RegExp(`${ANSWERS[name]?.[1]}$`),
      });
  });
});
