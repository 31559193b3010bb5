/** All that must be set in Azure, but for the environments file. Nothing is connected to before it is needed. */
export const AZURE_SETTINGS = {
  STUDIO_STORAGE__blobServiceUri: 'https://studio.example.net',
  PGHOST: 'db.example.net',
  PGUSER: 'pull-deploy',
  GITEA_URL: 'https://studio.example.net/repos',
  AUTH_TENANT_ID: '11111111-1111-1111-1111-111111111111',
  AUTH_AUDIENCE: '22222222-2222-2222-2222-222222222222',
  FLUX_EVENTS_KEY: 'k'.repeat(32),
};
