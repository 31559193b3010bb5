import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Env } from '../src/config.ts';
import { fluxEventsKey } from './flux-events-key.ts';
import type { AppRepository } from './gitea/app-folders.ts';
import type { GiteaStandIn } from './gitea/server.ts';
import type { Azurite } from './services/azurite.ts';
import type { Postgres } from './services/postgres.ts';

/** Studio's name of each environment, and the platform's host name there. */
export const ENVIRONMENTS: Readonly<Record<string, string>> = {
  at22: 'at22.altinn.cloud',
  at23: 'at23.altinn.cloud',
  at24: 'at24.altinn.cloud',
  yt01: 'yt01.altinn.cloud',
  tt02: 'tt02.altinn.no',
  production: 'altinn.no',
};
export const STUDIO_ACCOUNT = 'studio';

/** The same settings as in Azure, in the same form; only the connection strings are of the local run. */
export async function writeSettings(
  directory: string,
  azurite: Azurite,
  postgres: Postgres,
  gitea: GiteaStandIn,
  repositories: readonly AppRepository[],
): Promise<Env> {
  const file = join(directory, 'environments.yaml');
  // Orgs of earlier runs keep their clusters: what was published there is still there.
  const orgs = [...new Set([...(await readOrgs(file)), ...repositories.map(({ org }) => org)])].sort();
  const environments = Object.entries(ENVIRONMENTS).map(([name, hostname]) => [
    name,
    { hostname, storage: azurite.blobEndpoint(name), connectionString: azurite.connectionString(name), orgs },
  ]);
  await writeFile(
    file,
    stringify({
      studio: { name: 'dev', chart: { version: '3.12.0' } },
      environments: Object.fromEntries(environments),
    }),
  );
  const settings = {
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    ENVIRONMENTS_FILE: file,
    STUDIO_STORAGE: azurite.connectionString(STUDIO_ACCOUNT),
    DATABASE_URL: postgres.url,
    GITEA_URL: gitea.url,
    FLUX_EVENTS_KEY: await fluxEventsKey(directory),
  };
  // For the operator's commands, with --local.
  await writeFile(join(directory, 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
  return settings;
}

async function readOrgs(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const content = parse(text) as { environments?: Record<string, { orgs: string[] }> } | null;
  return Object.values(content?.environments ?? {}).flatMap(({ orgs }) => orgs);
}
