/*
  Makes: the workbook that operators open in the portal, from `infra/workbook.json`.
  Rights: none. Whoever may read the workspace sees data in it.
*/

@description('What the portal calls it.')
param displayName string

param location string

param tags object

@description('Application Insights, whose data it shows.')
param insightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    sourceId: insightsId
    serializedData: loadTextContent('../workbook.json')
    version: 'Notebook/1.0'
  }
}

output id string = workbook.id
