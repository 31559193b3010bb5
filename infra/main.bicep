/*
  Makes: one installation of pull-deploy, for one Studio, in one resource group: the function app, its identity, its storage accounts, Key
  Vault, monitoring, and, where none is named, a database.
  Rights: each module says which it gives. All of them are in docs/security.md, with why.
  Deployed twice: first without the Event Grid subscription, and with it once the functions are there (docs/operate.md).
*/

targetScope = 'resourceGroup'

@description('Begins every name: 3 to 8 lower-case letters and digits.')
@minLength(3)
@maxLength(8)
param namePrefix string = 'pulldep'

@description('What the Studio served calls itself: dev, staging or prod. As studio.name in the environments file.')
param studioName string

@description('The environments, as in the environments file, and the identity of Flux in each org\'s cluster there.')
param environments {
  @description('As Studio calls it: tt02, production.')
  name: string

  @description('Its storage account, unique in Azure. As in the environments file, which can so be written before.')
  @minLength(3)
  @maxLength(24)
  accountName: string

  clusters: {
    org: string
    @description('Principal id of the cluster\'s identity: modules/cluster-identity.bicep makes one.')
    principalId: string
  }[]
}[]

@description('Identities that may drop artifacts into incoming, each below its org\'s folder.')
param producers {
  org: string
  principalId: string
}[] = []

@description('Gitea, without /api/v1.')
param giteaUrl string

@description('Audience that callers\' tokens are for: the Application ID of the app registration.')
param authAudience string

@description('Tenant whose tokens are taken.')
param authTenantId string = tenant().tenantId

@description('Host name of Studio\'s database; empty to make a server.')
param databaseHost string = ''

@description('Name of the database.')
param databaseName string = 'studio'

@description('The group in Entra ID that administers a server made here.')
param databaseAdministrators {
  groupId: string
  groupName: string
} = {
  groupId: ''
  groupName: ''
}

@description('Size of a server made here.')
param databaseSku {
  name: string
  tier: string
} = {
  name: 'Standard_D2ds_v5'
  tier: 'GeneralPurpose'
}

@description('Whether to make the Event Grid subscription: true only after the functions were deployed for the first time.')
param createEventSubscription bool = false

@description('True while clusters get their new keys: the former master key is then read from the vault, too.')
param acceptPreviousFluxEventsKey bool = false

@description('Days that an accepted artifact can be neither changed nor deleted.')
param artifactImmutabilityDays int = 365

@description('True once the immutability policy was locked: the template then leaves it alone, since Azure refuses to put a locked one.')
param artifactPolicyIsLocked bool = false

@description('Replication of Studio\'s and the environments\' storage.')
param storageSku string = 'Standard_ZRS'

@description('Subnet for the function app\'s outgoing calls, delegated to Microsoft.App/environments; empty for none.')
param subnetId string = ''

@description('Megabytes of memory of an instance.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('No more instances than these. Each has up to 10 connections to the database.')
param maximumInstanceCount int = 40

@description('HTTP calls that an instance takes at once.')
param httpConcurrency int = 100

@description('Instances that are kept running, so that a deployment does not wait for a start. They cost while they wait; empty for none.')
param alwaysReady {
  name: string
  instanceCount: int
}[] = [
  {
    name: 'http'
    instanceCount: 1
  }
  {
    name: 'blob'
    instanceCount: 1
  }
]

@description('Days that logs are kept.')
param logRetentionDays int = 90

@description('Who gets mail from alerts.')
param alertEmails string[] = []

@description('Where docs/ can be read, so that alerts lead there: the address before docs/operate.md.')
param runbookBaseUrl string = ''

@description('Object ids of groups in Entra ID that set Gitea\'s token and the master key.')
param vaultOperatorGroupIds string[] = []

param location string = resourceGroup().location

param tags object = {}

var suffix = take(uniqueString(resourceGroup().id, studioName), 6)
var functionAppName = '${namePrefix}-${studioName}-${suffix}'
var vaultUri = vault.outputs.uri
var previousKey = acceptPreviousFluxEventsKey
  ? { FLUX_EVENTS_PREVIOUS_KEY: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/flux-events-previous-key)' }
  : {}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    name: functionAppName
    location: location
    tags: tags
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    suffix: suffix
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    workspaceName: '${functionAppName}-logs'
    insightsName: functionAppName
    location: location
    tags: tags
    retentionDays: logRetentionDays
    functionPrincipalId: identity.outputs.principalId
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    name: '${namePrefix}-${take(studioName, 7)}-${suffix}'
    location: location
    tags: tags
    functionPrincipalId: identity.outputs.principalId
    operatorGroupIds: vaultOperatorGroupIds
    workspaceId: monitoring.outputs.workspaceId
  }
}

module hostStorage 'modules/host-storage.bicep' = {
  name: 'host-storage'
  params: {
    accountName: '${namePrefix}host${suffix}'
    location: location
    tags: tags
    functionPrincipalId: identity.outputs.principalId
  }
}

