/*
  Makes: the three roles that Azure has no narrower one for. They are defined in this resource group and usable in it alone.
  Rights: none here; the storage modules assign them.
    publisher  makes containers, reads and writes blobs; deletes nothing.
    archivist  reads, writes and deletes blobs in containers that are there; makes and deletes no container.
    producer   writes blobs; reads, lists and deletes nothing.
*/

@description('Makes the names of the roles unique in the tenant.')
param suffix string

var containers = 'Microsoft.Storage/storageAccounts/blobServices/containers'

resource publisher 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'publisher')
  properties: {
    roleName: 'Pull deploy publisher ${suffix}'
    description: 'Makes containers, reads and writes blobs, deletes nothing.'
    type: 'customRole'
    permissions: [
      {
        actions: [
          '${containers}/read'
          '${containers}/write'
        ]
        dataActions: [
          '${containers}/blobs/read'
          '${containers}/blobs/write'
          '${containers}/blobs/add/action'
        ]
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource archivist 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'archivist')
  properties: {
    roleName: 'Pull deploy archivist ${suffix}'
    description: 'Reads, writes and deletes blobs, and lists containers.'
    type: 'customRole'
    permissions: [
      {
        actions: [
          '${containers}/read'
        ]
        dataActions: [
          '${containers}/blobs/read'
          '${containers}/blobs/write'
          '${containers}/blobs/add/action'
          '${containers}/blobs/delete'
        ]
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource producer 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'producer')
  properties: {
    roleName: 'Pull deploy producer ${suffix}'
    description: 'Writes blobs, and nothing else.'
    type: 'customRole'
    permissions: [
      {
        actions: []
        dataActions: [
          '${containers}/blobs/write'
          '${containers}/blobs/add/action'
        ]
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

// In the form in which assignments keep them, whatever scope a role was defined at.
output publisherId string = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', publisher.name)
output archivistId string = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', archivist.name)
output producerId string = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', producer.name)
