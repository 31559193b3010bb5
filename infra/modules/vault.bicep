/*
  Makes: the Key Vault for what can't be an identity: Gitea's token and the master key of clusters' events. Its contents are set by hand,
  so that they pass through no template and no pipeline.
  Rights: the function's identity reads secrets' values (Key Vault Secrets User). The operators named set them (Key Vault Secrets Officer).
*/

@description('Name of the vault, unique in Azure: 3 to 24 characters.')
param name string

param location string

param tags object

@description('Who reads the values.')
param functionPrincipalId string

@description('Object ids of groups in Entra ID that set the values.')
param operatorGroupIds string[]

@description('Where access is logged.')
param workspaceId string

var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var keyVaultSecretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: 'Enabled'
  }
}

resource functionReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, functionPrincipalId, keyVaultSecretsUser)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
    principalId: functionPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource operatorsSet 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for groupId in operatorGroupIds: {
    name: guid(vault.id, groupId, keyVaultSecretsOfficer)
    scope: vault
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsOfficer)
      principalId: groupId
      principalType: 'Group'
    }
  }
]

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

output uri string = vault.properties.vaultUri
