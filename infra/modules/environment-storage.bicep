/*
  Makes: the storage account that Flux in the clusters of one environment reads. Its containers, `app-{org}-{app}` and `cluster-{org}`,
  are made by the function app when an app or an org is new.
  Rights: the function's identity makes containers, reads and writes blobs, and deletes nothing (publisher). It has no condition on
  containers' names, because a condition does not hold for making them. Each cluster's identity reads the blobs of its org's containers
  and no others (Storage Blob Data Reader, with a condition on the container's name).
*/

@description('Name of the account, unique in Azure.')
param accountName string

param location string

param tags object

@description('Kind of replication.')
param skuName string

@description('The role that the function has.')
param publisherRoleId string

@description('Who publishes.')
param functionPrincipalId string

@description('The identity of Flux in each cluster of this environment. An org has one cluster.')
param clusters {
  org: string
  principalId: string
}[]

@description('Where writes and deletions are logged.')
param workspaceId string

var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var blobActions = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs'
var containerName = '@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name]'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: skuName
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    isHnsEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: 30
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 30
    }
  }
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'old-versions'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
            }
            actions: {
              version: {
                delete: {
                  daysAfterCreationGreaterThan: 90
                }
              }
            }
          }
        }
      ]
    }
  }
}

resource functionPublishes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, functionPrincipalId, publisherRoleId)
  scope: account
  properties: {
    roleDefinitionId: publisherRoleId
    principalId: functionPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource clustersRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for cluster in clusters: {
    name: guid(account.id, cluster.principalId, storageBlobDataReader, cluster.org)
    scope: account
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
      principalId: cluster.principalId
      principalType: 'ServicePrincipal'
      description: 'Flux in the cluster of ${cluster.org}.'
      conditionVersion: '2.0'
      condition: '((!(ActionMatches{\'${blobActions}/read\'})) OR (${containerName} StringEquals \'cluster-${cluster.org}\' OR ${containerName} StringLike \'app-${cluster.org}-*\'))'
    }
  }
]

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageWrite'
        enabled: true
      }
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
  }
}

output blobEndpoint string = account.properties.primaryEndpoints.blob
