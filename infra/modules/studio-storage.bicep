/*
  Makes: Studio's storage account: `incoming`, where artifacts arrive, `artifacts`, where accepted ones are kept and can't be changed,
  `rejected`, and `dead-letters` for events that could not be delivered.
  Rights: the function's identity reads, writes and deletes blobs (archivist; in `artifacts` the immutability policy forbids more than it
  allows) and uses the queue that the blob trigger keeps its failures in (Storage Queue Data Contributor). A producer writes to `incoming`
  below its org's folder (producer, with a condition on the path), and nothing else.
*/

@description('Name of the account, unique in Azure.')
param accountName string

param location string

param tags object

@description('Kind of replication.')
param skuName string

@description('Days that an accepted artifact can be neither changed nor deleted.')
@minValue(1)
@maxValue(146000)
param artifactImmutabilityDays int

@description('Whether an operator has locked the policy that says so.')
param artifactPolicyIsLocked bool

@description('Days that rejected artifacts are kept.')
param rejectedDays int

@description('Days after which what was left in incoming, and what was deleted there, is gone.')
param incomingDays int

@description('The role that the function has.')
param archivistRoleId string

@description('The role that producers have.')
param producerRoleId string

@description('Who accepts artifacts.')
param functionPrincipalId string

@description('Identities that may drop artifacts, each for one org.')
param producers {
  org: string
  principalId: string
}[]

@description('Where writes and deletions are logged.')
param workspaceId string

var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var blobActions = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs'

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
    changeFeed: {
      enabled: true
      retentionInDays: 90
    }
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

resource incoming 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'incoming'
}

resource artifacts 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'artifacts'
}

// Not locked: locking can't be taken back, so an operator does it (docs/security.md). A locked one can't be put any more, not even as it is.
resource artifactsPolicy 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2024-01-01' = if (!artifactPolicyIsLocked) {
  parent: artifacts
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: artifactImmutabilityDays
    allowProtectedAppendWrites: false
  }
}

resource rejected 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'rejected'
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'dead-letters'
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'rejected'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
              prefixMatch: [
                '${rejected.name}/'
                '${deadLetters.name}/'
              ]
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: rejectedDays
                }
              }
              version: {
                delete: {
                  daysAfterCreationGreaterThan: rejectedDays
                }
              }
            }
          }
        }
        {
          name: 'removed-artifacts'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
              prefixMatch: [
                '${artifacts.name}/'
              ]
            }
            actions: {
              // What retention has deleted stays as a version: this ends it, after the policy allows that.
              version: {
                delete: {
                  daysAfterCreationGreaterThan: artifactImmutabilityDays
                }
              }
            }
          }
        }
        {
          name: 'incoming'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
              prefixMatch: [
                '${incoming.name}/'
              ]
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: incomingDays
                }
              }
              version: {
                delete: {
                  daysAfterCreationGreaterThan: incomingDays
                }
              }
            }
          }
        }
      ]
    }
  }
}

resource functionArchives 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, functionPrincipalId, archivistRoleId)
  scope: account
  properties: {
    roleDefinitionId: archivistRoleId
    principalId: functionPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource functionUsesQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, functionPrincipalId, storageQueueDataContributor)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataContributor)
    principalId: functionPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource producersDrop 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for producer in producers: {
    name: guid(incoming.id, producer.principalId, producerRoleId, producer.org)
    scope: incoming
    properties: {
      roleDefinitionId: producerRoleId
      principalId: producer.principalId
      principalType: 'ServicePrincipal'
      description: 'Drops artifacts of ${producer.org}.'
      conditionVersion: '2.0'
      condition: '((!(ActionMatches{\'${blobActions}/write\'}) AND !(ActionMatches{\'${blobActions}/add/action\'})) OR (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path] StringLike \'${producer.org}/*\'))'
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

output accountName string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
output incomingContainer string = incoming.name
output deadLetterContainer string = deadLetters.name
