import { createHmac } from 'node:crypto';
import { sha256 } from './digest.ts';
import { NAMESPACE } from './names.ts';

/** An org's cluster in an environment, for one Studio: whatever is signed with one key. */
export interface ClusterName {
  readonly studio: string;
  readonly environment: string;
  readonly org: string;
}

/**
 * What the cluster's Secret holds as `token` for its Provider: notification-controller takes these characters as its HMAC
 * key. Made from a master key, so that a cluster can't sign for another one and nothing has to be stored for each.
 */
export const fluxEventsToken = (masterKey: string, cluster: ClusterName): string =>
  derive(masterKey, 'flux-events', cluster);

/** The same for its Receiver: another key, so that what we send to a cluster can't be sent back to us as its event. */
export const fluxReceiverToken = (masterKey: string, cluster: ClusterName): string =>
  derive(masterKey, 'flux-receiver', cluster);

/** What each cluster's Receiver is called. */
const RECEIVER_NAME = 'pull-deploy';

/** Where notification-controller listens for a Receiver: `status.webhookPath`, made of its token, name and namespace. */
export const receiverPath = (token: string): string => `/hook/${sha256(`${token}${RECEIVER_NAME}${NAMESPACE}`)}`;

const derive = (masterKey: string, purpose: string, { studio, environment, org }: ClusterName): string =>
  createHmac('sha256', masterKey).update(`${purpose}/${studio}/${environment}/${org}`).digest('hex');
