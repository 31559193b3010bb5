import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startFunctionsHost } from '../../local/host/functions-host.ts';
import { freePort } from '../../local/services/free-port.ts';
import { problem } from '../../src/errors.ts';
import { makeMisconfiguredTable } from '../../src/functions/table.ts';
import { script } from '../support/script.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('npm run smoke', () => {
  let stack: TestStack;
  before(async () => {
    stack = await startTestStack({ blobEvents: false });
  });
  after(() => stack.stop());

  function smoke(args: readonly string[], token?: string): Promise<{ code: number; out: string }> {
    const env = { PATH: process.env.PATH ?? '', ...(token ? { SMOKE_TOKEN: token } : {}) };
    return new Promise((resolve) => {
      const command = script('infra/commands/smoke.ts', ...args);
      execFile(process.execPath, command, { cwd: ROOT, env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
      );
    });
  }
  const app = (env: string, tag = '1') => ['--org', 'ttd', '--app', 'parking-permit', '--env', env, '--tag', tag];

  it('finds a working installation well, and leaves it as it was', async () => {
    const { code, out } = await smoke(['--url', `${stack.run.functionsUrl}/`, ...app('tt02')]);
    assert.equal(code, 0, out);
    assert.match(
      out,
      /^ok {4}health +\d+ ms {2}healthy\nok {4}description .* version \d.*\nok {4}preview ttd\/parking-permit /,
    );
    assert.match(out, /nothing is published there yet/);
    assert.deepEqual(await stack.sql('select * from pull_deploy.deployments'), []);
  });

  it('takes the address of the API for that of the installation', async () => {
    for (const path of ['/api', '/api/']) {
      const { code, out } = await smoke(['--url', `${stack.run.functionsUrl}${path}`]);
      assert.equal(code, 0, out);
    }
  });

  it('tells why a preview fails', async () => {
    const { code, out } = await smoke(['--url', stack.run.functionsUrl, ...app('tt02', 'none')]);
    assert.equal(code, 1, out);
    assert.match(out, /^FAIL {2}preview .* answered 404 RELEASE_UNKNOWN\n {8}\S/m);
  });

  it('tells each problem of one that is wrongly configured', async () => {
    const definitions = makeMisconfiguredTable([
      problem('CONFIGURATION_INVALID', 'PGHOST is not set'),
      problem('CONFIGURATION_INVALID', 'GITEA_URL is not set'),
    ]);
    const host = await startFunctionsHost({ definitions, port: 0, timers: false });
    const { code, out } = await smoke(['--url', host.url, ...app('tt02')]);
    await host.close();
    assert.equal(code, 1, out);
    assert.match(out, /^FAIL {2}health .* unhealthy\n {8}PGHOST is not set\n {8}GITEA_URL is not set$/m);
    assert.match(out, /^FAIL {2}preview .* answered 503 CONFIGURATION_INVALID$/m);
  });

  it('fails for one that does not answer', async () => {
    const { code, out } = await smoke(['--url', `http://127.0.0.1:${await freePort()}`]);
    assert.equal(code, 1, out);
    assert.match(out, /^FAIL {2}health .* no answer from http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED$/m);
  });

  it('sends no token in clear, and says how it is used', async () => {
    for (const [args, why] of [
      [[], '--url is missing'],
      [['--url', 'example.net/api'], "--url 'example.net/api': must be"],
      [['--url', 'http://example.net'], 'in clear'],
      [['--url', stack.run.functionsUrl, '--org', 'ttd'], 'belong together'],
    ] as const) {
      const { code, out } = await smoke(args, 'secret-token');
      assert.equal(code, 1);
      assert.ok(out.includes(why) && out.includes('npm run smoke --') && !out.includes('secret-token'), out);
    }
  });
});
