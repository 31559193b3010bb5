import pg from 'pg';
import { AppError } from '../errors.ts';
import type { Log } from '../ports.ts';
import { managedIdentity } from './managed-identity.ts';
import { TIME_LIMITS } from './time-limits.ts';

export type Row = Record<string, unknown>;

/** Anything a statement can be sent to: the pool, or the one connection of a transaction. */
export interface Queryable {
  query<R extends Row>(sql: string, values?: readonly unknown[]): Promise<R[]>;
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
      readonly database: string;
      readonly user: string;
      readonly managedIdentityClientId: string | undefined;
    };

/** Entra ID's resource for Azure Database for PostgreSQL. */
const TOKEN_SCOPE = 'https://ossrdbms-aad.database.windows.net/.default';

/** SQLSTATE classes that say "not now": connection, resources, operator intervention, rolled-back transactions. */
const PASSING = /^(08|53|57|40|25P03|55P03)/;
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
  const pool = new pg.Pool({
    ...databaseConnection(config),
    max: limits.maxConnections,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    statement_timeout: limits.statementTimeoutMs,
    // Of the client, for a server that does not keep its own.
    query_timeout: limits.statementTimeoutMs * 1.2,
    idle_in_transaction_session_timeout: limits.statementTimeoutMs,
    application_name: 'pull-deploy',
  });
  // Without a listener an idle connection that breaks ends the process.
  pool.on('error', (error) => log.warn('database connection lost', { reason: error.message }));
  pool.on('connect', (client) => client.on('error', () => {}));
  const queryOn =
    (target: pg.Pool | pg.PoolClient): Queryable['query'] =>
    async <R extends Row>(sql: string, values: readonly unknown[] = []) => {
      try {
        return (await target.query<R>(sql, [...values])).rows;
      } catch (error) {
        throw translate(error);
      }
    };
  return {
    query: queryOn(pool),
    async transaction(work) {
      const client = await pool.connect().catch((error) => {
        throw translate(error);
      });
      let broken: Error | undefined;
      try {
        await client.query('begin');
        const result = await work({ query: queryOn(client) });
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

/** How to reach the database: with the URL's password in Development, with tokens of the managed identity in Azure. */
export function databaseConnection(config: DatabaseConfig): pg.PoolConfig {
  if ('url' in config) return { connectionString: config.url };
  const { host, database, user, managedIdentityClientId } = config;
  const credential = managedIdentity(managedIdentityClientId);
  // Asked for at each new connection.
  const password = async () => (await credential.getToken(TOKEN_SCOPE)).token;
  return { host, database, user, password, ssl: { rejectUnauthorized: true } };
}

function translate(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const { code = '' } = error as { code?: string };
  const passing =
    PASSING.test(code) ||
    PASSING_ERRNO.has(code) ||
    /^(Credential|Authentication)/.test(error.name) ||
    /timeout|terminated|not queryable|ended/i.test(error.message);
  if (!passing) return error;
  return new AppError('DATABASE_UNAVAILABLE', 'the database did not answer', { cause: error, retryAfterSeconds: 5 });
}
