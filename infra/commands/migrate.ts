import { loadDatabaseConfig } from '../../src/config.ts';
import { migrate } from '../migrations.ts';

/** `npm run migrate`: brings the ledger's tables up to date in the database that the settings name. */
const loaded = loadDatabaseConfig(process.env);
if ('problems' in loaded) {
  for (const { message } of loaded.problems) console.error(message);
  process.exit(1);
}
const applied = await migrate(loaded.database);
console.log(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`);
