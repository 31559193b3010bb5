import { fluxReceiverToken } from '../../src/model/cluster-keys.ts';
import { runClusterKeyCommand } from './cluster-key.ts';

const USAGE = `npm run --silent receiver-key -- --environment ENV --org ORG [--local]

Prints the key that the cluster of ORG in ENV knows our calls by, for 'token' in the Secret that its Receiver names: nothing else
is written to stdout. It is made from FLUX_EVENTS_KEY; after that was exchanged, each cluster needs its new key.`;

await runClusterKeyCommand(USAGE, fluxReceiverToken);
