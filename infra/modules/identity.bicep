/*
  Makes: the one identity that the function app runs as. It has no key and no password.
  Rights: none here. Each module that makes a resource gives this identity its right there.
*/

@description('Name of the identity, and of its role in the database.')
param name string

param location string

param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

output id string = identity.id
output name string = identity.name
output clientId string = identity.properties.clientId
output principalId string = identity.properties.principalId
