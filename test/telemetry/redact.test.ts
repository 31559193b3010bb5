import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redact, redactUrl } from '../../src/model/redact.ts';
import { knownSecrets, readTelemetrySettings } from '../../src/telemetry-settings.ts';

describe('secrets in a text', () => {
  it('are taken out by their form, and what stands around them stays', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['GET https://a.net/c/b?sv=2024&sig=aB%2Fc%3D&se=1', 'GET https://a.net/c/b?sv=2024&sig=***&se=1'],
      ['postgres://studio:p4ss@db/studio', 'postgres://studio:***@db/studio'],
      ['AccountName=a;AccountKey=abc+/==;EndpointSuffix=x', 'AccountName=a;AccountKey=***;EndpointSuffix=x'],
      ['Server=db;Password=hunter2;Port=1', 'Server=db;Password=***;Port=1'],
      ['InstrumentationKey=7e1e;IngestionEndpoint=x', 'InstrumentationKey=***;IngestionEndpoint=x'],
      ['"authorization":"Bearer abcdefghijklmnopqrstuvwxyz"', '"authorization":"Bearer ***"'],
      ['authorization: token 0123456789abcdef0123', 'authorization: token ***'],
      ['got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln here', 'got *** here'],
    ];
    for (const [text, clean] of cases) assert.equal(redact(text), clean);
  });

  it('are taken out by their value, but not when it is too short to be told from other text', () => {
    assert.equal(redact('the key s3cr3t-value is wrong', ['s3cr3t-value']), 'the key *** is wrong');
    assert.equal(redact('an app', ['app']), 'an app');
  });

  it('are not seen in what is none', () => {
    for (const text of [
      'https://studio/repos/ttd/app/archive/abc.zip: answered 500',
      'send an access token of Entra ID in the header Authorization: Bearer',
      'the database did not answer',
      'config?page=2&limit=20',
      'ttd/parking-permit in tt02: STORAGE_EMPTY',
    ])
      assert.equal(redact(text), text);
  });

  it('cost time in proportion to the length, whatever is sent', () => {
    for (const piece of ['://a:', '?sig=', 'AccountKey=', 'Bearer ', 'eyJaaaaaaaa.']) {
      const started = performance.now();
      redact(piece.repeat(200_000));
      // Some 30 ms; a form that looks through the rest from each piece would take minutes.
      assert.ok(performance.now() - started < 5_000, piece);
    }
  });
});

describe('settings that hold secrets', () => {
  it('are known whole, and the secret within them', () => {
    const known = knownSecrets({
      GITEA_TOKEN: 'gitea-token',
      DATABASE_URL: 'postgres://u:p%40ssword@db/x',
      STUDIO_STORAGE: 'AccountName=a;AccountKey=key==;BlobEndpoint=http://x',
      PGHOST: 'db.example.net',
    });
    for (const secret of ['gitea-token', 'p%40ssword', 'p@ssword', 'key==']) assert.ok(known.includes(secret), secret);
    assert.ok(!known.includes('db.example.net'));
  });

  it('turn telemetry on with a connection string alone, and send by identity outside Development', () => {
    assert.equal(readTelemetrySettings({ APPLICATIONINSIGHTS_CONNECTION_STRING: ' ' }), undefined);
    const on = { APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=k' };
    assert.deepEqual(readTelemetrySettings({ ...on, AZURE_CLIENT_ID: 'id' })?.identity, { clientId: 'id' });
    assert.deepEqual(readTelemetrySettings(on)?.identity, { clientId: undefined });
    assert.equal(readTelemetrySettings({ ...on, AZURE_FUNCTIONS_ENVIRONMENT: 'Development' })?.identity, undefined);
  });
});

describe('redactUrl', () => {
  it('takes out the query, the user and the password', () => {
    assert.equal(redactUrl('https://u:p@a.example/c/b?sv=1&sig=SECRET#x'), 'https://a.example/c/b');
  });
  it('takes out the query of what is not a URL', () => assert.equal(redactUrl('/c/b?sig=SECRET'), '/c/b'));
});
