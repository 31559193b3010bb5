import { fluxEventsToken } from '../../src/operate/verify-signature.ts';
import { runCommand } from './operator.ts';

const USAGE = `npm run --silent webhook-key -- --environment ENV --org ORG [--local]

Prints the key that the cluster of ORG in ENV signs its events with, for 'token' in the Secret that its Provider names: nothing
else is written to stdout. It is made from FLUX_EVENTS_KEY; after that was exchanged, each cluster needs its new key.`;

await runCommand(
  USAGE,
  async ({ config, environment, org }) => {
    const { studio, fluxEventsKeys } = config;
    const [masterKey] = fluxEventsKeys;
    if (masterKey === undefined) throw new Error('FLUX_EVENTS_KEY is not set');
    if (!environment.orgs.includes(org))
      throw new Error(`--org '${org}': must be one of ${environment.orgs.join(', ')}, which have a cluster there`);
    console.log(fluxEventsToken(masterKey, { studio: studio.name, environment: environment.name, org }));
  },
  'for an org',
);
