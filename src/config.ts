import { readFileSync } from 'node:fs';
import type { StorageConfig } from './adapters/blob-storage.ts';
import type { GiteaConfig } from './adapters/gitea.ts';
import type { DatabaseConfig } from './adapters/postgres.ts';
import { readEnvironments } from './environments-file.ts';
import { type Problem, problem } from './errors.ts';
import type { Studio } from './model/environments.ts';

/** Who may call: bearer tokens of Entra ID, or, only in Development, anyone who reaches the loopback address. */
export type AuthConfig =
  | { readonly mode: 'development' }
  | { readonly mode: 'entra'; readonly tenantId: string; readonly audience: string };

export interface Config {
  readonly studio: Studio;
  readonly studioStorage: StorageConfig;
  readonly environmentStorage: ReadonlyMap<string, StorageConfig>;
  readonly database: DatabaseConfig;
  readonly gitea: GiteaConfig;
  readonly auth: AuthConfig;
}

interface Setting {
  readonly name: string;
  readonly meaning: string;
  readonly default?: string;
  readonly example: string;
}

/** Every setting that is read, and no other; `docs/settings.md` is held against this list by a test. */
export const SETTINGS = [
  {
    name: 'ENVIRONMENTS_FILE',
    meaning:
      'YAML file with the Studio served, its chart, and each environment: host name, storage, orgs with a cluster.',
    default: 'environments.yaml',
    example: 'environments.yaml',
  },
  {
    name: 'STUDIO_STORAGE__blobServiceUri',
    meaning: "Studio's storage account, reached by managed identity.",
    example: 'https://pulldeploystudio.blob.core.windows.net',
  },
  {
    name: 'STUDIO_STORAGE__queueServiceUri',
    meaning:
      'The same account for the blob trigger, which keeps its failures in a queue. Read by the Functions host only.',
    example: 'https://pulldeploystudio.queue.core.windows.net',
  },
  {
    name: 'STUDIO_STORAGE',
    meaning: 'Connection string of that account. Development only.',
    example: 'UseDevelopmentStorage=true',
  },
  {
    name: 'PGHOST',
    meaning: "Server of Studio's database, reached by managed identity over TLS.",
    example: 'studio.postgres.database.azure.com',
  },
  {
    name: 'PGDATABASE',
    meaning: "Studio's database: schemas `designer` and `pull_deploy`.",
    default: 'studio',
    example: 'designerdb',
  },
  { name: 'PGUSER', meaning: 'Database role of the managed identity.', example: 'pull-deploy' },
  {
    name: 'DATABASE_URL',
    meaning: 'The database with a password in the URL. Development only.',
    example: 'postgres://studio@127.0.0.1:5432/studio',
  },
  { name: 'GITEA_URL', meaning: 'Gitea, without `/api/v1`.', example: 'https://altinn.studio/repos' },
  {
    name: 'GITEA_TOKEN',
    meaning: 'Read access to every app repository; a Key Vault reference in Azure.',
    example: '@Microsoft.KeyVault(SecretUri=…)',
  },
  {
    name: 'AUTH_TENANT_ID',
    meaning: 'Entra tenant whose tokens are taken. Required outside Development.',
    example: '00000000-0000-0000-0000-000000000000',
  },
  {
    name: 'AUTH_AUDIENCE',
    meaning: 'Audience that a token must be for. Required outside Development.',
    example: 'api://pull-deploy',
  },
  {
    name: 'AZURE_CLIENT_ID',
    meaning: 'Client id of the user-assigned managed identity; none means the system-assigned one.',
    example: '00000000-0000-0000-0000-000000000000',
  },
  {
    name: 'AZURE_FUNCTIONS_ENVIRONMENT',
    meaning: '`Development` allows connection strings and calls without a token. Set by Core Tools and the local run.',
    default: 'Production',
    example: 'Development',
  },
  {
    name: 'APPLICATIONINSIGHTS_CONNECTION_STRING',
    meaning: 'Where telemetry goes; without it nothing of it is loaded.',
    example: 'InstrumentationKey=…;IngestionEndpoint=…',
  },
] as const satisfies readonly Setting[];

