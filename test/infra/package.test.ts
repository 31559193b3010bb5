import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import JSZip from 'jszip';
import { ROUTES } from '../../src/functions/table.ts';
import { AZURE_SETTINGS } from '../support/azure-settings.ts';
import { type Call, loadUnderWorker } from '../support/functions-worker.ts';
import { script } from '../support/script.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('the package', () => {
  /** Not below the project, whose packages it would find. */
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  const app = join(folder, 'app');
  let files: string[];
  let stack: TestStack;
  before(async () => {
    const out = join(folder, 'package.zip');
    const environments = join(ROOT, 'environments.sample.yaml');
    [stack] = await Promise.all([
      startTestStack({ blobEvents: false }),
      pack('--out', out, '--environments', environments),
    ]);
    const { files: entries } = await JSZip.loadAsync(readFileSync(out));
    files = Object.keys(entries);
    for (const [path, entry] of Object.entries(entries)) {
      mkdirSync(dirname(join(app, path)), { recursive: true });
      writeFileSync(join(app, path), await entry.async('nodebuffer'));
    }
  });
  after(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function pack(...args: string[]) {
    return promisify(execFile)(process.execPath, script('infra/commands/package.ts', ...args), {
      cwd: ROOT,
    });
  }
  const load = (env: Record<string, string>, call?: Call) => {
    const { main } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
    return loadUnderWorker(join(app, main), app, env, call);
  };

  it('holds what runs in Azure and nothing else', () => {
    const rest = files.filter((path) => !/^dist\/[\w-]+\.js$/.test(path));
    assert.deepEqual(rest, ['LICENSE', 'THIRD-PARTY-NOTICES.txt', 'environments.yaml', 'host.json', 'package.json']);
    assert.ok(files.includes('dist/main.js'));
    const { type, dependencies, scripts } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
    assert.deepEqual([type, dependencies, scripts], ['module', undefined, undefined]);
    assert.match(readFileSync(join(app, 'THIRD-PARTY-NOTICES.txt'), 'utf8'), /^pg \d.*\n\nMIT License/m);
  });

  it('registers every function with settings of Azure, and finds its environments file', async () => {
    const { functions } = await load(AZURE_SETTINGS);
    assert.ok(functions.length > ROUTES.length, 'the triggers too');
  });

  it('does its work: storage, database, Gitea, the search for secrets', async () => {
    const { answer, stderr } = await load(stack.env as Record<string, string>, {
      ...{ name: 'previewDeployment', method: 'POST', params: { org: 'ttd', app: 'parking-permit' } },
      headers: { 'content-type': 'application/json' },
      body: { envName: 'tt02', tagName: '1' },
    });
    assert.equal(answer?.status, 200, `${answer?.body} ${stderr}`);
    assert.match(JSON.parse(answer?.body ?? '').inputsDigest, /^[0-9a-f]{64}$/);
  });

  it('is not made with an environments file that is wrong', async () => {
    const wrong = join(folder, 'wrong.yaml');
    writeFileSync(wrong, 'studio: {name: dev, chart: {version: 1.x}}\nenvironments: {tt02: {hostname: tt02}}\n');
    await assert.rejects(
      pack('--out', join(folder, 'none.zip'), '--environments', wrong),
      (error: { stderr: string }) => {
        for (const path of ['studio.chart.version', 'tt02.hostname', 'tt02.storage', 'tt02.orgs'])
          assert.ok(error.stderr.includes(path), error.stderr);
        return true;
      },
    );
  });
});
