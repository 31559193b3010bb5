import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as preset from '@secretlint/secretlint-rule-preset-recommend';
import { secretProblems } from '../../src/build/check-secrets.ts';
import { hasSecretTrace } from '../../src/build/find-secret-traces.ts';

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

/** Of a length that makes it end as all of them do, in `fQ==`. */
const ONE_PASSWORD = Buffer.from(
  JSON.stringify({
    ...{ email: 'a@1passwordserviceaccounts.example', muk: { alg: 'A256GCM', k: LETTERS }, secretKey: 'A3-B4' },
    ...{ srpX: '870d67a9e626', signInAddress: 'example.com', userAuth: { method: 'SRPg-4096', salt: 'abcdef' } },
  }),
).toString('base64');

/** Of each rule of secretlint's, in each of its forms. */
const OF_RULES: Readonly<Record<string, readonly string[]>> = {
  aws: ['aws_secret_access_key = ', 'AWS_SECRET_ACCESS_KEY=', 'SecretAccessKey: '].map((of) =>
    fake(of, LETTERS.slice(0, 40)),
  ),
  npm: [fake('npm', `_${LETTERS.slice(0, 36)}`)],
  slack: [
    ...['xoxb', 'xoxp', 'xapp', 'xoxa', 'xoxo', 'xoxr'].map((of) => fake(of, '-123456789012-', LETTERS.slice(0, 24))),
    fake(
      'https://hooks.sla',
      `ck.com/services/T${LETTERS.slice(0, 8)}/B${LETTERS.slice(0, 8)}/${LETTERS.slice(0, 24)}`,
    ),
  ],
  basicauth: ['https', 'http', 'ftp', 'ftps'].map((of) => fake(of, '://kari:Tr0ub4dor3', '@example.no')),
  sendgrid: [fake('SG', `.${LETTERS.slice(0, 22)}.${LETTERS.slice(0, 43)}`)],
  shopify: ['shppa', 'shpca', 'shpat', 'shpss'].map((of) => fake(of, '_', 'a1b2c3d4'.repeat(4))),
  github: [
    ...['ghp', 'gho', 'ghu', 'ghs', 'ghr'].map((of) => fake(of, '_', LETTERS.slice(0, 36))),
    fake('github', `_pat_${LETTERS.slice(0, 82)}`),
  ],
  openai: [
    fake('sk-', `${LETTERS.slice(0, 20)}T3Blbk`, `FJ${LETTERS.slice(0, 20)}`),
    fake('sk-proj-', `${LETTERS.slice(0, 74)}T3Blbk`, `FJ${LETTERS.slice(0, 74)}`),
  ],
  anthropic: [fake('sk-ant', `-api03-${LETTERS}${LETTERS.slice(0, 9)}AA`)],
  linear: [fake('lin', `_api_${LETTERS.slice(0, 40)}`)],
  '1password': [fake('ops', `_${ONE_PASSWORD}`)],
  'database-connection-string': [
    ...['mongodb', 'mongodb+srv', 'mysql', 'mysqlx', 'postgres', 'postgresql', 'PostgreSQL'].map((of) =>
      fake(of, '://kari:Tr0ub4dor3', '@db.skatt.no:5432/app'),
    ),
  ],
  privatekey: [SECRETS['a private key'] ?? ''],
};
const OF_OURS = ['Pwd=', 'pwd=', 'PWD=', 'password=', 'PASSWORD='].map((of) => fake(of, 'Tr0ub4dor3;'));
/** Look at a file's name, for files that we leave to others; or switch rules off. */
const WITHOUT_EXAMPLE = ['gcp', 'filter-comments'];

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

  it('is found in every form that a rule knows, and has a trace for whoever only looks for those', async () => {
    const ofAnyFile = [...Object.values(SECRETS), ...Object.values(OF_RULES).flat(), ...OF_OURS];
    const found: [path: string, text: string][] = [
      ...ofAnyFile.map((text): [string, string] => ['App/some.file', `a\n${text}\n`]),
      ['.npmrc', fake('//r/:_auth', 'Token=abcdefgh\n')],
      ['package.json', fake('https://abcdef:x-oauth', '-basic@github.com/')],
    ];
    for (const [path, text] of found) {
      assert.ok((await secretProblems(path, Buffer.from(text))).length > 0, text.slice(0, 12));
      assert.ok(hasSecretTrace(Buffer.from(text)), `no trace of ${text.slice(0, 12)}`);
    }
  });

  it('has an example here for each rule there is', () => {
    const ids = preset.rules.map(({ meta }) => meta.id.replace('@secretlint/secretlint-rule-', ''));
    assert.deepEqual(ids.toSorted(), [...Object.keys(OF_RULES), ...WITHOUT_EXAMPLE].sort());
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
