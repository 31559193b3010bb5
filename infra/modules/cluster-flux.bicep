/*
  Makes: Flux in an AKS cluster as the extension `microsoft.flux`, and the configuration that syncs `cluster-{org}` (docs/cluster.md). For
  clusters where Flux is the extension; others use `infra/cluster/`.
  Rights: source-controller reads storage as the cluster's identity (cluster-identity.bicep). The configuration's ServiceAccount
  `flux-applier` in `default` applies what is pulled; the extension makes it, and gives it the whole cluster.
*/

@description('The AKS cluster, in this resource group.')
param clusterName string

@description('The org whose cluster it is.')
param org string

@description('The blob endpoint of the environment\'s account, as in the environments file.')
param storage string

@description('Client id of the cluster\'s identity.')
param identityClientId string

resource cluster 'Microsoft.ContainerService/managedClusters@2025-01-01' existing = {
  name: clusterName
}

resource flux 'Microsoft.KubernetesConfiguration/extensions@2023-05-01' = {
  name: 'flux'
  scope: cluster
  properties: {
    extensionType: 'microsoft.flux'
    autoUpgradeMinorVersion: true
    configurationSettings: {
      'multiTenancy.enforce': 'true'
      'workloadIdentity.enable': 'true'
      'workloadIdentity.azureClientId': identityClientId
      'workloadIdentity.azureTenantId': tenant().tenantId
    }
  }
}

resource sources 'Microsoft.KubernetesConfiguration/fluxConfigurations@2024-11-01' = {
  name: 'pull-deploy'
  scope: cluster
  properties: {
    // All of an app's Flux objects are in `default`, and with enforced multi-tenancy they see nothing of another namespace.
    namespace: 'default'
    scope: 'cluster'
    sourceKind: 'AzureBlob'
    azureBlob: {
      url: storage
      containerName: 'cluster-${org}'
      syncIntervalInSeconds: 60
      timeoutInSeconds: 60
    }
    kustomizations: {
      sources: {
        path: './sources'
        syncIntervalInSeconds: 600
        retryIntervalInSeconds: 60
        timeoutInSeconds: 300
        // No patch can be given here, so an emptied container would take the sources away: only the one in storage guards them.
        prune: false
        wait: false
        force: false
      }
    }
  }
  dependsOn: [
    flux
  ]
}
