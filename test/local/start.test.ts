import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RunFile } from '../../local/run-file.ts';
import { freePort } from '../../local/services/free-port.ts';
import { removeState } from '../../local/stack.ts';
import { get } from '../support/api.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { eventually } from '../support/eventually.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('npm start', () => {
  let folder: string;
  let state: string;
  let apps: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'start-'));
    await chmod(folder, 0o755);
    [state, apps] = [join(folder, 'state'), join(folder, 'apps')];
    await writeApp(apps, 'nav', 'first-app', minimalApp('nav', 'first-app'));
  });
  const children = new Set<ChildProcess>();
  after(async () => {
    // Those of a test that has failed: they would keep this process waiting.
    for (const child of children) child.kill('SIGKILL');
    await removeState(state);
    await rm(folder, { recursive: true, force: true });
  });

  interface Run {
    readonly child: ChildProcess;
    readonly output: () => string;
    readonly ended: Promise<number | null>;
  }
  function start(...args: string[]): Run {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'local/start.ts', '--state', state, '--apps', apps, ...args],
      { cwd: ROOT },
    );
    children.add(child);
    child.once('exit', () => children.delete(child));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    return { child, output: () => output, ended: new Promise((resolve) => child.on('exit', (code) => resolve(code))) };
  }
  const served = ({ output }: Run, text: string) =>
    eventually(
      async () => output(),
      (seen) => seen.includes(text),
      60_000,
    );
  const runFile = async () => JSON.parse(await readFile(join(state, 'run.json'), 'utf8')) as RunFile;
  const processesLeft = () =>
    execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(state));

  it('deploys once and ends, leaving no process behind', async () => {
    const run = start('--once', '--port', '0');
    assert.equal(await run.ended, 0, run.output());
    assert.match(run.output(), /\d\.\d\d s {2}started PostgreSQL/);
    assert.match(run.output(), /is published/);
    assert.ok(run.output().includes(`connection strings: ${relative(ROOT, join(state, 'run.json'))}`), run.output());
    await eventually(
      async () => processesLeft(),
      (left) => left.length === 0,
    );
  });

  it('serves on, takes up a new app folder, and ends on Ctrl-C', async () => {
    const run = start('--port', '0');
    await served(run, 'serving until Ctrl-C');
    const { functionsUrl } = await runFile();
    const release = /release {2}(\S+)/.exec(run.output())?.[1] as string;
    assert.equal(JSON.parse(String((await get(release)).body)).kind, 'List');
    // Of another org too, which then has its clusters.
    await writeApp(join(folder, 'elsewhere'), 'skd', 'second-app', minimalApp('skd', 'second-app'));
    await mkdir(join(apps, 'skd'));
    await cp(join(folder, 'elsewhere', 'skd', 'second-app'), join(apps, 'skd', 'second-app'), { recursive: true });
    await served(run, 'new in the apps folder: skd/second-app');
    const app = await eventually(
      () => get(`${functionsUrl}/api/v1/skd/second-app`),
      ({ status, body }) => status === 200 && body.environments.every((one: { inStep: boolean }) => one.inStep),
      30_000,
    );
    assert.equal(app.body.environments.length, 6);
    run.child.kill('SIGINT');
    assert.equal(await run.ended, 0, run.output());
    await eventually(
      async () => processesLeft(),
      (left) => left.length === 0,
    );
  });

  it('forgets no folder that holds anything else', async () => {
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(other, 'thesis.txt'), 'x');
    const run = start('--once', '--port', '0', '--fresh', '--state', other);
    assert.equal(await run.ended, 1);
    assert.match(run.output(), /'thesis\.txt' in .* is not of a local run; nothing was removed there/);
    assert.equal(await readFile(join(other, 'thesis.txt'), 'utf8'), 'x');
  });

  it('finds the state of a run that was killed', async () => {
    const first = start('--port', '0');
    await served(first, 'serving until Ctrl-C');
    first.child.kill('SIGKILL');
    await first.ended;
    const again = start('--port', '0');
    await served(again, 'serving until Ctrl-C');
    const { functionsUrl } = await runFile();
    const { body } = await get(`${functionsUrl}/api/v1/nav/first-app/deployments`);
    assert.deepEqual(
      body.deployments.map(({ sequence, state }: { sequence: number; state: string }) => `${sequence} ${state}`),
      ['4 published', '3 superseded', '2 superseded', '1 superseded'],
    );
    again.child.kill('SIGINT');
    await again.ended;
  });

  it('says which port is taken, and that its state is in use', async () => {
    const port = await freePort();
    const first = start('--port', String(port));
    await served(first, 'serving until Ctrl-C');
    const second = start('--once', '--port', '0');
    assert.equal(await second.ended, 1);
    assert.match(second.output(), /is using the state in .* already: end it first/);
    state = join(folder, 'other-state');
    const third = start('--once', '--port', String(port));
    assert.equal(await third.ended, 1);
    assert.match(third.output(), new RegExp(`port ${port} is taken: .*--port`));
    first.child.kill('SIGINT');
    await first.ended;
  });

  it('ends with 1 and the reason when the app can not be deployed', async () => {
    apps = join(folder, 'bad-apps');
    await writeApp(apps, 'nav', 'bad-app', {
      ...minimalApp('nav', 'bad-app'),
      'App/config/applicationmetadata.json': '{}',
    });
    const run = start('--once', '--fresh', '--port', '0');
    assert.equal(await run.ended, 1);
    assert.match(run.output(), /answered 422[\s\S]*id undefined: must be "nav\/bad-app"/);
  });
});
