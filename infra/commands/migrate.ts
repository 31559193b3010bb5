import { loadDatabaseConfig } from '../../src/config.ts';
import { migrate } from '../migrations.ts';

/**
 * `npm run migrate`: brings the ledger's tables up to date in the database that the settings name. Outside Azure there is no
 * managed identity: MIGRATE_TOKEN is an access token for the database then, of whoever PGUSER is.
 */
const loaded = loadDatabaseConfig(process.env);
if ('problems' in loaded) {
  for (const { message } of loaded.problems) console.error(message);
  process.exit(1);
}
const applied = await migrate(loaded.database, process.env.MIGRATE_TOKEN?.trim());
console.log(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`);
