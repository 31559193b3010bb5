import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { type DatabaseConfig, databaseConnection } from '../src/adapters/postgres.ts';
import { sha256 } from '../src/model/digest.ts';

const FOLDER = new URL('sql/', import.meta.url);
/** Any constant: two runs at once take turns. */
const LOCK = 7_202_611;

/**
 * Applies the numbered files of `infra/sql` that the database has not seen, each in a transaction of its own, and
 * returns their names. Refuses to go on when a file that was applied has been changed.
 * @param token of whoever is connected as, where that is not the managed identity
 */
export async function migrate(config: DatabaseConfig, token?: string): Promise<string[]> {
  const connection = databaseConnection(config);
  // In hand before the connection is begun, as in `openDatabase`.
  const password = token ?? (typeof connection.password === 'function' ? await connection.password() : undefined);
  const client = new pg.Client({ ...connection, password });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await makeSchema(client);
    await client.query(`
      create table if not exists pull_deploy.migrations (
        name text primary key, sha256 text not null, applied_at timestamptz not null default clock_timestamp())`);
    const applied = await appliedMigrations(client);
    const names = (await readdir(FOLDER)).filter((name) => /^\d{4}_.+\.sql$/.test(name)).sort();
    const done: string[] = [];
    for (const name of names) {
      const sql = await readFile(new URL(name, FOLDER), 'utf8');
      const before = applied.get(name);
      if (before !== undefined && before !== sha256(sql))
        throw new Error(`${name} was changed after it had been applied: write a new migration instead`);
      if (before !== undefined) continue;
      await apply(client, name, sql);
      done.push(name);
    }
    return done;
  } finally {
    await client.end();
  }
}

/** `if not exists` would ask for the right to make schemas also where there is one, and who migrates may own no more than that. */
async function makeSchema(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ isThere: boolean }>(
    `select to_regnamespace('pull_deploy') is not null as "isThere"`,
  );
  if (!rows[0]?.isThere) await client.query('create schema pull_deploy');
}

async function appliedMigrations(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; sha256: string }>(
    'select name, sha256 from pull_deploy.migrations',
  );
  return new Map(rows.map((row) => [row.name, row.sha256]));
}

async function apply(client: pg.Client, name: string, sql: string): Promise<void> {
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query('insert into pull_deploy.migrations (name, sha256) values ($1, $2)', [name, sha256(sql)]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
