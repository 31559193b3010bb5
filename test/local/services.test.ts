import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient, BlockBlobClient, type ContainerClient } from '@azure/storage-blob';
import { Client } from 'pg';
import { type Azurite, startAzurite } from '../../local/services/azurite.ts';
import { writtenBlob } from '../../local/services/azurite-access-log.ts';
import { freePort } from '../../local/services/free-port.ts';
import { startPostgres } from '../../local/services/postgres.ts';
import { processInfo, waitUntilGone } from '../../local/services/process-info.ts';

const accounts = ['studio', 'tt02'];
const folders: string[] = [];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'services-'));
  await chmod(folder, 0o755); // the server's user, when root runs this, must get in
  folders.push(folder);
  return folder;
}

after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

function container(azurite: Azurite, account: string): ContainerClient {
  return BlobServiceClient.fromConnectionString(azurite.connectionString(account)).getContainerClient('artifacts');
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function readPid(file: string): Promise<number> {
  return Number.parseInt(await readFile(file, 'utf8'), 10);
}

describe('freePort', () => {
  it('gives the preferred port when it is free, else another', async () => {
    const port = await freePort();
    assert.equal(await freePort(port), port);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    assert.notEqual(await freePort(port), port);
    server.close();
  });
});

describe('writtenBlob', () => {
  const line = (request: string, status = 201) => `127.0.0.1 - - [01/Jan/2026:00:00:00 +0000] "${request}" ${status} -`;

  it('reads the blob of a write, with its name decoded', () => {
    const written = { account: 'studio', container: 'artifacts', blob: 'ttd/my app.zip' };
    assert.deepEqual(writtenBlob(line('PUT /studio/artifacts/ttd%2Fmy%20app.zip?sig=x HTTP/1.1')), written);
    assert.deepEqual(writtenBlob(line('PUT /studio/artifacts/ttd/my%20app.zip?comp=blocklist HTTP/1.1')), written);
    assert.deepEqual(writtenBlob(line('PUT /studio/artifacts/ttd/my%20app.zip HTTP/1.1', 202)), written);
  });

  it('leaves out what writes no blob', () => {
    const requests = [
      'GET /studio/artifacts/a.zip HTTP/1.1',
      'DELETE /studio/artifacts/a.zip HTTP/1.1',
      'PUT /studio/artifacts?restype=container HTTP/1.1',
      ...['block&blockid=MQ==', 'metadata', 'lease', 'properties'].map(
        (c) => `PUT /studio/artifacts/a?comp=${c} HTTP/1.1`,
      ),
    ];
    for (const request of requests) assert.equal(writtenBlob(line(request)), undefined, request);
    assert.equal(writtenBlob(line('PUT /studio/artifacts/a.zip HTTP/1.1', 409)), undefined);
    assert.equal(writtenBlob('Azurite Blob service is starting on 127.0.0.1:0'), undefined);
  });
});

describe('Azurite', () => {
  it('keeps accounts apart and tells of each written blob', async () => {
    const azurite = await startAzurite({ accounts });
    try {
      const studio = container(azurite, 'studio');
      await studio.create();
      await container(azurite, 'tt02').create();
      const writes: string[] = [];
      const ended: string[] = [];
      azurite.onWrite((...write) => writes.push(write.join(' ')));
      azurite.onWrite((_account, _container, blob) => ended.push(blob))();

      await studio.getBlockBlobClient('ttd/søknad 1.zip').upload('zip', 3);
      const inBlocks = studio.getBlockBlobClient('blocks');
      await inBlocks.stageBlock('MQ==', 'a', 1);
      await inBlocks.commitBlockList(['MQ==']);
      while (writes.length < 2) await sleep(5);

      assert.deepEqual(writes, ['studio artifacts ttd/søknad 1.zip', 'studio artifacts blocks']);
      assert.deepEqual(ended, []);
      assert.equal(await container(azurite, 'tt02').getBlobClient('blocks').exists(), false);
      const otherKey = azurite.connectionString('studio').replaceAll('studio', 'tt02');
      const stranger = BlobServiceClient.fromConnectionString(otherKey).getContainerClient('artifacts');
      await assert.rejects(stranger.getProperties(), { statusCode: 403 });
    } finally {
      await azurite.stop();
    }
  });

  it('keeps blobs and connection strings over a restart on the same folder and port', async () => {
    const options = { directory: await newFolder(), accounts, port: await freePort() };
    const first = await startAzurite(options);
    await container(first, 'tt02').create();
    await container(first, 'tt02').getBlockBlobClient('kept').upload('hello', 5);
    const connectionString = first.connectionString('tt02');
    await first.stop();
    await first.stop();

    const second = await startAzurite(options);
    try {
      assert.equal(second.port, options.port);
      const blob = new BlockBlobClient(connectionString, 'artifacts', 'kept');
      assert.equal((await blob.downloadToBuffer()).toString(), 'hello');
    } finally {
      await second.stop();
    }
  });

  it('tells why it could not start', async () => {
    await assert.rejects(startAzurite({ directory: '/dev/null/state', accounts }), /ENOTDIR/);
    const directory = await newFolder();
    await writeFile(join(directory, '__azurite_db_blob__.json'), 'not JSON');
    await assert.rejects(startAzurite({ directory, accounts }), /^Error: Azurite ended before it was ready.*\n.*JSON/s);
  });
});

describe('PostgreSQL', () => {
  it('makes the database, and keeps its data and password over a restart', async () => {
    const options = { directory: await newFolder(), port: await freePort(), durable: false };
    const first = await startPostgres(options);
    assert.equal(new URL(first.url).pathname, '/studio');
    await query(first.url, `CREATE TABLE note AS SELECT 'kept' AS text`);
    await first.stop();
    await first.stop();

    const second = await startPostgres(options);
    try {
      assert.equal(second.url, first.url);
      assert.deepEqual(await query(second.url, 'SELECT text FROM note'), [{ text: 'kept' }]);
      const [encoding] = await query(second.url, 'SHOW server_encoding');
      assert.deepEqual(encoding, { server_encoding: 'UTF8' });
      await assert.rejects(query(second.url.replace(/:\w+@/, ':wrong@'), 'SELECT 1'), /password/);
    } finally {
      await second.stop();
    }
  });

  it('works in another folder where root closed the wanted one', { skip: process.getuid?.() !== 0 }, async () => {
    const closed = await newFolder();
    await chmod(closed, 0o700);
    const lines: string[] = [];
    const options = { directory: join(closed, 'postgres'), durable: false, log: (line: string) => lines.push(line) };
    const first = await startPostgres(options);
    await query(first.url, `CREATE TABLE note AS SELECT 'kept' AS text`);
    await first.stop();
    const place = (await readFile(join(options.directory, 'moved-to.txt'), 'utf8')).trim();
    folders.push(place);

    const second = await startPostgres(options);
    try {
      assert.deepEqual(await query(second.url, 'SELECT text FROM note'), [{ text: 'kept' }]);
      assert.equal(lines.length, 2);
      assert.ok(lines.every((line) => line.includes(options.directory) && line.endsWith(place)));
    } finally {
      await second.stop();
    }
  });
});

/** Starts both servers in a process of their own, with a blob and a row in them. */
async function startInOtherProcess(directory: string): Promise<ChildProcessWithoutNullStreams> {
  const program = `
    import { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
    import { Client } from 'pg';
    import { startAzurite } from './local/services/azurite.ts';
    import { startPostgres } from './local/services/postgres.ts';
    const directory = ${JSON.stringify(directory)};
    const [azurite, postgres] = await Promise.all([
      startAzurite({ directory: directory + '/azurite', accounts: ['studio'] }),
      startPostgres({ directory: directory + '/postgres', durable: false }),
    ]);
    await new ContainerClient(azurite.connectionString('studio'), 'artifacts').create();
    await new BlockBlobClient(azurite.connectionString('studio'), 'artifacts', 'kept').upload('hello', 5);
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query("CREATE TABLE note AS SELECT 'kept' AS text");
    process.on('SIGINT', () => console.error('interrupted'));
    process.stdin.on('end', () => process.exit()).resume(); // should this test be killed
    console.log('ready');`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    detached: true,
  });
  await once(createInterface({ input: child.stdout }), 'line');
  return child;
}

