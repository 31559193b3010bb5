import assert from 'node:assert/strict';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type { HttpRequest } from '@azure/functions';
import { readJsonBody } from '../../src/functions/read-json-body.ts';
import { assertDocumented } from '../support/api-document.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const APP = '/api/v1/ttd/parking-permit';
const DEPLOYMENTS = `${APP}/deployments`;
const GOOD = '{"envName":"tt02","tagName":"1"}';
const JSON_TYPE = { 'content-type': 'application/json' };

const names = (count: number): [string, number][] => Array.from({ length: count }, (_, index) => [`n${index}`, index]);

interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  /** Without a Content-Length. */
  readonly chunked?: boolean;
}

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they need
  readonly body: any;
}

describe('a request over HTTP', () => {
  let stack: TestStack;
  before(async () => {
    stack = await startTestStack();
  });
  after(() => stack.stop());

  async function send(call: Call): Promise<Answer> {
    const answer = await sendAsItIs(call);
    const { method = 'POST', path = DEPLOYMENTS } = call;
    const url = new URL(path, stack.run.functionsUrl).href;
    assertDocumented({ method, url, status: answer.status, contentType: answer.type, body: answer.body });
    return answer;
  }

  /** Not by fetch, which corrects what is sent. */
  function sendAsItIs({
    method = 'POST',
    path = DEPLOYMENTS,
    headers = JSON_TYPE,
    body,
    chunked,
  }: Call): Promise<Answer> {
    const { hostname, port } = new URL(stack.run.functionsUrl);
    return new Promise((resolve, reject) => {
      const sent = httpRequest({ hostname, port, method, path, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const status = answer.statusCode ?? 0;
          resolve({ status, type: answer.headers['content-type'], body: text ? JSON.parse(text) : undefined });
        });
      });
      sent.on('error', reject);
      if (chunked && body !== undefined) sent.write(body);
      sent.end(chunked ? undefined : body);
    });
  }

  async function assertRefused(call: Call, status: number, code: string, message = /./): Promise<void> {
    const answer = await send(call);
    const shown = JSON.stringify({ ...call, body: String(call.body).slice(0, 60), answer: answer.body }).slice(0, 900);
    assert.deepEqual([answer.status, answer.body?.code], [status, code], shown);
    assert.equal(answer.type, 'application/problem+json', shown);
    assert.match(answer.body.detail, message, shown);
    assert.ok(answer.body.whatToDo && answer.body.instance && answer.body.problems.length > 0, shown);
    assert.ok(JSON.stringify(answer.body).length < 20_000, 'as long as what was sent');
  }

  describe('with a body', () => {
    const invalid: [string, string | Buffer | undefined, RegExp][] = [
      ['that is missing', undefined, /empty/],
      ['that is empty', '', /empty/],
      ['of white space', ' \n', /not JSON/],
      ['that is cut', GOOD.slice(0, -1), /not JSON/],
      ['of two documents', GOOD + GOOD, /not JSON/],
      ['with a comment', `${GOOD} // x`, /not JSON/],
      ['that is an array', `[${GOOD}]`, /expected object/],
      ['that is null', 'null', /expected object/],
      ['that is a string', '"tt02"', /expected object/],
      ['that is a number no double can hold', '1e999', /expected object/],
      ['with a number in place of a string', '{"envName":1e999,"tagName":"1"}', /envName: .*expected string/],
      ['with a number of 60,000 digits', `{"envName":${'9'.repeat(60_000)},"tagName":"1"}`, /expected string/],
      ['with an array in place of a string', '{"envName":["tt02"],"tagName":"1"}', /expected string/],
      ['with a key twice', '{"envName":"at22","envName":"tt02","tagName":"1"}', /"envName" stands twice/],
      ['with a key twice, once escaped', '{"envName":"at22","\\u0065nvName":"tt02","tagName":"1"}', /stands twice/],
      ['with a key of 30,000 letters twice', `{${`"${'k'.repeat(30_000)}":1,`.repeat(2)}"a":1}`, /"kkk/],
      ['with an unknown field', '{"envName":"tt02","tagName":"1","force":true}', /"force"/],
      ['with a field in other letters', '{"envname":"tt02","tagName":"1"}', /envName/],
      ['with __proto__', '{"envName":"tt02","tagName":"1","__proto__":{"admin":true}}', /__proto__/],
      ['with __proto__, escaped', '{"envName":"tt02","tagName":"1","__pr\\u006fto__":{}}', /__proto__/],
      ['with constructor', '{"envName":"tt02","tagName":"1","constructor":{"prototype":{}}}', /"constructor"/],
      ['nested 9 deep', `{"envName":${'['.repeat(8)}${']'.repeat(8)},"tagName":"1"}`, /deeper than 8/],
      ['nested 60,000 deep', '['.repeat(60_000), /deeper than 8/],
      ['nested 8 deep', `{"envName":${'['.repeat(7)}${']'.repeat(7)},"tagName":"1"}`, /expected string/],
      ['with NUL in a string', '{"envName":"tt02\\u0000","tagName":"1"}', /NUL/],
      ['with NUL in a key', '{"envName":"tt02","tagName":"1","a\\u0000":1}', /NUL/],
      ['with NUL in an unknown place', '{"envName":"tt02","tagName":"1","more":[["\\u0000"]]}', /NUL/],
      ['with NUL as it is', '{"envName":"tt02\0","tagName":"1"}', /not JSON/],
      ['with half a surrogate pair', '{"envName":"tt02","tagName":"\\ud800"}', /surrogate/],
      ['with a byte order mark', `\ufeff${GOOD}`, /byte order mark/],
      ['in UTF-16', Buffer.from(GOOD, 'utf16le'), /not JSON/],
      ['in Latin-1', Buffer.from('{"envName":"tt02","tagName":"bl\u00e5"}', 'latin1'), /not UTF-8/],
      ['with an overlong slash', Buffer.from('7b2261223a22c0af227d', 'hex'), /not UTF-8/],
      ['with a cut character', Buffer.concat([Buffer.from(GOOD), Buffer.from([0xe2, 0x82])]), /not UTF-8/],
      ['with a look-alike digit', '{"envName":"tt0\u0662","tagName":"1"}', /envName: must be/],
      ['with a line break behind the name', '{"envName":"tt02\\n","tagName":"1"}', /envName: must be/],
      ['with a path for a tag', '{"envName":"tt02","tagName":"../1"}', /tagName: must be/],
      ['with a commit in capitals', `{"envName":"tt02","tagName":"1","commit":"${'A'.repeat(40)}"}`, /commit: must be/],
      ['with 5,000 unknown fields', JSON.stringify(Object.fromEntries(names(5_000))), /envName/],
    ];
    for (const [what, body, message] of invalid)
      it(`${what} is refused`, () =>
        assertRefused({ ...(body === undefined ? {} : { body }) }, 400, 'REQUEST_INVALID', message));

    it('is told all that is missing at once', async () => {
      const { body } = await send({ body: '{}' });
      assert.deepEqual(
        body.problems.map(({ message }: { message: string }) => message),
        ['envName: is missing', 'tagName: give either tagName or fromDeploymentId'],
      );
    });

    it('is refused likewise by an undeploy', async () => {
      const path = `${APP}/undeploy`;
      await assertRefused({ path, body: '{"envName":"tt02","envName":"at22"}' }, 400, 'REQUEST_INVALID', /twice/);
      await assertRefused({ path, body: '{"envName":"tt02","tagName":"1"}' }, 400, 'REQUEST_INVALID', /tagName/);
      await assertRefused({ path, body: GOOD, headers: {} }, 415, 'CONTENT_TYPE_UNSUPPORTED');
    });

    it('over 64 KiB is refused, whether its length was told or not', async () => {
      const large = Buffer.alloc(64 * 1024 + 1, ' ');
      await assertRefused({ body: large }, 413, 'REQUEST_TOO_LARGE');
      await assertRefused({ body: large, chunked: true }, 413, 'REQUEST_TOO_LARGE');
      await assertRefused({ body: Buffer.alloc(8 * 2 ** 20, '[') }, 413, 'REQUEST_TOO_LARGE');
      await assertRefused({ body: Buffer.alloc(64 * 1024, ' ') }, 400, 'REQUEST_INVALID', /not JSON/);
    });

    it('is read no further than 64 KiB where the platform streams it', async () => {
      let pulled = 0;
      let isLeft = false;
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(Buffer.alloc(1_024, ++pulled && ' ')),
        cancel: () => {
          isLeft = true;
        },
      });
      await assert.rejects(readJsonBody(streamed(endless)), { code: 'REQUEST_TOO_LARGE' });
      assert.ok(isLeft && pulled < 70, `${pulled} KiB`);
    });

    it('that breaks off is not taken for a fault of ours', async () => {
      const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('reset')) });
      await assert.rejects(readJsonBody(streamed(broken)), { code: 'REQUEST_INVALID', message: /broke off/ });
    });

    const types = [
      undefined,
      '',
      'text/plain',
      'text/json',
      'application/jsonp',
      'application/json-patch+json',
      'application/problem+json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json, text/plain',
      'application/json; charset=latin1',
      'application/json; charset=utf-16',
      'application/json;charset="utf-16le"',
      'application/json; charset=utf-8; charset=utf-7',
      'application/json; charset=',
    ];
    for (const type of types)
      it(`of the type '${type}' is refused`, () =>
        assertRefused(
          { body: GOOD, headers: type === undefined ? {} : { 'content-type': type } },
          415,
          'CONTENT_TYPE_UNSUPPORTED',
        ));

    it('that is compressed is refused', async () => {
      for (const encoding of ['gzip', 'br', 'identity, gzip'])
        await assertRefused(
          { body: GOOD, headers: { ...JSON_TYPE, 'content-encoding': encoding } },
          415,
          'CONTENT_TYPE_UNSUPPORTED',
          /Content-Encoding/,
        );
    });

    it('of the documented form is taken, however its type is spelled', async () => {
      for (const type of ['application/json', 'Application/JSON; Charset=UTF-8', 'application/json;charset="utf-8"'])
        assert.equal(
          (await send({ body: ` ${GOOD}\n`, headers: { 'content-type': type }, chunked: true })).status,
          202,
          type,
        );
    });
  });

  describe('with a path', () => {
    const refused: [string, string, number, string][] = [
      ['an encoded slash', '/api/v1/ttd/a%2Fb/deployments', 400, 'REQUEST_INVALID'],
      ['an encoded slash in the org', '/api/v1/ttd%2f../parking-permit', 400, 'REQUEST_INVALID'],
      ['an encoded slash in the id', `${DEPLOYMENTS}/..%2f..%2fadmin`, 404, 'DEPLOYMENT_UNKNOWN'],
      ['an encoded backslash', '/api/v1/ttd/a%5Cb/deployments', 400, 'REQUEST_INVALID'],
      ['a double encoding', '/api/v1/ttd/parking%252Dpermit', 400, 'REQUEST_INVALID'],
      ['dots', '/api/v1/ttd/../../admin', 404, 'ROUTE_UNKNOWN'],
      ['encoded dots', '/api/v1/ttd/parking-permit/%2e%2e/%2E%2E/%2e%2e', 404, 'ROUTE_UNKNOWN'],
      ['three dots', '/api/v1/ttd/...', 400, 'REQUEST_INVALID'],
      ['NUL', '/api/v1/ttd/parking-permit%00', 400, 'REQUEST_INVALID'],
      ['NUL in the org', '/api/v1/ttd%00/parking-permit', 400, 'REQUEST_INVALID'],
      ['NUL in the list of an org', '/api/v1/ttd%00', 400, 'REQUEST_INVALID'],
      ['NUL in the id', `${DEPLOYMENTS}/%00`, 404, 'DEPLOYMENT_UNKNOWN'],
      ['a line break', '/api/v1/ttd/parking-permit%0a', 400, 'REQUEST_INVALID'],
      ['CR LF', '/api/v1/ttd/parking-permit%0d%0aset-cookie:x', 400, 'REQUEST_INVALID'],
      ['a space', '/api/v1/ttd/parking-permit%20', 400, 'REQUEST_INVALID'],
      ['no UTF-8', '/api/v1/ttd/parking%ffpermit', 400, 'REQUEST_INVALID'],
      ['a percent sign', '/api/v1/ttd/parking%permit', 400, 'REQUEST_INVALID'],
      [
        'full-width letters',
        `/api/v1/${encodeURIComponent('\uff54\uff54\uff44')}/parking-permit`,
        400,
        'REQUEST_INVALID',
      ],
      ['a Cyrillic a', `/api/v1/ttd/p${encodeURIComponent('\u0430')}rking-permit`, 400, 'REQUEST_INVALID'],
      ['a dotless i', `/api/v1/ttd/park${encodeURIComponent('\u0131')}ng-permit`, 400, 'REQUEST_INVALID'],
      ['another hyphen', `/api/v1/ttd/parking${encodeURIComponent('\u2010')}permit`, 400, 'REQUEST_INVALID'],
      ['an invisible space', `/api/v1/ttd/parking-permit${encodeURIComponent('\u200b')}`, 400, 'REQUEST_INVALID'],
      ['a combining accent', `/api/v1/ttd/parking-permit${encodeURIComponent('\u0301')}`, 400, 'REQUEST_INVALID'],
      ['capitals', '/api/v1/TTD/parking-permit', 400, 'REQUEST_INVALID'],
      ['a reserved name', '/api/v1/ttd/datamodels', 400, 'REQUEST_INVALID'],
      ['a name of 4,000 letters', `/api/v1/ttd/${'a'.repeat(4_000)}`, 400, 'REQUEST_INVALID'],
      ['__proto__', '/api/v1/ttd/__proto__', 400, 'REQUEST_INVALID'],
      ['an id in capitals', `${DEPLOYMENTS}/0F8FAD5B-D9CB-469F-A165-70867728950E`, 404, 'DEPLOYMENT_UNKNOWN'],
      ['a slash at its end', `${DEPLOYMENTS}/`, 404, 'ROUTE_UNKNOWN'],
      ['an empty segment', '/api/v1//parking-permit', 404, 'ROUTE_UNKNOWN'],
      ['a parameter behind a semicolon', '/api/v1/ttd/parking-permit;x=1', 400, 'REQUEST_INVALID'],
      ['nothing of ours', '/.git/config', 404, 'ROUTE_UNKNOWN'],
    ];
    for (const [what, path, status, code] of refused)
      it(`that has ${what} is refused`, async () => {
        await assertRefused({ method: 'GET', path, headers: {} }, status, code);
      });

    it('is refused before the body is looked at', () =>
      assertRefused({ path: '/api/v1/ttd/a%2Fb/deployments', body: '{' }, 400, 'REQUEST_INVALID', /^app /));

    it('and a method that is not there is told which are', async () => {
      for (const method of ['DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PUT'])
        await assertRefused({ method, headers: {} }, 405, 'METHOD_NOT_ALLOWED', /GET, POST/);
    });
  });

  describe('with an Idempotency-Key', () => {
    const keys: [string, string | string[]][] = [
      ['that is empty', ''],
      ['of white space', ' '],
      ['with a space', 'a b'],
      ['with a tab', 'a\tb'],
      ['over 128 characters', 'k'.repeat(129)],
      ['beyond ASCII', 'n\u00f8kkel'],
      ['given twice', ['one', 'two']],
    ];
    for (const [what, key] of keys)
      it(`${what} is refused`, async () => {
        const headers = { ...JSON_TYPE, 'idempotency-key': key };
        await assertRefused({ headers, body: GOOD }, 400, 'REQUEST_INVALID', /Idempotency-Key: must be/);
      });

    it('of 128 characters of every kind is taken, and tells one request from another', async () => {
      const key = `${'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'}${'k'.repeat(96)}`;
      const headers = { ...JSON_TYPE, 'idempotency-key': key };
      const first = await send({ headers, body: GOOD });
      const again = await send({ headers, body: '{"tagName":"1",  "envName":"tt02"}' });
      assert.deepEqual([key.length, first.status, again.status], [128, 202, 202]);
      assert.equal(again.body.id, first.body.id);
      const body = '{"envName":"at22","tagName":"1"}';
      await assertRefused({ headers, body }, 422, 'IDEMPOTENCY_KEY_REUSED');
    });

    it('and trace context that is none is left out', async () => {
      const headers = { ...JSON_TYPE, traceparent: '00-zz', tracestate: 'a=\u00e5' };
      assert.equal((await send({ headers, body: GOOD })).status, 202);
    });
  });

  describe('with a query', () => {
    const refused: [string, string][] = [
      ['an unknown name', 'offset=1'],
      ['a name in capitals', 'Limit=1'],
      ['a name twice', 'limit=1&limit=1'],
      ['a name twice, once encoded', 'limit=1&l%69mit=2'],
      ['no name', '=1'],
      ['__proto__', '__proto__=1'],
      ['a name with brackets', 'limit[]=1'],
      ['0', 'limit=0'],
      ['a negative number', 'limit=-1'],
      ['too many', 'limit=101'],
      ['a number with a sign', 'limit=%2B1'],
      ['a number with a space', 'limit=1%20'],
      ['a number with an exponent', 'limit=1e1'],
      ['a hexadecimal number', 'limit=0x1'],
      ['other digits', `limit=${encodeURIComponent('\u0661')}`],
      ['an empty limit', 'limit='],
      ['NUL in the cursor', 'cursor=a%00'],
      ['NUL in a name', 'cur%00sor=a'],
      ['no UTF-8', 'cursor=%ff'],
      ['a percent sign', 'cursor=100%'],
      ['a long cursor', `cursor=${'a'.repeat(101)}`],
      [
        '2,000 names',
        names(2_000)
          .map(([name]) => name)
          .join('&'),
      ],
      ['1,000 names, each twice', [...names(1_000), ...names(1_000)].map(([name]) => name).join('&')],
    ];
    for (const [what, query] of refused)
      it(`that has ${what} is refused`, async () => {
        for (const path of [DEPLOYMENTS, '/api/v1/ttd'])
          await assertRefused({ method: 'GET', path: `${path}?${query}`, headers: {} }, 400, 'REQUEST_INVALID');
      });

    const ofDeployments: [string, string][] = [
      ['NUL in the environment', 'envName=tt02%00'],
      ['an empty environment', 'envName='],
      ['a cursor that is not one', 'cursor=x'],
      ['a cursor beyond all numbers', `cursor=${Buffer.from(`o${'9'.repeat(40)}`).toString('base64url')}`],
      ['a negative cursor', `cursor=${Buffer.from('o-1').toString('base64url')}`],
    ];
    for (const [what, query] of ofDeployments)
      it(`that has ${what} is refused`, () =>
        assertRefused({ method: 'GET', path: `${DEPLOYMENTS}?${query}`, headers: {} }, 400, 'REQUEST_INVALID'));

    it('may name what is not there', async () => {
      for (const query of ['envName=nowhere', "envName=';drop table x;--", 'cursor=bzE', 'envName=%F0%9F%92%A5']) {
        const { status, body } = await send({
          method: 'GET',
          path: encodeURI(`${DEPLOYMENTS}?${query}`).replaceAll('%25', '%'),
          headers: {},
        });
        assert.equal(status, 200, JSON.stringify(body));
      }
    });
  });

  it('never meets a fault of ours', () => {
    assert.deepEqual(
      stack.lines.filter(({ message }) => message === 'call failed'),
      [],
    );
  });
});

const streamed = (body: ReadableStream<Uint8Array>): HttpRequest =>
  new Request('http://127.0.0.1/', {
    method: 'POST',
    headers: JSON_TYPE,
    body,
    duplex: 'half',
  } as RequestInit) as unknown as HttpRequest;
