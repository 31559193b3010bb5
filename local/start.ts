import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { DeploymentDetails } from '../src/operate/deployment-view.ts';
import { makeLocalLog, say } from './local-log.ts';
import { readRunFile } from './run-file.ts';
import { processInfo } from './services/process-info.ts';
import { removeState, type Stack, startStack } from './stack.ts';
import { watchApps } from './watch-apps.ts';

/**
 * `npm start`: the whole system on this machine, and one deployment through it.
 *
 * - starts storage, database, Gitea and the functions, each step printed with its time
 * - deploys the first app over HTTP, and prints what happens
 * - says where the documents are, and what to try next
 * - serves until Ctrl-C, and leaves no process behind
 */
const DEFAULT_STATE = fileURLToPath(new URL('../.local', import.meta.url));
const SAMPLE_APPS = fileURLToPath(new URL('apps', import.meta.url));
/** All that a run keeps there. */
const STATE = ['azurite', 'environments.yaml', 'git', 'postgres', 'run.json', 'settings.json'];
const DEFAULT_PORT = 7071;
const FINAL = ['published', 'applied', 'failed', 'rejected', 'superseded'];
const DEPLOY_TIMEOUT_MS = 60_000;

const USAGE = `npm start -- [options]

  --once         end after the deployment: exit code 0 if it was published, else 1
  --apps DIR     serve the apps in DIR/{org}/{app}/, plain folders or git repositories
  --port PORT    of the functions (default ${DEFAULT_PORT})
  --fresh        forget all earlier state
  --state DIR    where state is kept (default .local)
  --help         this text`;

try {
  process.exitCode = await main(readArguments());
} catch (error) {
  console.error(`\n${(error as Error).message}`);
  process.exitCode = 1;
}

interface Arguments {
  readonly once: boolean;
  readonly apps: string;
  readonly port: number;
  readonly fresh: boolean;
  readonly state: string;
}

function readArguments(): Arguments {
  const { values } = parseOptions();
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port '${values.port}': must be a number from 0 to 65535`);
  return { ...values, port };
}

function parseOptions() {
  try {
    return parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        apps: { type: 'string', default: SAMPLE_APPS },
        port: { type: 'string', default: String(DEFAULT_PORT) },
        fresh: { type: 'boolean', default: false },
        state: { type: 'string', default: DEFAULT_STATE },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`);
  }
}

async function main({ once, apps, port, fresh, state }: Arguments): Promise<number> {
  const running = await readRunFile(state);
  if (running && processInfo(running.pid)?.command.includes('local/start.ts') && running.pid !== process.pid)
    throw new Error(
      `process ${running.pid} is using the state in ${state} already: end it first (it serves ${running.functionsUrl})`,
    );
  if (fresh) {
    await refuseOtherFiles(state);
    await removeState(state);
  }
  const stopped = whenAsked();
  const starting = startStack({
    directory: state,
    appsDirectory: apps,
    port,
    log: makeLocalLog(),
    onStep: (step, durationMs) => say(`started ${step}`, durationMs),
  });
  const stack = await Promise.race([starting, stopped.then(() => undefined)]);
  if (stack === undefined) {
    await (await starting).stop();
    return 130;
  }
  try {
    const isPublished = await Promise.race([deployFirst(stack, state), stopped.then(() => true)]);
    if (once) return isPublished ? 0 : 1;
    say('serving until Ctrl-C');
    const stopWatching = watchApps(apps, stack.foundApps, async (found) => {
      say(`new in the apps folder: ${found.join(', ')}`);
      await stack.rescan();
    });
    await stopped;
    stopWatching();
    return 0;
  } finally {
    say('stopping');
    await stack.stop();
  }
}

/** A folder that was named by mistake is not emptied. */
async function refuseOtherFiles(state: string): Promise<void> {
  const other = (await readdir(state).catch(() => [])).find((name) => !STATE.includes(name));
  if (other !== undefined)
    throw new Error(`--fresh: '${other}' in ${state} is not of a local run; nothing was removed there`);
}

async function deployFirst(stack: Stack, state: string): Promise<boolean> {
  const [first] = stack.repositories;
  if (first === undefined) {
    say('there is no app to deploy');
    return false;
  }
  const url = `${stack.run.functionsUrl}/api/v1/${first.org}/${first.app}/deployments`;
  const body = { envName: 'tt02', tagName: '1' };
  say(`POST ${url} ${JSON.stringify(body)}`);
  const started = performance.now();
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const accepted = (await answer.json()) as { id: string; problems?: { message: string }[] };
  if (answer.status !== 202) {
    say(`answered ${answer.status}`, performance.now() - started);
    for (const problem of accepted.problems ?? []) console.error(`    ${problem.message}`);
    return false;
  }
  const deployment = await followToEnd(`${url}/${accepted.id}`);
  say(`deployment ${deployment.id} is ${deployment.state}`, performance.now() - started);
  for (const problem of deployment.problems) console.error(`    ${problem.message}`);
  if (deployment.state === 'published') showNext(stack, state, first.org, first.app, deployment.id);
  return deployment.state === 'published';
}

async function followToEnd(url: string): Promise<DeploymentDetails> {
  const giveUpAt = performance.now() + DEPLOY_TIMEOUT_MS;
  for (;;) {
    const deployment = (await (await fetch(url)).json()) as DeploymentDetails;
    if (FINAL.includes(deployment.state) || performance.now() > giveUpAt) return deployment;
    await sleep(50);
  }
}

function showNext({ run }: Stack, state: string, org: string, app: string, id: string): void {
  const storage = /BlobEndpoint=([^;]+)/.exec(run.environments.tt02 ?? '')?.[1];
  console.log(`
  What Flux reads, from the storage account ${storage} (connection strings: ${relative(process.cwd(), join(state, 'run.json'))}):
    release  ${run.functionsUrl}/local/tt02/app-${org}-${app}/release/release.yaml
    source   ${run.functionsUrl}/local/tt02/cluster-${org}/sources/sources.yaml

  Try next:
    curl ${run.functionsUrl}/api/v1/${org}/${app}/deployments/${id}
    curl ${run.functionsUrl}/api/v1/${org}/${app}
    curl ${run.functionsUrl}/api/health
    curl -X POST ${run.functionsUrl}/api/v1/${org}/${app}/deployments \\
      -H 'content-type: application/json' -d '{"envName":"production","tagName":"1"}'
`);
}

/** Ctrl-C asks to stop; a second one doesn't wait. */
function whenAsked(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = () => {
      if (asked) process.exit(130);
      asked = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
  });
}
