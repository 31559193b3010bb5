import { fluxEventsToken } from '../../src/model/cluster-keys.ts';
import { runClusterKeyCommand } from './cluster-key.ts';

const USAGE = `npm run --silent webhook-key -- --environment ENV --org ORG [--local]

Prints the key that the cluster of ORG in ENV signs its events with, for 'token' in the Secret that its Provider names: nothing
else is written to stdout. It is made from FLUX_EVENTS_KEY; after that was exchanged, each cluster needs its new key.`;

await runClusterKeyCommand(USAGE, fluxEventsToken);
