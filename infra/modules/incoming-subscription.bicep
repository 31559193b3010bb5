/*
  Makes: the Event Grid subscription that calls the function `acceptArtifact` for each zip in `incoming`. Deployed only when the functions
  are: their blob extension makes the system key `blobs_extension` at its first start, and Event Grid asks the address before it takes it.
  Rights: the system key opens the blob extension's webhook and nothing else. It is read here and goes into the subscription; no output has it.
*/

@description('The system topic of Studio\'s storage account.')
param topicName string

@description('The function app.')
param functionAppName string

@description('Studio\'s storage account.')
param accountName string

@description('The container whose blobs are told of.')
param incomingContainer string

@description('The container for events that could not be delivered.')
param deadLetterContainer string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: accountName
}

resource site 'Microsoft.Web/sites@2024-11-01' existing = {
  name: functionAppName
}

resource delivery 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'accept-artifact'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'WebHook'
      properties: {
        #disable-next-line use-secure-value-for-secure-inputs
        endpointUrl: 'https://${site.properties.defaultHostName}/runtime/webhooks/blobs?functionName=Host.Functions.acceptArtifact&code=${listKeys('${site.id}/host/default', '2024-11-01').systemKeys.blobs_extension}'
        maxEventsPerBatch: 1
        preferredBatchSizeInKilobytes: 64
        minimumTlsVersionAllowed: '1.2'
      }
    }
    filter: {
      includedEventTypes: [
        'Microsoft.Storage.BlobCreated'
      ]
      subjectBeginsWith: '/blobServices/default/containers/${incomingContainer}/'
      subjectEndsWith: '.zip'
      isSubjectCaseSensitive: true
    }
    // A blob whose event is lost all the same is found by the timer sweepIncoming within 5 minutes.
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'SystemAssigned'
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: account.id
          blobContainerName: deadLetterContainer
        }
      }
    }
  }
}
