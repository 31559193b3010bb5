import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inflateEntry } from '../../src/zip/inflate.ts';
import { packZip } from '../../src/zip/pack-zip.ts';
import { readZip } from '../../src/zip/read-zip.ts';
import { readCentralHeader } from '../../src/zip/records.ts';
import { LIMITS, makeArtifact, makeRepositoryZip, unpack } from '../support/make-artifact.ts';
import { writeZip } from './write-zip.ts';

const carriedZip = writeZip([
  { name: 'top/Z', content: 'carried, deflated '.repeat(20), deflate: true, both: { modified: 0x59210000 } },
  { name: 'top/b', content: 'carried, stored', both: { externalAttributes: (0o100755 << 16) >>> 0 } },
  { name: 'top/empty', content: '' },
  { name: 'top/left-out', content: 'x' },
]);
const carried = readZip(carriedZip, 'git', LIMITS)
  .entries.filter(({ path }) => path !== 'top/left-out')
  .map((entry) => ({ path: entry.path.replace('top/', 'source/'), entry }));
const first = { path: 'artifact.json', content: '{}\n' };
const files = [
  { path: 'deploy/b.yaml', content: 'b: 1\n' },
  { path: 'deploy/B.yaml', content: Buffer.from('b: 2\n') },
];

function centralHeaders(zip: Buffer) {
  let offset = zip.readUInt32LE(zip.length - 6);
  return readZip(zip, 'artifact', LIMITS).entries.map(() => {
    const header = readCentralHeader(zip, offset);
    assert.ok(header);
    offset = header.end;
    return header;
  });
}

describe('packZip', () => {
  it('puts the first file first and all others by code point', async () => {
    const { entries, problems } = readZip(await packZip(first, files, carried), 'artifact', LIMITS);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      entries.map(({ path }) => path),
      ['artifact.json', 'deploy/B.yaml', 'deploy/b.yaml', 'source/Z', 'source/b', 'source/empty'],
    );
  });

  it('keeps every content', async () => {
    const contents = await unpack(await packZip(first, files, carried));
    assert.equal(contents.get('deploy/B.yaml')?.toString(), 'b: 2\n');
    assert.equal(contents.get('source/Z')?.toString(), 'carried, deflated '.repeat(20));
    assert.equal(contents.get('source/b')?.toString(), 'carried, stored');
    assert.equal(contents.get('source/empty')?.length, 0);
  });

  it('takes over compressed bytes as they are', async () => {
    const after = new Map(
      readZip(await packZip(first, files, carried), 'artifact', LIMITS).entries.map((entry) => [entry.path, entry]),
    );
    for (const { path, entry } of carried) {
      assert.deepEqual(after.get(path)?.data, entry.data, path);
      assert.equal(after.get(path)?.deflated, entry.deflated, path);
    }
  });

  it('writes the same date and mode for all, and no trace of those carried', async () => {
    const zip = await packZip(first, files, carried);
    const headers = centralHeaders(zip);
    assert.equal(headers.length, 6);
    for (const header of headers) {
      assert.equal(header.modified, 0x00210000, 'not the first of January 1980');
      assert.equal(header.externalAttributes >>> 16, 0o100644);
      assert.equal(zip[header.offset + 5], 3, 'not made by UNIX');
      assert.equal(header.extra.length + header.comment.length, 0);
    }
  });

  it('gives the same bytes again, whatever the order of its input', async () => {
    const once = await packZip(first, files, carried);
    const again = await packZip(first, [...files].reverse(), [...carried].reverse());
    assert.deepEqual(again, once);
  });

  it('packs an artifact that our own reader takes', async () => {
    const { entries, problems } = readZip(await makeArtifact(), 'artifact', LIMITS);
    assert.deepEqual(problems, []);
    for (const entry of entries) await inflateEntry(entry);
  });

  it('packs names beyond ASCII so that our own reader takes them', async () => {
    const zip = await makeArtifact({ repository: { 'App/wwwroot/søknad – 漢字.txt': 'x' } });
    assert.deepEqual(readZip(zip, 'artifact', LIMITS).problems, []);
    assert.equal((await unpack(zip)).get('source/App/wwwroot/søknad – 漢字.txt')?.toString(), 'x');
  });

  it('reads its input as a repository archive', async () => {
    assert.deepEqual(readZip(await makeRepositoryZip(), 'git', LIMITS).problems, []);
  });
});
