/*
  Makes: an action group that sends mail, and one alert for each entry of `infra/alerts.json`: {name, description, severity, query,
  threshold, operator, windowMinutes, frequencyMinutes, runbook}. An alert compares the number of rows that its query gives, in a window,
  with the threshold. The queries are against Application Insights, in its names for tables (requests, traces, customMetrics).
  Rights: none. The rules read with the rights of Azure Monitor itself.
*/

@description('Begins the name of each rule.')
param namePrefix string

param location string

param tags object

@description('Application Insights, whose data is asked.')
param insightsId string

@description('Who gets mail.')
param emails string[]

@description('Goes before each alert\'s runbook, so that mails have a link.')
param runbookBaseUrl string

var alerts = loadJsonContent('../alerts.json')

resource mail 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${namePrefix}-operators'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'pulldeploy'
    enabled: true
    emailReceivers: [
      for (email, index) in emails: {
        name: 'operator-${index}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in alerts: {
    name: '${namePrefix}-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${namePrefix}: ${alert.name}'
      description: '${alert.description} Runbook: ${runbookBaseUrl}${alert.runbook}'
      severity: alert.severity
      enabled: true
      scopes: [
        insightsId
      ]
      evaluationFrequency: 'PT${alert.frequencyMinutes}M'
      windowSize: 'PT${alert.windowMinutes}M'
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: alert.operator
            threshold: alert.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      autoMitigate: true
      // A query may name what no deployment has sent yet.
      skipQueryValidation: true
      actions: {
        actionGroups: [
          mail.id
        ]
        customProperties: {
          runbook: '${runbookBaseUrl}${alert.runbook}'
        }
      }
    }
  }
]
