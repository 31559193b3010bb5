import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startFunctionsHost } from '../../local/host/functions-host.ts';
import { removeState, type Stack, startStack } from '../../local/stack.ts';
import { type BlobAccount, openStorage } from '../../src/adapters/blob-storage.ts';
import { makeApp } from '../../src/app.ts';
import { type Config, type Env, loadConfig } from '../../src/config.ts';
import { connect } from '../../src/connect.ts';
import { makeAuthenticate } from '../../src/functions/auth.ts';
import { makeTable } from '../../src/functions/table.ts';
import type { Log } from '../../src/ports.ts';

const SAMPLE_APPS = fileURLToPath(new URL('../../local/apps', import.meta.url));

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The real thing, in a temporary folder: Azurite, PostgreSQL, git repositories, the functions over HTTP. */
export interface TestStack extends Stack {
  readonly config: Config;
  readonly lines: readonly LogLine[];
  sql<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
  storage(environment: string): BlobAccount;
  studioStorage(): BlobAccount;
  /** The same API over the same state, with other settings: a Gitea that is down, and the like. */
  serveWith(env: Env): Promise<{ url: string; close(): Promise<void> }>;
}

export async function startTestStack(options: { apps?: string; blobEvents?: boolean } = {}): Promise<TestStack> {
  const directory = await mkdtemp(join(tmpdir(), 'pull-deploy-'));
  // The database server runs as another user when we are root.
  await chmod(directory, 0o755);
  const { log, lines } = collectLog();
  const stack = await startStack({
    directory,
    appsDirectory: options.apps ?? SAMPLE_APPS,
    port: 0,
    log,
    forTests: true,
    blobEvents: options.blobEvents ?? true,
  });
  const pool = new pg.Pool({ connectionString: stack.run.postgresUrl, max: 4 });
  pool.on('error', () => {});
  const config = configOf(stack.env);
  return {
    ...stack,
    config,
    lines,
    sql: async <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await pool.query<R>(text, values)).rows,
    storage: (environment) => openStorage(config.environmentStorage.get(environment) as never),
    studioStorage: () => openStorage(config.studioStorage),
    serveWith: (env) => serve({ ...stack.env, ...env }, log),
    async stop() {
      await pool.end();
      await stack.stop();
      await removeState(directory);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function collectLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const add =
    (level: LogLine['level']) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void lines.push({ level, message, fields });
  return { log: { info: add('info'), warn: add('warn'), error: add('error') }, lines };
}

async function serve(env: Env, log: Log): Promise<{ url: string; close(): Promise<void> }> {
  const config = configOf(env);
  const connection = connect(config, log);
  const definitions = makeTable(
    makeApp(connection.ports, config.studio, config.fluxEventsKeys),
    makeAuthenticate(config.auth),
  );
  const host = await startFunctionsHost({ definitions, port: 0, timers: false });
  return {
    url: host.url,
    async close() {
      await host.close();
      await connection.close();
    },
  };
}

function configOf(env: Env): Config {
  const loaded = loadConfig(env);
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return loaded.config;
}
