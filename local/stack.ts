import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { migrate } from '../infra/migrations.ts';
import { type App, makeApp } from '../src/app.ts';
import { type Env, loadConfig } from '../src/config.ts';
import { type Connection, connect } from '../src/connect.ts';
import { makeAuthenticate } from '../src/functions/auth.ts';
import { type FunctionDefinition, makeTable } from '../src/functions/table.ts';
import { INCOMING_CONTAINER } from '../src/model/names.ts';
import type { Log } from '../src/ports.ts';
import { type AppRepository, findAppRepositories } from './gitea/app-folders.ts';
import { type GiteaStandIn, startGitea } from './gitea/server.ts';
import { type FunctionsHost, portTaken, startFunctionsHost } from './host/functions-host.ts';
import { type RunFile, readRunFile, writeRunFile } from './run-file.ts';
import { type Azurite, startAzurite } from './services/azurite.ts';
import { freePort } from './services/free-port.ts';
import { type Postgres, startPostgres } from './services/postgres.ts';
import { sampleReleases, sampleScopes } from './studio/samples.ts';
import { seedStudio } from './studio/seed.ts';
import { ENVIRONMENTS, STUDIO_ACCOUNT, writeSettings } from './write-settings.ts';

export interface StackOptions {
  /** Where all state is kept. */
  readonly directory: string;
  readonly appsDirectory: string;
  /** Of the functions; the others' are chosen, and kept for the next start. */
  readonly port: number;
  readonly log: Log;
  /** Told of each step when it is done. */
  readonly onStep?: (step: string, durationMs: number) => void;
  /** Storage in memory, a database that may be lost with the machine, timers on demand only. */
  readonly forTests?: boolean;
  /** False: no blob event is delivered; whoever asks for this delivers them himself. */
  readonly blobEvents?: boolean;
}

export interface Stack {
  readonly run: RunFile;
  readonly host: FunctionsHost;
  readonly app: App;
  readonly gitea: GiteaStandIn;
  readonly azurite: Azurite;
  readonly connection: Connection;
  readonly repositories: readonly AppRepository[];
  /** `{org}/{app}` of every app folder that was looked at, those that were skipped too. */
  readonly foundApps: readonly string[];
  readonly env: Env;
  /** Takes up apps that were put into the apps folder since. */
  rescan(): Promise<void>;
  stop(): Promise<void>;
}

/** Everything the system needs to run, on this machine, in this process and two children. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const directory = resolve(options.directory);
  if (options.port !== 0 && (await freePort(options.port)) !== options.port) throw portTaken(options.port);
  await mkdir(directory, { recursive: true });
  const before = await readRunFile(directory);
  const opened: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await work();
    options.onStep?.(name, performance.now() - started);
    return result;
  };
  try {
    const [azurite, postgres, { repositories, gitea, foundApps }] = await allStarted([
      step('Azurite (blob storage)', () => openAzurite(directory, options, before, opened)),
      step('PostgreSQL', () => openPostgres(directory, options, before, opened)),
      step('Gitea stand-in', () => openGitea(directory, options, before, opened)),
    ]);
    await step("Studio's tables and our migrations", async () => {
      await seedStudio(postgres.url, sampleReleases(repositories), sampleScopes(repositories));
      await migrate({ url: postgres.url });
    });
    const env = await writeSettings(directory, azurite, postgres, gitea, repositories);
    const { host, connection, app } = await step('functions', () => openFunctions(env, options, azurite, opened));
    const run = await writeRunFile(directory, host, azurite, postgres, gitea);
    const rescan = async () => {
      const found = await findAppRepositories(options.appsDirectory, join(directory, 'git'));
      gitea.setRepositories(found.repositories);
      await seedStudio(postgres.url, sampleReleases(found.repositories), sampleScopes(found.repositories));
      // An org that is new has a cluster in every environment: the functions read that at their start.
      host.setDefinitions(
        makeFunctions(await writeSettings(directory, azurite, postgres, gitea, found.repositories), connection)
          .definitions,
      );
      await host.run('discoverApps');
      await host.run('reconcileSources');
    };
    return { run, host, app, gitea, azurite, connection, repositories, foundApps, env, rescan, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits for all of them even when one fails, so that whatever has started can be stopped. */
