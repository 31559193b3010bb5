import type { ClusterName } from '../../src/model/cluster-keys.ts';
import { runCommand } from './operator.ts';

/** Prints a key of one cluster and nothing else. */
export function runClusterKeyCommand(
  usage: string,
  derive: (masterKey: string, cluster: ClusterName) => string,
): Promise<void> {
  return runCommand(
    usage,
    async ({ config, environment, org }) => {
      const { studio, fluxEventsKeys } = config;
      const [masterKey] = fluxEventsKeys;
      if (masterKey === undefined) throw new Error('FLUX_EVENTS_KEY is not set');
      if (!environment.orgs.includes(org))
        throw new Error(`--org '${org}': must be one of ${environment.orgs.join(', ')}, which have a cluster there`);
      console.log(derive(masterKey, { studio: studio.name, environment: environment.name, org }));
    },
    'for an org',
  );
}
