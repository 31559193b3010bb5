// One installation's parameters. Copy to main.bicepparam beside this file and change. Nothing in it is secret.
using './main.bicep'

param namePrefix = 'pulldep'
// Names of environments, their accounts and the Studio's are those in environments.yaml.
param studioName = 'prod'
param environments = [
  {
    name: 'tt02'
    accountName: 'pulldeploytt02'
    clusters: [
      {
        org: 'ttd'
        // The output principalId of modules/cluster-identity.bicep in that cluster's resource group.
        principalId: '00000000-0000-0000-0000-000000000001'
      }
    ]
  }
  {
    name: 'production'
    accountName: 'pulldeployproduction'
    clusters: []
  }
]
param giteaUrl = 'https://altinn.studio/repos'
// The Application (client) ID of the app registration, which is the claim aud of its tokens.
param authAudience = '00000000-0000-0000-0000-000000000002'
// Studio's database server; leave it out to make one, and name databaseAdministrators then.
param databaseHost = 'studio.postgres.database.azure.com'
param databaseName = 'designerdb'
// True when the policy on artifacts has been locked: see docs/security.md.
param artifactPolicyIsLocked = false
param vaultOperatorGroupIds = [
  '00000000-0000-0000-0000-000000000003'
]
param alertEmails = [
  'operators@example.org'
]
param runbookBaseUrl = 'https://example.org/pull-deploy/'
// False for the first deployment, true ever after: see docs/operate.md. azd sets it by itself.
param createEventSubscription = bool(readEnvironmentVariable('CREATE_EVENT_SUBSCRIPTION', 'false'))
