import { readFileSync } from 'node:fs';
import type { GiteaConfig } from './adapters/gitea.ts';
import type { SignIn } from './adapters/identity.ts';
import type { DatabaseConfig } from './adapters/postgres.ts';
import type { StorageConfig } from './adapters/storage-calls.ts';
import { type EnvironmentsFile, readEnvironments } from './environments-file.ts';
import { type Problem, problem } from './errors.ts';
import type { Studio } from './model/environments.ts';
import type { SettingName } from './settings.ts';

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
  /** Masters of the keys that clusters sign their events with, the current one first. None: no event is taken. */
  readonly fluxEventsKeys: readonly string[];
}

const MIN_KEY_LENGTH = 32;
/** What the platform leaves in a setting when it can't read the vault. As a key, anyone could guess it. */
const VAULT_REFERENCE = '@Microsoft.KeyVault(';
const NOT_RESOLVED = 'is a Key Vault reference that was not resolved';

export type Env = Readonly<Record<string, string | undefined>>;
export type LoadedConfig = { readonly config: Config } | { readonly problems: readonly Problem[] };

/**
 * Reads all settings and the environments file; every problem is reported, never only the first.
 * @param signIn of an operator's command; the managed identity unless it is given
 */
export function loadConfig(env: Env, signIn?: SignIn): LoadedConfig {
  const settings = new Settings(env, signIn);
  refuseDevelopmentInAzure(settings);
  const config = {
    studioStorage: readStudioStorage(settings),
    database: readDatabase(settings),
    gitea: readGitea(settings),
    auth: readAuth(settings),
    fluxEventsKeys: readFluxEventsKeys(settings),
  };
  const file = readFile(settings.get('ENVIRONMENTS_FILE') ?? 'environments.yaml', settings);
  const problems = [...settings.problems, ...file.problems];
  if (problems.length > 0 || file.studio === undefined) return { problems };
  return { config: { ...config, studio: file.studio, environmentStorage: file.storage } };
}

/** The database alone, for the commands that need nothing else. */
export function loadDatabaseConfig(
  env: Env,
): { readonly database: DatabaseConfig } | { readonly problems: readonly Problem[] } {
  const settings = new Settings(env);
  const database = readDatabase(settings);
  return settings.problems.length > 0 ? { problems: settings.problems } : { database };
}

/** Settings by name, and all that was found wrong with them. */
class Settings {
  readonly problems: Problem[] = [];
  readonly isDevelopment: boolean;
  readonly signIn: SignIn;
  private readonly env: Env;

  constructor(env: Env, signIn?: SignIn) {
    this.env = env;
    this.signIn = signIn ?? { as: 'managed-identity', clientId: this.get('AZURE_CLIENT_ID') };
    this.isDevelopment = this.get('AZURE_FUNCTIONS_ENVIRONMENT') === 'Development';
  }

  get(name: SettingName): string | undefined {
    return this.env[name]?.trim() || undefined;
  }

  need(name: SettingName, why = ''): string {
    const value = this.get(name);
    if (value === undefined) this.report(name, `is not set${why}`);
    return value ?? '';
  }

  developmentOnly(name: SettingName): string | undefined {
    const value = this.get(name);
    if (value !== undefined && !this.isDevelopment)
      this.report(name, 'may be set in Development only: use managed identity');
    return value;
  }

  report(name: SettingName, what: string): void {
    this.problems.push(problem('CONFIGURATION_INVALID', `${name} ${what}`, name));
  }
}

/** One setting that was left over must not open the service to callers without a token. */
function refuseDevelopmentInAzure(settings: Settings): void {
  const ofAzure = (['WEBSITE_SITE_NAME', 'WEBSITE_INSTANCE_ID'] as const).find((name) => settings.get(name));
  if (settings.isDevelopment && ofAzure)
    settings.report(
      'AZURE_FUNCTIONS_ENVIRONMENT',
      `is Development, but this runs in Azure (${ofAzure} is set): remove it`,
    );
}

function readStudioStorage(settings: Settings): StorageConfig {
  const connectionString = settings.developmentOnly('STUDIO_STORAGE');
  if (connectionString) return { connectionString };
  const blobServiceUri = settings.need('STUDIO_STORAGE__blobServiceUri');
  if (blobServiceUri && !isUrl(blobServiceUri, 'https:'))
    settings.report('STUDIO_STORAGE__blobServiceUri', 'must be an https URL');
  return { blobServiceUri, signIn: settings.signIn };
}

function readDatabase(settings: Settings): DatabaseConfig {
  const url = settings.developmentOnly('DATABASE_URL');
  if (url) return { url };
  const port = settings.get('PGPORT') ?? '5432';
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    settings.report('PGPORT', 'must be a number from 1 to 65535');
  return {
    host: settings.need('PGHOST'),
    port: Number(port),
    database: settings.get('PGDATABASE') ?? 'studio',
    user: settings.need('PGUSER'),
    signIn: settings.signIn,
  };
}

function readGitea(settings: Settings): GiteaConfig {
  const url = settings.need('GITEA_URL');
  if (url && !isUrl(url, 'https:') && !(settings.isDevelopment && isUrl(url, 'http:')))
    settings.report('GITEA_URL', 'must be an https URL');
  const token = settings.get('GITEA_TOKEN');
  if (token?.startsWith(VAULT_REFERENCE)) settings.report('GITEA_TOKEN', NOT_RESOLVED);
  return { url, token };
}

function readAuth(settings: Settings): AuthConfig {
  if (settings.isDevelopment && !settings.get('AUTH_TENANT_ID') && !settings.get('AUTH_AUDIENCE'))
    return { mode: 'development' };
  const why = ', and only Development runs without tokens';
  const tenantId = settings.need('AUTH_TENANT_ID', why);
  const audience = settings.need('AUTH_AUDIENCE', why);
  // Every token would be refused, and its caller told of a wrong audience.
  if (audience.startsWith('api://'))
    settings.report('AUTH_AUDIENCE', 'is an Application ID URI: set the Application (client) ID, which tokens are for');
  return { mode: 'entra', tenantId, audience };
}

function readFluxEventsKeys(settings: Settings): string[] {
  const current = settings.isDevelopment
    ? settings.get('FLUX_EVENTS_KEY')
    : settings.need('FLUX_EVENTS_KEY', ', and without it no event of a cluster can be trusted');
  const previous = settings.get('FLUX_EVENTS_PREVIOUS_KEY');
  if (previous && !current) settings.report('FLUX_EVENTS_PREVIOUS_KEY', 'is set without FLUX_EVENTS_KEY');
  for (const [name, key] of [
    ['FLUX_EVENTS_KEY', current],
    ['FLUX_EVENTS_PREVIOUS_KEY', previous],
  ] as const) {
    if (key && key.length < MIN_KEY_LENGTH) settings.report(name, `must have at least ${MIN_KEY_LENGTH} characters`);
    if (key?.startsWith(VAULT_REFERENCE)) settings.report(name, NOT_RESOLVED);
  }
  return [current, previous].filter((key) => key !== undefined && key !== '') as string[];
}

function readFile(path: string, settings: Settings): EnvironmentsFile {
  const options = { development: settings.isDevelopment, signIn: settings.signIn };
  try {
    return readEnvironments(readFileSync(path, 'utf8'), options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    settings.report('ENVIRONMENTS_FILE', `'${path}' can't be read: ${code ?? message}`);
    return { studio: undefined, storage: new Map(), problems: [] };
  }
}

function isUrl(text: string, protocol: string): boolean {
  try {
    return new URL(text).protocol === protocol;
  } catch {
    return false;
  }
}
