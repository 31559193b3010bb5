/*
  Makes: a PostgreSQL flexible server with Studio's database, for an installation that has none. Password login is off, TLS is required.
  Rights: the administrators named are the server's, through Entra ID. The function's identity gets its role in the database by SQL
  (docs/operate.md), since no template can make that.
*/

@description('Name of the server, unique in Azure.')
param serverName string

@description('Name of the database.')
param databaseName string

param location string

param tags object

@description('Size of the server, like Standard_B2s.')
param skuName string

@description('Burstable, GeneralPurpose or MemoryOptimized, as the size is.')
param skuTier string

@description('Who administers the server: a group in Entra ID.')
param administrators {
  @description('Object id of the group.')
  groupId: string
  @description('Its name, which is that of the role.')
  groupName: string
}

@description('Whether Azure\'s own addresses may connect. Not needed where the function app is in a network that reaches the server.')
param allowAzureServices bool

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: serverName
  location: location
  tags: tags
  sku: {
    name: skuName
    tier: skuTier
  }
  properties: {
    version: '17'
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: tenant().tenantId
    }
    storage: {
      storageSizeGB: 32
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: 35
      geoRedundantBackup: 'Disabled'
    }
    network: {
      publicNetworkAccess: 'Enabled'
    }
  }
}

// The server takes one change at a time: each of these waits for the one before.
resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01' = {
  parent: server
  name: databaseName
  properties: {
    charset: 'UTF8'
    collation: 'en_US.utf8'
  }
}

resource administrator 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2024-08-01' = {
  parent: server
  name: administrators.groupId
  properties: {
    principalName: administrators.groupName
    principalType: 'Group'
    tenantId: tenant().tenantId
  }
  dependsOn: [
    database
  ]
}

resource requireTls 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2024-08-01' = {
  parent: server
  name: 'require_secure_transport'
  properties: {
    value: 'on'
    source: 'user-override'
  }
  dependsOn: [
    administrator
  ]
}

// 0.0.0.0 stands for every address of Azure: whoever connects still needs a token of an identity with a role in the database.
resource azureServices 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2024-08-01' = if (allowAzureServices) {
  parent: server
  name: 'azure-services'
  properties: {
    startIpAddress: '0.0.0.0'
    endIpAddress: '0.0.0.0'
  }
  dependsOn: [
    requireTls
  ]
}

output host string = server.properties.fullyQualifiedDomainName
