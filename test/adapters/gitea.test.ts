import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, afterEach, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createGzip, gzipSync } from 'node:zlib';
import JSZip from 'jszip';
import { type GITEA_LIMITS, makeGitea } from '../../src/adapters/gitea.ts';
import type { AppError } from '../../src/errors.ts';
import { eventually } from '../support/eventually.ts';
import {
  answerWith,
  dripping,
  endless,
  type HostileAnswer,
  type HostileGitea,
  json,
  raw,
  resolveExampleNames,
  sendStream,
  startHostileGitea,
} from '../support/hostile-gitea.ts';

const APP = { org: 'ttd', app: 'parking-permit' };
const TOKEN = 'f00dfeedf00dfeedf00dfeedf00dfeedf00dfeed';
const COMMIT = 'c'.repeat(40);
const OTHER = 'd'.repeat(40);
const ZIP = { 'content-type': 'application/octet-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
const PAGE = '<!doctype html><title>Sign in</title>';
/** Short enough for tests, long enough for a busy machine. */
const QUICK = { callTimeoutMs: 400, archiveTimeoutMs: 400, retryDelayMs: 5 };

type Gitea = ReturnType<typeof makeGitea>;
type Limits = Partial<typeof GITEA_LIMITS>;

describe('Gitea', () => {
  const opened: HostileGitea[] = [];
  let archive: Buffer;
  before(async () => {
    archive = await makeArchive(COMMIT);
  });
  afterEach(async () => {
    for (const server of opened.splice(0)) await server.close();
  });

  async function serve(answer: HostileAnswer, options = {}): Promise<HostileGitea> {
    const server = await startHostileGitea(answer, options);
    opened.push(server);
    return server;
  }
  const over = ({ url }: { url: string }, limits: Limits = {}): Gitea =>
    makeGitea({ url, token: TOKEN }, { retryDelayMs: 5, ...limits });

  /** The error, after a look at what must be true of each. */
  async function fails(work: Promise<unknown>, code: string, message = /./): Promise<AppError> {
    const error = await work.then(
      (value) => assert.fail(`no error but ${inspect(value)?.slice(0, 200)}`),
      (thrown) => thrown as AppError,
    );
    assert.equal(error.code, code, inspect(error));
    assert.match(error.message, message);
    assert.ok(!inspect(error, { depth: 9 }).includes(TOKEN), 'the token is in the message');
    return error;
  }
  const released = (server: HostileGitea) =>
    eventually(
      async () => server.openCalls(),
      (open) => open === 0,
    );

  describe('as it should be', () => {
    it('is asked with the token, and for answers that are not compressed', async () => {
      let encoding: string | undefined;
      const server = await serve((response, request) => {
        encoding = request.headers['accept-encoding'];
        json({ full_name: 'ttd/parking-permit' })(response, request);
      });
      assert.equal(await over(server).exists(APP), true);
      assert.deepEqual(server.calls, [{ path: '/api/v1/repos/ttd/parking-permit', authorization: `token ${TOKEN}` }]);
      assert.equal(encoding, 'identity');
    });

    it('gives an archive whole, with and without a length', async () => {
      const link = `<http://x/archive/${COMMIT}.zip?rev=${COMMIT}>; rel="immutable"`;
      const whole = await serve(answerWith(200, { ...ZIP, link }, archive));
      const length = { 'content-length': String(archive.length) };
      const long = await serve(answerWith(200, { ...ZIP, ...length }, archive));
      for (const server of [whole, long]) assert.deepEqual(await over(server).archive(APP, COMMIT), archive);
    });

    it('is asked again when a call fails in passing', async () => {
      const answers = [
        raw('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{'),
        answerWith(502, {}),
        json({ sha: COMMIT }),
      ];
      const server = await serve((response, request) => answers.shift()?.(response, request));
      assert.equal(await over(server).resolveCommit(APP, 'main'), COMMIT);
      assert.equal(server.calls.length, 3);
    });

    it('says by 404 or 422 that there is no such thing', async () => {
      for (const status of [404, 422]) {
        const gitea = over(await serve(json({ message: 'no' }, status)));
        assert.deepEqual(
          [await gitea.exists(APP), await gitea.resolveCommit(APP, 'x'), await gitea.archive(APP, COMMIT)],
          [false, undefined, undefined],
        );
        assert.equal(await gitea.hasFile(APP, 'a/b'), false);
      }
    });
  });

  describe('that redirects', () => {
    let restoreNames: () => void;
    before(() => {
      restoreNames = resolveExampleNames();
    });
    after(() => restoreNames());
    const to =
      (location: string, status = 302): HostileAnswer =>
      (response) =>
        void response.writeHead(status, { location }).end();

    it('within its own origin is followed with the token, three times at most', async () => {
      let hops = 3;
      const server = await serve((response, request) =>
        (hops-- > 0 ? to(`/hop/${hops}`, 307) : answerWith(200, ZIP, archive))(response, request),
      );
      assert.deepEqual(await over(server).archive(APP, COMMIT), archive);
      assert.ok(server.calls.every(({ authorization }) => authorization === `token ${TOKEN}`));
      hops = 4;
      await fails(over(server).archive(APP, COMMIT), 'GITEA_UNAVAILABLE', /more than 3 redirects/);
    });

    it('in a loop is left after three', async () => {
      const server = await serve((response, request) => to(request.url ?? '/')(response, request));
      await fails(over(server).exists(APP), 'GITEA_UNAVAILABLE', /more than 3 redirects/);
      assert.equal(server.calls.length, 4);
    });

    it('to another origin without https is not followed', async () => {
      const other = await serve(answerWith(200, ZIP, archive));
      for (const location of [
        `${other.url}/x`,
        other.url.replace('http:', ''),
        `http://storage.example:${other.port}/`,
        'ftp://storage.example/',
        'file:///etc/passwd',
        'data:application/zip;base64,UEs=',
        'javascript:1',
      ]) {
        const server = await serve(to(`${location}?token=${TOKEN}`));
        await fails(over(server).archive(APP, COMMIT), 'GITEA_UNAVAILABLE', /away from https/);
      }
      assert.deepEqual(other.calls, []);
    });

    it('to an address instead of a name is not followed', async () => {
      const other = await serve(answerWith(200, ZIP, archive), { https: true });
      for (const host of [
        '169.254.169.254',
        '127.0.0.1',
        '10.0.0.1',
        '127.1',
        '2130706433',
        '0x7f.0.0.1',
        '0177.0.0.1',
        '127.0.0.1.',
        '\uff11\uff12\uff17.0.0.1',
        '0',
        '8.8.8.8',
        '[::1]',
        '[::ffff:a9fe:a9fe]',
        '[fd00::1]',
        'localhost',
        'LOCALHOST.',
        'x.localhost',
      ])
        await fails(
          over(
            await serve(to(encodeURI(`https://${host}:${other.port}/`).replaceAll('%5B', '[').replaceAll('%5D', ']'))),
          ).archive(APP, COMMIT),
          'GITEA_UNAVAILABLE',
          /to an address/,
        );
      assert.deepEqual(other.calls, []);
    });

    it('to nonsense, or with a password, is told as such', async () => {
      await fails(over(await serve(to('https://[/'))).exists(APP), 'GITEA_UNAVAILABLE', /no URL/);
      await fails(over(await serve(to('https://x:70000/'))).exists(APP), 'GITEA_UNAVAILABLE', /no URL/);
      const server = await serve(to(`https://oauth2:${TOKEN}@storage.example/`));
      await fails(over(server).exists(APP), 'GITEA_UNAVAILABLE', /with a user/);
      await fails(over(await serve(answerWith(302, {}))).exists(APP), 'GITEA_UNAVAILABLE', /answered 302/);
      await fails(over(await serve(answerWith(304, {}))).exists(APP), 'GITEA_UNAVAILABLE', /answered 304/);
    });

    describe('to object storage over https', () => {
      before(() => {
        // The certificates of our own servers are vouched for by nobody.
        process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      });
      after(() => {
        delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      });
      const at = ({ port }: HostileGitea, path = '/') => `https://storage.example:${port}${path}`;

      it('is followed, and the token stays behind', async () => {
        const storage = await serve(answerWith(200, ZIP, archive), { https: true });
        const server = await serve(to(at(storage, '/a.zip?sig=x')));
        assert.deepEqual(await over(server).archive(APP, COMMIT), archive);
        assert.deepEqual(storage.calls, [{ path: '/a.zip?sig=x', authorization: undefined }]);
      });

      it('gets no token even when the way leads back', async () => {
        const answers = new Map<string, HostileAnswer>();
        const server = await serve((response, request) => answers.get(request.url ?? '')?.(response, request));
        const storage = await serve(to(`${server.url}/api/v1/repos/ttd/other/archive/x.zip`), { https: true });
        answers.set(`/api/v1/repos/ttd/parking-permit/archive/${COMMIT}.zip`, to(at(storage)));
        answers.set('/api/v1/repos/ttd/other/archive/x.zip', answerWith(401, {}));
        await fails(over(server).archive(APP, COMMIT), 'GITEA_UNAVAILABLE', /answered 401 after a redirect/);
        assert.deepEqual(
          server.calls.map(({ authorization }) => authorization),
          [`token ${TOKEN}`, undefined],
        );
      });

      it('is not the one who can say that a commit is missing, or that the token is refused', async () => {
        for (const status of [401, 403, 404, 422]) {
          const storage = await serve(answerWith(status, JSON_TYPE, '{}'), { https: true });
          const error = await fails(
            over(await serve(to(at(storage, `/${TOKEN}`)))).archive(APP, COMMIT),
            'GITEA_UNAVAILABLE',
          );
          assert.ok(!error.message.includes('storage.example'), error.message);
        }
      });

      it('may not lead on to plain http', async () => {
        const inner = await serve(answerWith(200, ZIP, archive));
        const storage = await serve(to(`http://inner.example:${inner.port}/`), { https: true });
        await fails(over(await serve(to(at(storage)))).archive(APP, COMMIT), 'GITEA_UNAVAILABLE', /away from https/);
        assert.deepEqual(inner.calls, []);
      });
    });

    it('to storage whose certificate nobody vouches for is refused', async () => {
      const storage = await serve(answerWith(200, ZIP, archive), { https: true });
      const server = await serve(to(`https://unknown.example:${storage.port}/`));
      await fails(over(server).archive(APP, COMMIT), 'GITEA_UNAVAILABLE', /no answer/);
      assert.deepEqual(storage.calls, []);
    });
  });

  describe('with an archive', () => {
    const cut: [string, () => HostileAnswer, string][] = [
      [
        'cut before its length',
        () => raw(head({ 'content-length': String(archive.length) }), archive.subarray(0, -9)),
        'GITEA_UNAVAILABLE',
      ],
      [
        'cut within a chunk',
        () => raw(head({ 'transfer-encoding': 'chunked' }), 'ffff\r\n', archive),
        'GITEA_UNAVAILABLE',
      ],
      [
        'cut before the last chunk',
        () => raw(head({ 'transfer-encoding': 'chunked' }), `${archive.length.toString(16)}\r\n`, archive, '\r\n'),
        'GITEA_UNAVAILABLE',
      ],
      [
        // undici takes the end of a connection that was to be closed for the end of the answer.
        'cut within a chunk, on a connection that was to be closed',
        () => raw(head({ 'transfer-encoding': 'chunked', connection: 'close' }), 'ffff\r\n', archive.subarray(0, -1)),
        'GITEA_ARCHIVE_INVALID',
      ],
      ['cut where only the end tells', () => raw(head({}), archive.subarray(0, -1)), 'GITEA_ARCHIVE_INVALID'],
      ['cut by whoever counted it', () => answerWith(200, ZIP, archive.subarray(0, 50)), 'GITEA_ARCHIVE_INVALID'],
      ['that is empty', () => answerWith(200, ZIP), 'GITEA_ARCHIVE_INVALID'],
      ['without a comment', () => answerWith(200, ZIP, archive.subarray(0, -40)), 'GITEA_ARCHIVE_INVALID'],
      ['that is the commit alone', () => answerWith(200, ZIP, COMMIT), 'GITEA_ARCHIVE_INVALID'],
      [
        'with the commit, though not in its end record',
        () => answerWith(200, ZIP, Buffer.concat([archive.subarray(0, -70), archive.subarray(-40)])),
        'GITEA_ARCHIVE_INVALID',
      ],
      [
        'of another commit, by its comment',
        () => answerWith(200, ZIP, Buffer.concat([archive.subarray(0, -40), Buffer.from(OTHER)])),
        'GITEA_ARCHIVE_INVALID',
      ],
      [
        'of another commit, by its link',
        () =>
          answerWith(
            200,
            { ...ZIP, link: `<http://x/>; rel="self", <http://x/${OTHER}.zip>; rel="immutable"` },
            archive,
          ),
        'GITEA_ARCHIVE_INVALID',
      ],
      [
        'that breaks off with a reset',
        () => (response) => void response.socket?.resetAndDestroy(),
        'GITEA_UNAVAILABLE',
      ],
    ];
    for (const [what, answer, code] of cut)
      it(`${what} gives nothing`, async () => {
        const server = await serve(answer());
        await fails(over(server).archive(APP, COMMIT), code);
      });

    it('that has no end is left at 50 MiB, and so is its connection', async () => {
      const server = await serve(endless(ZIP));
      await fails(over(server).archive(APP, COMMIT), 'ZIP_LIMIT', /over 52428800 bytes/);
      await released(server);
      assert.equal(server.calls.length, 1);
      assert.ok(server.sentBytes() < 64 * 2 ** 20, `${server.sentBytes()} bytes were sent`);
    });

    it('that is said to be too large is not read at all', async () => {
      const server = await serve(endless({ ...ZIP, 'content-length': String(50 * 2 ** 20 + 1) }));
      await fails(over(server).archive(APP, COMMIT), 'ZIP_LIMIT');
      await released(server);
      assert.ok(server.sentBytes() < 8 * 2 ** 20, `${server.sentBytes()} bytes were sent`);
    });

    it('just at the limit is taken', async () => {
      const server = await serve(answerWith(200, ZIP, archive));
      assert.ok(await over(server, { maxArchiveBytes: archive.length }).archive(APP, COMMIT));
      await fails(over(server, { maxArchiveBytes: archive.length - 1 }).archive(APP, COMMIT), 'ZIP_LIMIT');
    });

    const slow: [string, HostileAnswer][] = [
      ['that drips', dripping(ZIP)],
      ['that never starts', () => {}],
      ['that stops in the middle', (response) => void response.writeHead(200, ZIP).write('PK')],
      ['that stops within its headers', (response) => void response.socket?.write('HTTP/1.1 200 OK\r\nx: ')],
      ['whose connection closes again and again', raw('')],
    ];
    for (const [what, answer] of slow)
      it(`${what} is left in time, all tries together, and its connection is ended`, async () => {
        const server = await serve(answer);
        await fails(
          over(server, QUICK).archive(APP, COMMIT),
          'GITEA_UNAVAILABLE',
          /no whole answer within 0.4|no answer/,
        );
        await released(server);
      });

    it('that comes compressed is not inflated', async () => {
      const bomb = Readable.from(zeros(2 ** 30)).pipe(createGzip());
      const server = await serve(sendStream({ ...ZIP, 'content-encoding': 'gzip' }, bomb));
      await fails(over(server).archive(APP, COMMIT), 'GITEA_UNAVAILABLE', /compressed/);
      await released(server);
      for (const encoding of ['gzip, gzip', 'br', 'deflate', 'x-unknown'])
        await fails(
          over(await serve(answerWith(200, { ...ZIP, 'content-encoding': encoding }, gzipSync(archive)))).archive(
            APP,
            COMMIT,
          ),
          'GITEA_UNAVAILABLE',
        );
    });

    it('that is a page, text or JSON is told as such', async () => {
      for (const type of ['text/html; charset=utf-8', 'application/xhtml+xml', 'text/plain', 'application/json'])
        await fails(
          over(await serve(answerWith(200, { 'content-type': type }, PAGE))).archive(APP, COMMIT),
          'GITEA_UNAVAILABLE',
          /page for people|something else than zip/,
        );
    });
  });

  describe('whatever is asked', () => {
    const calls: [string, (gitea: Gitea) => Promise<unknown>][] = [
      ['exists', (gitea) => gitea.exists(APP)],
      ['resolveCommit', (gitea) => gitea.resolveCommit(APP, 'main')],
      ['archive', (gitea) => gitea.archive(APP, COMMIT)],
      ['hasFile', (gitea) => gitea.hasFile(APP, 'App/x.json')],
      ['list', (gitea) => gitea.list('ttd')],
      ['ping', (gitea) => gitea.ping()],
    ];
    const answers: [string, HostileAnswer, string, RegExp?][] = [
      ['a page to sign in', answerWith(200, { 'content-type': 'text/html' }, PAGE), 'GITEA_UNAVAILABLE', /for people/],
      ['a 404 page of a proxy', answerWith(404, { 'content-type': 'text/html' }, PAGE), 'GITEA_UNAVAILABLE'],
      ['201', answerWith(201, JSON_TYPE, '{}'), 'GITEA_UNAVAILABLE', /answered 201/],
      ['204', answerWith(204, {}), 'GITEA_UNAVAILABLE', /answered 204/],
      ['206', answerWith(206, { ...JSON_TYPE, 'content-range': 'bytes 0-1/9' }, '{}'), 'GITEA_UNAVAILABLE', /206/],
      ['300', answerWith(300, { location: '/x' }), 'GITEA_UNAVAILABLE', /answered 300/],
      ['304', answerWith(304, { location: '/x' }), 'GITEA_UNAVAILABLE', /answered 304/],
      ['400', json({}, 400), 'GITEA_UNAVAILABLE', /answered 400/],
      ['401', json({ message: TOKEN }, 401), 'GITEA_DENIED', /answered 401/],
      ['403', json({ message: TOKEN }, 403), 'GITEA_DENIED', /answered 403/],
      ['418', json({}, 418), 'GITEA_UNAVAILABLE', /answered 418/],
      ['429', json({}, 429), 'GITEA_UNAVAILABLE', /answered 429/],
      ['500', json({}, 500), 'GITEA_UNAVAILABLE', /answered 500/],
      ['599', answerWith(599, {}), 'GITEA_UNAVAILABLE', /answered 599/],
      ['no HTTP', raw('SSH-2.0-OpenSSH_9.6\r\n'), 'GITEA_UNAVAILABLE', /no answer/],
      ['headers of 1 MiB', raw('HTTP/1.1 200 OK\r\nx: ', Buffer.alloc(2 ** 20, 'x')), 'GITEA_UNAVAILABLE', /no answer/],
      [
        'the length twice',
        raw('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 9\r\n\r\n{}'),
        'GITEA_UNAVAILABLE',
      ],
      ['an error that breaks off', raw('HTTP/1.1 418 x\r\ncontent-length: 99\r\n\r\n{'), 'GITEA_UNAVAILABLE', /418/],
      [
        'a redirect that breaks off',
        raw('HTTP/1.1 302 x\r\nlocation: /\r\ncontent-length: 99\r\n\r\n{'),
        'GITEA_UNAVAILABLE',
      ],
    ];
    for (const [what, answer, code, message] of answers)
      it(`answers with ${what}: ${code}`, async () => {
        for (const [name, work] of calls) {
          const server = await serve(answer);
          await fails(work(over(server)), code, message).catch((error) => {
            throw new Error(`${name}: ${error.message}`, { cause: error });
          });
        }
      });

    const notJson: [string, HostileAnswer, RegExp?][] = [
      ['text', answerWith(200, { 'content-type': 'text/plain' }, '{}'), /something else than json/],
      ['a zip', answerWith(200, ZIP, 'PK'), /something else than json/],
      ['nothing', answerWith(200, JSON_TYPE), /not JSON/],
      ['cut JSON', answerWith(200, JSON_TYPE, `{"token": "${TOKEN}`), /not JSON/],
      ['JSON that is text', answerWith(200, JSON_TYPE, TOKEN), /not JSON/],
      ['1 MiB of JSON', json([' '.repeat(2 ** 20)]), /over 1048576 bytes/],
      ['JSON without end', endless(JSON_TYPE), /over 1048576 bytes/],
      ['compressed JSON', answerWith(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }, gzipSync('{}')), /compressed/],
    ];
    for (const [what, answer, message] of notJson)
      it(`answers a call for JSON with ${what}: GITEA_UNAVAILABLE`, async () => {
        for (const [name, work] of calls.filter(([name]) => name !== 'archive')) {
          const server = await serve(answer);
          const error = await fails(work(over(server)), 'GITEA_UNAVAILABLE', message);
          assert.ok(error.retryAfterSeconds, name);
        }
      });

    it('answers with JSON nested half a million deep: nothing breaks', async () => {
      const deep = answerWith(200, JSON_TYPE, '['.repeat(500_000) + ']'.repeat(500_000));
      const gitea = over(await serve(deep));
      assert.deepEqual([await gitea.exists(APP), await gitea.hasFile(APP, 'x')], [false, false]);
      assert.equal((await gitea.list('ttd')).isComplete, false);
      await fails(gitea.resolveCommit(APP, 'main'), 'GITEA_UNAVAILABLE');
    });

    it('tells when to come again, and is believed within reason', async () => {
      const soon = new Date(Date.now() + 60_000).toUTCString();
      const cases: [number, string, (seconds: number) => boolean][] = [
        [429, '17', (seconds) => seconds === 17],
        [503, '120', (seconds) => seconds === 120],
        [429, soon, (seconds) => seconds >= 57 && seconds <= 60],
        [429, '0', (seconds) => seconds === 1],
        [429, 'Wed, 21 Oct 2015 07:28:00 GMT', (seconds) => seconds === 1],
        [429, '9'.repeat(400), (seconds) => seconds === 3_600],
        [429, '-5', (seconds) => seconds > 0],
        [429, 'soon', (seconds) => seconds === 10],
      ];
      for (const [status, text, isRight] of cases) {
        const server = await serve(answerWith(status, { ...JSON_TYPE, 'retry-after': text }, '{}'));
        const { retryAfterSeconds } = await fails(over(server).exists(APP), 'GITEA_UNAVAILABLE');
        assert.ok(isRight(retryAfterSeconds ?? Number.NaN), `${text.slice(0, 40)}: ${retryAfterSeconds}`);
        assert.equal(server.calls.length, 1, 'asked again at once');
      }
    });

    it('is asked three times when it fails, and once when that can change nothing', async () => {
      for (const [answer, times] of [
        [json({}, 500), 3],
        [raw(''), 3],
        [json({}, 401), 1],
        [json({}, 400), 1],
        [answerWith(200, JSON_TYPE, '{'), 1],
      ] as const) {
        const server = await serve(answer);
        await assert.rejects(over(server).exists(APP));
        assert.equal(server.calls.length, times);
      }
    });

    it('leaves no connection behind', async () => {
      const server = await serve(endless(JSON_TYPE));
      const gitea = over(server);
      await Promise.allSettled(Array.from({ length: 50 }, () => gitea.exists(APP)));
      await released(server);
    });
  });

  describe('asked for a commit', () => {
    const commitUrl = (app: string, sha = COMMIT) => `http://gitea/api/v1/repos/${app}/git/commits/${sha}`;
    const resolve = async (value: unknown, ref = 'main') => over(await serve(json(value))).resolveCommit(APP, ref);

    it('gives it', async () => {
      assert.equal(await resolve({ sha: COMMIT, url: commitUrl('ttd/parking-permit') }), COMMIT);
      assert.equal(await resolve({ sha: COMMIT, url: commitUrl('TTD/Parking-Permit') }), COMMIT);
      assert.equal(await resolve({ sha: COMMIT }, COMMIT), COMMIT);
    });

    it('with a sha that is none: not answered properly', async () => {
      for (const sha of [
        '',
        'main',
        'c'.repeat(39),
        'c'.repeat(41),
        'c'.repeat(64),
        'C'.repeat(40),
        `${COMMIT}\n`,
        null,
        1,
      ])
        await fails(resolve({ sha, url: commitUrl('ttd/parking-permit') }), 'GITEA_UNAVAILABLE', /valid sha/);
      for (const value of [[], null, 'x', [{ sha: COMMIT }], { SHA: COMMIT }])
        await fails(resolve(value), 'GITEA_UNAVAILABLE', /valid sha/);
    });

    it('with another than the one asked for: not answered properly', async () => {
      await fails(resolve({ sha: OTHER }, COMMIT), 'GITEA_UNAVAILABLE', /another commit/);
    });

    it('of another repository: it is not in ours', async () => {
      for (const app of ['ttd/other', 'nav/parking-permit', 'xttd/parking-permit', 'ttd/parking-permit/x'])
        assert.equal(await resolve({ sha: COMMIT, url: commitUrl(app) }), undefined, app);
      assert.equal(await resolve({ sha: COMMIT, url: commitUrl('ttd/parking-permit', OTHER) }), undefined);
    });

    it('by a name that would climb is not asked at all', async () => {
      const server = await serve(json({ sha: COMMIT }));
      for (const ref of ['', '.', '..']) assert.equal(await over(server).resolveCommit(APP, ref), undefined);
      assert.equal(server.calls.length, 0);
      for (const ref of ['a/../b', '%2e%2e', 'a?b=c', 'a#b', 'æ\0'])
        assert.equal(await over(server).resolveCommit(APP, ref), COMMIT);
      const prefix = '/api/v1/repos/ttd/parking-permit/git/commits/';
      for (const { path } of server.calls) assert.match(path.slice(prefix.length), /^[^/?#]+\?stat=/);
      assert.ok(server.calls.every(({ path }) => path.startsWith(prefix)));
    });
  });

  it('that answers for a renamed repository does not have the old one', async () => {
    for (const [full_name, isThere] of [
      ['ttd/parking-permit', true],
      ['TTD/parking-permit', true],
      ['ttd/renamed', false],
      ['attd/parking-permit', false],
    ] as const)
      assert.equal(await over(await serve(json({ full_name }))).exists(APP), isThere, full_name);
  });

  it('has the files that the list of their folder names, whatever they hold', async () => {
    const entry = (path: string, type = 'file') => ({ path, type, content: null });
    const server = await serve(json([entry('App/æ x'), entry('App/link', 'symlink'), entry('App/folder', 'dir')]));
    const has = (path: string) => over(server).hasFile(APP, path);
    assert.deepEqual([await has('App/æ x'), await has('App/link')], [true, true]);
    for (const path of ['App/folder', 'App/x', 'App/Æ x', 'App', 'App/æ x/y'])
      assert.equal(await has(path), false, path);
    await over(server).hasFile(APP, 'a b/æ/x');
    assert.deepEqual(
      [server.calls[0]?.path, server.calls.at(-1)?.path].map((path) => path?.split('/contents')[1]),
      ['/App', '/a%20b/%C3%A6'],
    );
    const aFile = await serve(json({ path: 'App', type: 'file', content: '' }));
    assert.equal(await over(aFile).hasFile(APP, 'App/x'), false);
  });

  it('has a file at the top of the repository', async () => {
    const server = await serve(json([{ path: 'Dockerfile', type: 'file' }]));
    assert.equal(await over(server).hasFile(APP, 'Dockerfile'), true);
    assert.equal(server.calls[0]?.path, '/api/v1/repos/ttd/parking-permit/contents');
  });

  it('with repositories that are not understood has not told of all', async () => {
    for (const odd of [
      null,
      'x',
      {},
      { name: 'x' },
      { name: 'x', updated_at: 'never' },
      { updated_at: '2026-01-01' },
    ]) {
      const pages = [[{ name: 'a', updated_at: '2026-01-01T00:00:00Z' }, odd], []];
      const server = await serve((response, request) => json(pages.shift())(response, request));
      const { repositories, isComplete } = await over(server).list('ttd');
      assert.deepEqual([repositories.map(({ name }) => name), isComplete], [['a'], false], JSON.stringify(odd));
    }
  });

  it('is not made with a token or a URL that would end in a message', () => {
    for (const token of [`${TOKEN}\n`, ` ${TOKEN}`, `${TOKEN}\u00e5`, ''])
      assert.throws(
        () => makeGitea({ url: 'https://gitea.example', token }),
        (error: AppError) => error.code === 'CONFIGURATION_INVALID' && !inspect(error).includes(TOKEN),
      );
    assert.throws(
      () => makeGitea({ url: `https://oauth2:${TOKEN}@gitea.example`, token: undefined }),
      (error: AppError) => error.code === 'CONFIGURATION_INVALID' && !inspect(error).includes(TOKEN),
    );
  });
});

function head(headers: Record<string, string>): string {
  const fields = Object.entries({ ...ZIP, ...headers }).map((pair) => pair.join(': '));
  return ['HTTP/1.1 200 OK', ...fields, '', ''].join('\r\n');
}

/** With the commit for a comment, as `git archive` makes it. */
async function makeArchive(commit: string): Promise<Buffer> {
  const zip = new JSZip();
  zip.file('parking-permit/Dockerfile', 'FROM scratch\n');
  return zip.generateAsync({ type: 'nodebuffer', comment: commit });
}

function* zeros(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(2 ** 20);
  for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk;
}
