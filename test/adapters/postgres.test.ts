import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeLedger } from '../../src/adapters/ledger/make-ledger.ts';
import { type Database, openDatabase } from '../../src/adapters/postgres.ts';
import { makeStudioDatabase } from '../../src/adapters/studio-database.ts';
import { TIME_LIMITS } from '../../src/adapters/time-limits.ts';
import type { AppError } from '../../src/errors.ts';
import { type FilledLedger, startFilledLedger } from '../support/filled-ledger.ts';
import { collectLog } from '../support/stack.ts';

const APP = { org: 'ttd', app: 'app' };

describe('a database', () => {
  let filled: FilledLedger;
  before(async () => {
    filled = await startFilledLedger({ apps: 1, deployments: 1 });
    await filled.database.query('create role newcomer login password $$newcomer$$');
    await filled.database.query('create database fresh');
  });
  after(() => filled.stop());

  async function withDatabase<T>(
    change: (url: URL) => void,
    work: (database: Database) => Promise<T>,
    limits = TIME_LIMITS.database,
  ): Promise<T> {
    const url = new URL(filled.url);
    change(url);
    const database = openDatabase({ url: url.href }, collectLog().log, limits);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }
  const fresh = (url: URL) => {
    url.pathname = '/fresh';
  };
  const newcomer = (url: URL) => {
    url.username = 'newcomer';
    url.password = 'newcomer';
  };
  const same = () => {};

  it('that was never migrated says to run the migrations', async () => {
    await withDatabase(fresh, async (database) => {
      for (const call of [() => makeLedger(database).ping(), () => makeStudioDatabase(database).scopes(APP)])
        await assert.rejects(call, {
          code: 'CONFIGURATION_INVALID',
          kind: 'unavailable',
          message: /^the database: .*"(pull_deploy|designer)\.\w+".*: run the migrations$/,
        });
      for (const [statement, what] of [
        ['create table missing.one (id int)', /"missing"/],
        ['select missing from pg_catalog.pg_class', /"missing"/],
        ['select missing(1)', /missing\(integer\)/],
      ] as const)
        await assert.rejects(database.query(statement), (error: AppError) => {
          assert.equal(error.code, 'CONFIGURATION_INVALID');
          assert.match(error.message, what);
          return /: run the migrations$/.test(error.message);
        });
    });
  });

  it('that gave our role no rights says which to grant', async () => {
    await withDatabase(newcomer, (database) =>
      assert.rejects(makeLedger(database).ping(), {
        code: 'CONFIGURATION_INVALID',
        kind: 'unavailable',
        message: /^the database: .*pull_deploy.*: grant it to the role of the service$/,
      }),
    );
  });

  it('that is slow is unavailable', async () => {
    const unavailable = { code: 'DATABASE_UNAVAILABLE', retryAfterSeconds: 5 };
    await withDatabase(same, (database) => assert.rejects(database.query('select pg_sleep(60)'), unavailable), {
      ...TIME_LIMITS.database,
      statementTimeoutMs: 100,
    });
  });

  it('that ends the connection is unavailable', async () => {
    await withDatabase(same, (database) =>
      assert.rejects(database.query('select pg_terminate_backend(pg_backend_pid())'), {
        code: 'DATABASE_UNAVAILABLE',
      }),
    );
  });

  it('is not taken for unavailable for the words of a fault of ours', async () => {
    await withDatabase(same, (database) =>
      assert.rejects(database.query('select timeout_ended from from'), (error: Error) => {
        assert.equal(error.name, 'error', 'of pg, as it was');
        return /syntax error/.test(error.message);
      }),
    );
  });
});