/** Starts both on the folder and checks that the other process's blob and row are there. */
async function checkKept(directory: string): Promise<void> {
  const azurite = await startAzurite({ directory: join(directory, 'azurite'), accounts });
  const postgres = await startPostgres({ directory: join(directory, 'postgres'), durable: false });
  try {
    assert.equal(await container(azurite, 'studio').getBlobClient('kept').exists(), true);
    assert.deepEqual(await query(postgres.url, 'SELECT text FROM note'), [{ text: 'kept' }]);
  } finally {
    await Promise.all([azurite.stop(), postgres.stop()]);
  }
}

describe('A killed run', { skip: process.platform === 'win32' }, () => {
  it('leaves no server behind, and what it stored is there at the next start; Ctrl-C leaves them to the run', async () => {
    const directory = await newFolder();
    const run = await startInOtherProcess(directory);
    const azuritePid = await readPid(join(directory, 'azurite/azurite.pid'));
    const postgresPid = await readPid(join(directory, 'postgres/data/postmaster.pid'));
    assert.ok(processInfo(azuritePid) && processInfo(postgresPid));

    assert.ok(run.pid);
    process.kill(-run.pid, 'SIGINT'); // what Ctrl-C does: to the whole process group
    await once(run.stderr, 'data');
    await sleep(200); // nothing is to happen, so there is nothing to wait for
    assert.ok(processInfo(azuritePid) && processInfo(postgresPid), 'only the run itself decides when they stop');

    run.kill('SIGKILL');
    await checkKept(directory); // at once: the servers may still be ending
    assert.ok((await waitUntilGone(azuritePid, 5)) && (await waitUntilGone(postgresPid, 5)));
  });

  it('whose keeper was killed too leaves a server, which the next start ends', async () => {
    const directory = await newFolder();
    const run = await startInOtherProcess(directory);
    const postgresPid = await readPid(join(directory, 'postgres/data/postmaster.pid'));
    const keeperPid = processInfo(postgresPid)?.parent;
    assert.ok(keeperPid && processInfo(keeperPid)?.command.includes('keep-postgres.cjs'));

    const ended = once(run, 'exit');
    process.kill(keeperPid, 'SIGKILL');
    run.kill('SIGKILL');
    await ended;
    assert.ok(await waitUntilGone(keeperPid, 5));
    assert.ok(processInfo(postgresPid));
    await checkKept(directory);
    assert.equal(processInfo(postgresPid), undefined);
  });
});
