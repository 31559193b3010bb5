import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { secretProblems } from '../../src/build/check-secrets.ts';

/** Put together at run time, so that no scanner takes this file for a leak. */
const fake = (...parts: string[]) => parts.join('');
const LETTERS = 'q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6j7K8l9Z0x1C2v3B4n5M6q7W8e9R0t1Y2u3I4o5P6a7S8d9F0g1H2';

const SECRETS: Readonly<Record<string, string>> = {
  'a private key': fake(
    '-----BEGIN RSA PRIVATE ',
    `KEY-----\n${`${LETTERS.slice(0, 64)}\n`.repeat(12)}-----END RSA PRIVATE `,
    'KEY-----\n',
  ),
  'a GitHub token': fake('token: ghp', `_${LETTERS.slice(0, 36)}`),
  'a storage account key': fake('DefaultEndpointsProtocol=https;AccountName=a;Account', `Key=${LETTERS}==;`),
  'a shared access signature': fake('https://a.blob.core.windows.net/x?sv=2024&si', `g=${LETTERS.slice(0, 43)}%3D`),
  'an Entra client secret': fake('secret: abc', `8Q~${LETTERS.slice(0, 34)}`),
  'an instrumentation key': fake('Instrumentation', 'Key=12345678-1234-1234-1234-123456789012'),
  'a password in a connection string': fake('Server=x;User Id=y;Pass', 'word=Tr0ub4dor;'),
  'a JSON web token': fake('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiIxMjM0NTY3ODkwIn0.', LETTERS.slice(0, 43)),
  'a Kubernetes Secret': fake('apiVersion: v1\nkind: Sec', 'ret\nmetadata:\n  name: x\n'),
};

describe('a secret in clear', () => {
  for (const [what, text] of Object.entries(SECRETS))
    it(`is found: ${what}`, async () => {
      const found = await secretProblems('App/some.file', Buffer.from(`first line\n${text}\n`));
      assert.ok(found.length > 0);
      for (const { code, message, path } of found) {
        assert.deepEqual([code, path], ['SECRET_IN_ARTIFACT', 'App/some.file']);
        assert.match(message, /^App\/some\.file, line \d+: /);
        for (const part of text.match(/[A-Za-z0-9]{12,}/g) ?? [])
          assert.ok(!message.includes(part), 'the message shows it');
      }
    });

  it('is found although a comment in the file says otherwise', async () => {
    const text = `# secretlint-disable\n${SECRETS['a GitHub token']}\n`;
    assert.ok((await secretProblems('x', Buffer.from(text))).length > 0);
  });

  it('is found behind white space without end, which takes no longer than other text', async () => {
    for (const space of ['\n', ' \n', '\t\r\n']) {
      const text = `${space.repeat(200_000 / space.length)}\t"kind" : "Secret" ,\r\n`;
      assert.equal((await secretProblems('x', Buffer.from(text))).length, 1);
    }
  });

  it('is not looked for in what is no text, or far too long', async () => {
    const secret = Buffer.from(SECRETS['a GitHub token'] ?? '');
    assert.deepEqual(await secretProblems('x.png', Buffer.concat([Buffer.from([0]), secret])), []);
    assert.deepEqual(await secretProblems('x.txt', Buffer.concat([Buffer.alloc(2 ** 20, 'x'), secret])), []);
  });

  it('is not found where there is none: the sample apps', async () => {
    const root = fileURLToPath(new URL('../../local/apps', import.meta.url));
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      assert.deepEqual(await secretProblems(path, readFileSync(path)), []);
    }
  });
});