module studioStorage 'modules/studio-storage.bicep' = {
  name: 'studio-storage'
  params: {
    accountName: '${namePrefix}studio${suffix}'
    location: location
    tags: tags
    skuName: storageSku
    artifactImmutabilityDays: artifactImmutabilityDays
    artifactPolicyIsLocked: artifactPolicyIsLocked
    rejectedDays: 30
    incomingDays: 7
    archivistRoleId: roles.outputs.archivistId
    producerRoleId: roles.outputs.producerId
    functionPrincipalId: identity.outputs.principalId
    producers: producers
    workspaceId: monitoring.outputs.workspaceId
  }
}

module environmentStorage 'modules/environment-storage.bicep' = [
  for env in environments: {
    name: 'storage-${env.name}'
    params: {
      accountName: env.accountName
      location: location
      tags: union(tags, { environment: env.name })
      skuName: storageSku
      publisherRoleId: roles.outputs.publisherId
      functionPrincipalId: identity.outputs.principalId
      clusters: env.clusters
      workspaceId: monitoring.outputs.workspaceId
    }
  }
]

module database 'modules/database.bicep' = if (empty(databaseHost)) {
  name: 'database'
  params: {
    serverName: '${functionAppName}-db'
    databaseName: databaseName
    location: location
    tags: tags
    skuName: databaseSku.name
    skuTier: databaseSku.tier
    administrators: databaseAdministrators
    allowAzureServices: empty(subnetId)
  }
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  params: {
    name: functionAppName
    planName: '${functionAppName}-plan'
    location: location
    // By this tag azd finds what to deploy to.
    tags: union(tags, { 'azd-service-name': 'api' })
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    packageUrl: hostStorage.outputs.packageUrl
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReady: alwaysReady
    subnetId: subnetId
    settings: union(previousKey, {
      AzureWebJobsStorage__blobServiceUri: hostStorage.outputs.blobEndpoint
      AzureWebJobsStorage__queueServiceUri: hostStorage.outputs.queueEndpoint
      AzureWebJobsStorage__tableServiceUri: hostStorage.outputs.tableEndpoint
      STUDIO_STORAGE__blobServiceUri: studioStorage.outputs.blobEndpoint
      STUDIO_STORAGE__queueServiceUri: studioStorage.outputs.queueEndpoint
      // In the package, next to host.json.
      ENVIRONMENTS_FILE: '/home/site/wwwroot/environments.yaml'
      PGHOST: database.?outputs.host ?? databaseHost
      PGDATABASE: databaseName
      PGUSER: identity.outputs.name
      GITEA_URL: giteaUrl
      GITEA_TOKEN: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/gitea-token)'
      AUTH_TENANT_ID: authTenantId
      AUTH_AUDIENCE: authAudience
      FLUX_EVENTS_KEY: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/flux-events-key)'
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
    })
  }
}

module incomingEvents 'modules/incoming-events.bicep' = {
  name: 'incoming-events'
  params: {
    topicName: '${functionAppName}-incoming'
    location: location
    tags: tags
    accountName: studioStorage.outputs.accountName
    deadLetterContainer: studioStorage.outputs.deadLetterContainer
    workspaceId: monitoring.outputs.workspaceId
  }
}

module incomingSubscription 'modules/incoming-subscription.bicep' = if (createEventSubscription) {
  name: 'incoming-subscription'
  params: {
    topicName: incomingEvents.outputs.topicName
    functionAppName: functionApp.outputs.name
    accountName: studioStorage.outputs.accountName
    incomingContainer: studioStorage.outputs.incomingContainer
    deadLetterContainer: studioStorage.outputs.deadLetterContainer
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  params: {
    displayName: 'Pull deploy: ${studioName}'
    location: location
    tags: tags
    insightsId: monitoring.outputs.insightsId
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    namePrefix: functionAppName
    location: location
    tags: tags
    insightsId: monitoring.outputs.insightsId
    emails: alertEmails
    runbookBaseUrl: runbookBaseUrl
  }
}

@description('The function app, for az functionapp deployment source config-zip.')
output functionAppName string = functionApp.outputs.name
@description('Where the API and health are.')
output apiUrl string = 'https://${functionApp.outputs.hostName}/api'
@description('The function\'s identity: its role in the database has this name.')
output identityName string = identity.outputs.name
@description('Of the database.')
output databaseHost string = database.?outputs.host ?? databaseHost
@description('Where gitea-token and flux-events-key are set.')
output vaultUri string = vaultUri
@description('For the environments file: environments.{name}.storage.')
output environmentStorage array = [
  for (env, index) in environments: {
    name: env.name
    storage: environmentStorage[index].outputs.blobEndpoint
  }
]
@description('The workbook in the portal.')
output workbookId string = workbook.outputs.id