async function allStarted<T extends readonly unknown[]>(starting: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(starting);
  return (await Promise.all(starting)) as unknown as T;
}

/** Empties all state, wherever PostgreSQL had to keep its own. */
export async function removeState(directory: string): Promise<void> {
  const moved = await readFile(join(directory, 'postgres', 'moved-to.txt'), 'utf8').catch(() => '');
  if (moved.trim()) await rm(moved.trim(), { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
}

type Opened = (() => Promise<unknown>)[];

async function openAzurite(
  directory: string,
  options: StackOptions,
  before: RunFile | undefined,
  opened: Opened,
): Promise<Azurite> {
  const port = before && portOf(/BlobEndpoint=([^;]+)/.exec(before.studioStorage)?.[1]);
  const azurite = await startAzurite({
    accounts: [STUDIO_ACCOUNT, ...Object.keys(ENVIRONMENTS)],
    ...(options.forTests ? {} : { directory: join(directory, 'azurite') }),
    ...(port === undefined ? {} : { port }),
  });
  opened.push(() => azurite.stop());
  return azurite;
}

async function openPostgres(
  directory: string,
  options: StackOptions,
  before: RunFile | undefined,
  opened: Opened,
): Promise<Postgres> {
  const port = before && portOf(before.postgresUrl);
  const postgres = await startPostgres({
    directory: join(directory, 'postgres'),
    durable: !options.forTests,
    log: (line) => options.log.info(line),
    ...(port === undefined ? {} : { port }),
  });
  opened.push(() => postgres.stop());
  return postgres;
}

async function openGitea(directory: string, options: StackOptions, before: RunFile | undefined, opened: Opened) {
  const { repositories, skipped } = await findAppRepositories(options.appsDirectory, join(directory, 'git'));
  for (const { path, reason } of skipped) options.log.warn('app folder skipped', { path, reason });
  const port = before && portOf(before.giteaUrl);
  const gitea = await startGitea({ repositories, ...(port === undefined ? {} : { port }) }).catch(() =>
    startGitea({ repositories }),
  );
  opened.push(() => gitea.close());
  const foundApps = [
    ...repositories.map(({ org, app }) => `${org}/${app}`),
    ...skipped.map(({ path }) => path.split(sep).slice(-2).join('/')),
  ];
  return { repositories, gitea, foundApps };
}

async function openFunctions(env: Env, options: StackOptions, azurite: Azurite, opened: Opened) {
  const loaded = loadConfig(env);
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const connection = connect(loaded.config, options.log);
  opened.push(() => connection.close());
  const { app, definitions } = makeFunctions(env, connection);
  const host = await startFunctionsHost({
    definitions,
    port: options.port,
    timers: !options.forTests,
    showDocument: async (environment, container, blob) =>
      (await connection.ports.documents.read({ environment, container, blob }))?.text,
  });
  opened.push(() => host.close());
  if (options.blobEvents === false) return { host, connection, app };
  // Azurite tells of each write as it happens; what a killed run left behind is found by looking.
  azurite.onWrite((account, container, name) => account === STUDIO_ACCOUNT && host.blobWritten(container, name));
  for (const { name } of await connection.ports.artifacts.listIncoming()) host.blobWritten(INCOMING_CONTAINER, name);
  return { host, connection, app };
}

function makeFunctions(env: Env, connection: Connection): { app: App; definitions: FunctionDefinition[] } {
  const loaded = loadConfig(env);
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const app = makeApp(connection.ports, loaded.config.studio, loaded.config.fluxEventsKeys);
  return { app, definitions: makeTable(app, makeAuthenticate(loaded.config.auth)) };
}

function portOf(url: string | undefined): number | undefined {
  const port = url === undefined ? Number.NaN : Number(new URL(url).port);
  return port > 0 ? port : undefined;
}
