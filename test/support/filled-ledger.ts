import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../infra/migrations.ts';
import { startPostgres } from '../../local/services/postgres.ts';
import { removeState } from '../../local/stack.ts';
import { type Database, openDatabase } from '../../src/adapters/postgres.ts';
import { fillLedger, type LedgerSize } from './fill-ledger.ts';
import { collectLog } from './stack.ts';

export interface FilledLedger {
  readonly url: string;
  readonly database: Database;
  stop(): Promise<void>;
}

/** PostgreSQL with a ledger of so many rows, and nothing else. */
export async function startFilledLedger(size: LedgerSize): Promise<FilledLedger> {
  const directory = await mkdtemp(join(tmpdir(), 'pull-deploy-'));
  // The database server runs as another user when we are root.
  await chmod(directory, 0o755);
  const postgres = await startPostgres({ directory: join(directory, 'postgres'), durable: false });
  await migrate({ url: postgres.url });
  await fillLedger(postgres.url, size);
  const database = openDatabase({ url: postgres.url }, collectLog().log);
  return {
    url: postgres.url,
    database,
    async stop() {
      await database.close();
      await postgres.stop();
      await removeState(directory);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