type SettingName = (typeof SETTINGS)[number]['name'];
export type Env = Readonly<Record<string, string | undefined>>;
export type LoadedConfig = { readonly config: Config } | { readonly problems: readonly Problem[] };

/** Reads all settings and the environments file; every problem is reported, never only the first. */
export function loadConfig(env: Env): LoadedConfig {
  const problems: Problem[] = [];
  const get = (name: SettingName): string | undefined => env[name]?.trim() || undefined;
  const add = (message: string, name: SettingName) => problems.push(problem('CONFIGURATION_INVALID', message, name));
  const need = (name: SettingName, why = ''): string => {
    const value = get(name);
    if (value === undefined) add(`${name} is not set${why}`, name);
    return value ?? '';
  };
  const development = get('AZURE_FUNCTIONS_ENVIRONMENT') === 'Development';
  const developmentOnly = (name: SettingName): string | undefined => {
    const value = get(name);
    if (value !== undefined && !development) add(`${name} may be set in Development only: use managed identity`, name);
    return value;
  };
  const clientId = get('AZURE_CLIENT_ID');

  const storageString = developmentOnly('STUDIO_STORAGE');
  const studioStorage: StorageConfig = storageString
    ? { connectionString: storageString }
    : { blobServiceUri: need('STUDIO_STORAGE__blobServiceUri'), managedIdentityClientId: clientId };
  if (
    'blobServiceUri' in studioStorage &&
    studioStorage.blobServiceUri &&
    !isUrl(studioStorage.blobServiceUri, 'https:')
  )
    add('STUDIO_STORAGE__blobServiceUri must be an https URL', 'STUDIO_STORAGE__blobServiceUri');

  const url = developmentOnly('DATABASE_URL');
  const database: DatabaseConfig = url
    ? { url }
    : {
        host: need('PGHOST'),
        database: get('PGDATABASE') ?? 'studio',
        user: need('PGUSER'),
        managedIdentityClientId: clientId,
      };

  const gitea = { url: need('GITEA_URL'), token: get('GITEA_TOKEN') };
  if (gitea.url && !isUrl(gitea.url, development ? 'http:' : 'https:') && !isUrl(gitea.url, 'https:'))
    add(`GITEA_URL must be an https URL`, 'GITEA_URL');

  const auth = readAuth(development, get, need);
  const file = readFile(get('ENVIRONMENTS_FILE') ?? 'environments.yaml', { development, clientId });
  problems.push(...file.problems);
  if (problems.length > 0 || file.studio === undefined) return { problems };
  return { config: { studio: file.studio, environmentStorage: file.storage, studioStorage, database, gitea, auth } };
}

function readAuth(
  development: boolean,
  get: (name: SettingName) => string | undefined,
  need: (name: SettingName, why: string) => string,
): AuthConfig {
  if (development && !get('AUTH_TENANT_ID') && !get('AUTH_AUDIENCE')) return { mode: 'development' };
  const why = ', and only Development runs without tokens';
  return { mode: 'entra', tenantId: need('AUTH_TENANT_ID', why), audience: need('AUTH_AUDIENCE', why) };
}

function readFile(
  path: string,
  options: { development: boolean; clientId: string | undefined },
): ReturnType<typeof readEnvironments> {
  try {
    return readEnvironments(readFileSync(path, 'utf8'), options);
  } catch (error) {
    const message = `ENVIRONMENTS_FILE '${path}' can't be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`;
    return {
      studio: undefined,
      storage: new Map(),
      problems: [problem('CONFIGURATION_INVALID', message, 'ENVIRONMENTS_FILE')],
    };
  }
}

function isUrl(text: string, protocol: string): boolean {
  try {
    return new URL(text).protocol === protocol;
  } catch {
    return false;
  }
}
