import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from './free-port.ts';
import { endLeftoverPostgres } from './leftover-postgres.ts';
import { type LinkedChild, startLinkedChild } from './linked-child.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { choosePostgresFolder, giveTo, type PostgresFolder } from './postgres-folder.ts';
import { copyData, postgresTemplate } from './postgres-template.ts';
import type { ServerUser } from './postgres-user.ts';

export interface Postgres {
  /** Of the database, with user and password. */
  readonly url: string;
  /** Ends open sessions and the server. Safe to call again. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Where the data is kept, unless the server can't work there: `log` then tells where. */
  readonly directory: string;
  /** Preferred; a free one if absent or taken. */
  readonly port?: number;
  /** Created if it is missing; `studio` if absent. */
  readonly database?: string;
  /** False: faster, and data may be lost when the machine (not this process) stops. */
  readonly durable?: boolean;
  readonly log?: (line: string) => void;
}

const portAttempts = 3;
const superuser = 'postgres';
const forgetful = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/**
 * Starts PostgreSQL on 127.0.0.1; it ends with this process, however that ends.
 *
 * - chooses a folder that the server's user can work in
 * - ends a server that an earlier run left there
 * - makes the data folder at the first start
 * - starts the server and makes the database
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { database = 'studio', durable = true, log = () => {} } = options;
  const folder = choosePostgresFolder(options.directory, log);
  const binaries = findPostgresBinaries(folder.user);
  await endLeftoverPostgres(folder.data);
  if (!existsSync(folder.data)) await initialise(folder, binaries, durable);
  const { port, child } = await startServer(folder, binaries, durable, options.port);
  const password = readFileSync(passwordFile(folder), 'utf8').trim();
  const url = (name: string) => `postgres://${superuser}:${password}@127.0.0.1:${port}/${encodeURIComponent(name)}`;
  try {
    await createDatabase(url('postgres'), database);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { url: url(database), stop: child.stop };
}

function passwordFile(folder: PostgresFolder): string {
  return join(folder.path, 'password');
}

/** Works beside the final place and renames, so that a first start that was cut short is done anew. */
async function initialise(folder: PostgresFolder, binaries: PostgresBinaries, durable: boolean): Promise<void> {
  const unfinished = `${folder.data}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  if (durable) await runInitdb(unfinished, passwordFile(folder), folder.user, binaries);
  else {
    const template = await postgresTemplate(binaries.initdb, folder.user, (made) =>
      runInitdb(join(made, 'data'), join(made, 'password'), folder.user, binaries, '--no-sync', '--wal-segsize=1'),
    );
    copyData(join(template, 'data'), unfinished, folder.user);
    copyFileSync(join(template, 'password'), passwordFile(folder));
  }
  renameSync(unfinished, folder.data);
}

async function runInitdb(
  data: string,
  passwordPath: string,
  user: ServerUser,
  binaries: PostgresBinaries,
  ...more: string[]
): Promise<void> {
  mkdirSync(data);
  giveTo(user, data, 0o700);
  // A password of its own: whoever gets in as superuser can run programs as us.
  writeFileSync(passwordPath, randomBytes(16).toString('hex'), { mode: 0o600 });
  giveTo(user, passwordPath, 0o600);
  const flags = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${superuser}`];
  const files = [`--pgdata=${data}`, `--pwfile=${passwordPath}`];
  const options = { ...user, cwd: '/', env: { ...process.env, LC_ALL: 'C' } };
  await promisify(execFile)(binaries.initdb, [...flags, ...files, ...more], options);
}

/** Tries again with another port when someone took the free one before the server did. */
async function startServer(
  folder: PostgresFolder,
  binaries: PostgresBinaries,
  durable: boolean,
  preferredPort: number | undefined,
): Promise<{ port: number; child: LinkedChild }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 ? preferredPort : undefined);
    try {
      return { port, child: await startOnPort(folder, binaries, durable, port) };
    } catch (error) {
      if (attempt === portAttempts || !String(error).includes('Address already in use')) throw error;
    }
  }
}

function startOnPort(folder: PostgresFolder, binaries: PostgresBinaries, durable: boolean, port: number) {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...(durable ? [] : forgetful)];
  const args = ['-D', folder.data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const keeper = fileURLToPath(new URL('keep-postgres.cjs', import.meta.url));
  return startLinkedChild({
    name: 'PostgreSQL',
    nodeArguments: [keeper, JSON.stringify({ command: binaries.postgres, args, user: folder.user })],
    env: { LC_ALL: 'C' }, // messages in English, which we look at
    ready: /database system is ready to accept connections/,
  });
}

async function createDatabase(serverUrl: string, name: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  client.on('error', () => {}); // a lost connection fails the query too
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
