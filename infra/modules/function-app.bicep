/*
  Makes: the function app on Flex Consumption: Node.js 22, HTTPS only, TLS 1.2, no FTP and no passwords for publishing.
  Rights: none here. It runs as the identity it is given, also when it fetches its package and resolves references to Key Vault.
*/

@description('Name of the function app, unique in Azure: its address begins with it.')
param name string

@description('Name of its plan.')
param planName string

param location string

param tags object

@description('Resource id of the identity that it runs as.')
param identityId string

@description('Client id of the same identity.')
param identityClientId string

@description('The container that the package is deployed to.')
param packageUrl string

@description('Application settings, all but those that name the identity.')
param settings object

@description('Megabytes of memory of an instance.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int

@description('No more instances than these, each with up to 10 connections to the database.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int

@description('HTTP calls that an instance takes at once. Most are long polls; of builds an instance takes 8 by itself.')
param httpConcurrency int

@description('Instances that are kept running, by group of functions: http, blob. Others start when they are needed.')
param alwaysReady {
  name: string
  instanceCount: int
}[]

@description('Subnet for outgoing calls; empty for none. It must be delegated to Microsoft.App/environments.')
param subnetId string

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'node'
        version: '22'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReady
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
      }
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: site
  name: 'appsettings'
  properties: union(settings, {
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    STUDIO_STORAGE__credential: 'managedidentity'
    STUDIO_STORAGE__clientId: identityClientId
    AZURE_CLIENT_ID: identityClientId
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  })
}

resource noFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource noPublishingPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

output name string = site.name
output hostName string = site.properties.defaultHostName
