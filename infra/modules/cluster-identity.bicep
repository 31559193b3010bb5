/*
  Makes: the identity that Flux's source-controller has in one org's cluster, and the trust that lets its ServiceAccount use it. Deployed by
  whoever runs the cluster, before main.bicep is given its principal id.
  Rights: none here. main.bicep lets it read `cluster-{org}` and `app-{org}-*` in its environment.
*/

@description('Name of the identity.')
param name string

param location string = resourceGroup().location

@description('The cluster\'s OIDC issuer: az aks show --query oidcIssuerProfile.issuerUrl.')
param oidcIssuerUrl string

@description('The ServiceAccount of source-controller, as namespace:name.')
param serviceAccount string = 'flux-system:source-controller'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
}

resource trust 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = {
  parent: identity
  name: 'source-controller'
  properties: {
    issuer: oidcIssuerUrl
    subject: 'system:serviceaccount:${serviceAccount}'
    audiences: [
      'api://AzureADTokenExchange'
    ]
  }
}

@description('For main.bicep, in clusters of its environment.')
output principalId string = identity.properties.principalId
@description('For the cluster: the annotation of source-controller\'s ServiceAccount, or the Flux extension.')
output clientId string = identity.properties.clientId
