import pg from 'pg';
import { AppError } from '../errors.ts';
import type { Log } from '../ports.ts';
import { identityOf, type SignIn } from './identity.ts';
import { TIME_LIMITS } from './time-limits.ts';

export type Row = Record<string, unknown>;

/** Anything a statement can be sent to: the pool, or the one connection of a transaction. */
export interface Queryable {
  query<R extends Row>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  /**
   * The same, planned once for a connection: for what every deployment asks. Takes two thirds of the time of `query`. Not for a
   * text that is put together, whose plan depends on what is asked, nor one that gives `*`, which fails after a migration.
   */
  prepared<R extends Row>(sql: string, values: readonly unknown[]): Promise<R[]>;
}

export interface Database extends Queryable {
  /** Commits when `work` returns, rolls back when it throws. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type DatabaseConfig =
  | { readonly url: string }
  | {
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly user: string;
      readonly signIn: SignIn;
    };

/** Entra ID's resource for Azure Database for PostgreSQL. */
const TOKEN_SCOPE = 'https://ossrdbms-aad.database.windows.net/.default';

/** An Entra token is valid for about so long. */
const MAX_CONNECTION_AGE_SECONDS = 3_600;

/** SQLSTATE classes that say "not now": connection, resources, operator intervention, rolled-back transactions. */
const PASSING = /^(08|53|57|40|25P03|55P03)/;
/** What pg and its pool say, without a code, of a connection that broke, or that was not to be had in time. */
const PASSING_MESSAGES = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout expired',
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
]);
/** What an operator has left out: a table, a schema, a column, a function, a type, an index or a right is missing. */
const NOT_PREPARED = new Map([
  ...['42P01', '3F000', '42703', '42883', '42704', '42P10'].map((code) => [code, 'run the migrations'] as const),
  ['42501', 'grant it to the role of the service'],
]);
/** It does not take our identity, or not yet: the role is made by an operator, a token may end on its way. */
const REFUSED = /^28/;
const PASSING_ERRNO = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EPIPE',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);

export function openDatabase(config: DatabaseConfig, log: Log, limits = TIME_LIMITS.database): Database {
  const connection = databaseConnection(config);
  const pool = new pg.Pool({
    ...connection,
    ...(typeof connection.password === 'function' ? { Client: clientWith(connection.password) } : {}),
    max: limits.maxConnections,
    idleTimeoutMillis: limits.idleMs,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    // So that a right that was taken away ends, and a server that was exchanged is found.
    maxLifetimeSeconds: MAX_CONNECTION_AGE_SECONDS,
    statement_timeout: limits.statementTimeoutMs,
    // Of the client, for a server that does not keep its own.
    query_timeout: limits.statementTimeoutMs * 1.2,
    idle_in_transaction_session_timeout: limits.statementTimeoutMs,
    application_name: 'pull-deploy',
  });
  // Without a listener an idle connection that breaks ends the process.
  pool.on('error', (error) => log.warn('database connection lost', { reason: error.message }));
  pool.on('connect', (client) => client.on('error', () => {}));
  return {
    ...queryable(pool),
    async transaction(work) {
      const client = await pool.connect().catch((error) => {
        throw translate(error);
      });
      let broken: Error | undefined;
      try {
        await client.query('begin');
        const result = await work(queryable(client));
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch((rollbackError: Error) => {
          broken = rollbackError;
        });
        throw translate(error);
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

function queryable(target: pg.Pool | pg.PoolClient): Queryable {
  const run = async <R extends Row>(query: pg.QueryConfig): Promise<R[]> => {
    try {
      return (await target.query<R>(query)).rows;
    } catch (error) {
      throw translate(error);
    }
  };
  return {
    query: (text, values = []) => run({ text, values: [...values] }),
    prepared: (text, values) => run({ text, values: [...values], name: statementName(text) }),
  };
}

/** The same for the same text, on every connection. */
function statementName(text: string): string {
  const name = statementNames.get(text) ?? `pull_deploy_${statementNames.size + 1}`;
  statementNames.set(text, name);
  return name;
}

const statementNames = new Map<string, string>();

/** How to reach the database: with the URL's password in Development, with tokens of the managed identity in Azure. */
export function databaseConnection(config: DatabaseConfig): pg.PoolConfig {
  if ('url' in config) return { connectionString: config.url };
  const { host, port, database, user, signIn } = config;
  const identity = identityOf(signIn);
  // Asked at each new connection. The server looks at the token then, and never again while the connection lasts.
  const password = async () => (await identity.getToken(TOKEN_SCOPE)).token;
  return { host, port, database, user, password, ssl: { rejectUnauthorized: true } };
}

/**
 * Has its password before it connects. pg asks in the middle of it, and leaves the connection open where none can be had; the
 * server keeps a place for it for a minute, so that an outage of the token service would take all places, also those of others.
 */
function clientWith(password: () => string | Promise<string>): typeof pg.Client {
  return class extends pg.Client {
    override connect(): Promise<pg.Client>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<pg.Client> | undefined {
      const connected = Promise.resolve(password()).then((token) => {
        this.password = token;
        return super.connect();
      });
      if (callback === undefined) return connected;
      connected.then(() => callback(undefined as never), callback);
      return undefined;
    }
  };
}

function translate(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const { code } = error as { code?: string };
  if (code === undefined ? PASSING_MESSAGES.has(error.message) : PASSING.test(code) || PASSING_ERRNO.has(code))
    return new AppError('DATABASE_UNAVAILABLE', 'the database did not answer', { cause: error, retryAfterSeconds: 5 });
  if (code === undefined) return error;
  if (REFUSED.test(code))
    return new AppError('DATABASE_UNAVAILABLE', 'the database refused our identity', { cause: error });
  const remedy = NOT_PREPARED.get(code);
  if (remedy === undefined) return error;
  // Of these the server's words are names of tables and schemas, and no value.
  return new AppError('CONFIGURATION_INVALID', `the database: ${error.message}: ${remedy}`, { cause: error });
}
