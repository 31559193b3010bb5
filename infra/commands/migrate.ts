import { loadDatabaseConfig } from '../../src/config.ts';
import { migrate } from '../migrations.ts';
import { showUsage } from './show-usage.ts';

const USAGE = `npm run migrate

Brings the ledger's tables up to date in the database that the settings name. Outside Azure there is no managed identity:
MIGRATE_TOKEN is an access token for the database then, of whoever PGUSER is. It takes no arguments.`;

showUsage(USAGE);
if (process.argv.length > 2) {
  console.error(`'${process.argv.slice(2).join(' ')}' is not understood\n\n${USAGE}`);
  process.exit(1);
}
const loaded = loadDatabaseConfig(process.env);
if ('problems' in loaded) {
  for (const { message } of loaded.problems) console.error(message);
  process.exit(1);
}
const applied = await migrate(loaded.database, process.env.MIGRATE_TOKEN?.trim());
console.log(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`);
