interface Setting {
  readonly name: string;
  readonly meaning: string;
  readonly default?: string;
  readonly example: string;
}

/** Every setting that this service or its Functions host reads, and no other; `docs/settings.md` is held against this list by a test. */
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
    name: 'STUDIO_STORAGE__credential',
    meaning: 'How the blob and queue triggers reach that account. Read by the Functions host only.',
    example: 'managedidentity',
  },
  {
    name: 'STUDIO_STORAGE__clientId',
    meaning: 'Client id of a user-assigned identity for them. Read by the Functions host only.',
    example: '00000000-0000-0000-0000-000000000000',
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
    name: 'PGPORT',
    meaning:
      'Port of that server itself: its PgBouncer (6432) takes neither our limits of time nor prepared statements.',
    default: '5432',
    example: '5432',
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
    meaning:
      'Audience that a token must be for: the Application (client) ID of the app registration. Required outside Development.',
    example: '00000000-0000-0000-0000-000000000000',
  },
  {
    name: 'FLUX_EVENTS_KEY',
    meaning:
      'Master of the keys that clusters sign their events with, at least 32 characters; a Key Vault reference in Azure. Required outside Development.',
    example: '@Microsoft.KeyVault(SecretUri=…)',
  },
  {
    name: 'FLUX_EVENTS_PREVIOUS_KEY',
    meaning: 'The master before that, taken too until every cluster has its new key.',
    example: '@Microsoft.KeyVault(SecretUri=…)',
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
    name: 'WEBSITE_SITE_NAME',
    meaning: 'Set by Azure, as is the next: where either is, `Development` is refused.',
    example: 'pull-deploy',
  },
  { name: 'WEBSITE_INSTANCE_ID', meaning: 'Set by Azure.', example: '5f2c' },
  {
    name: 'APPLICATIONINSIGHTS_CONNECTION_STRING',
    meaning: 'Where telemetry goes; without it nothing of it is loaded.',
    example: 'InstrumentationKey=…;IngestionEndpoint=…',
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof SETTINGS)[number]['name'];
