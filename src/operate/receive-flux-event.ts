import { AppError } from '../errors.ts';
import type { DeploymentState } from '../model/deployment.ts';
import { findEnvironment, type Studio } from '../model/environments.ts';
import type { Ports } from '../ports.ts';
import { isSigned } from './is-signed.ts';
import { type FluxEvent, readFluxEvent } from './read-flux-event.ts';
import { appOf, weighFluxEvent } from './weigh-flux-event.ts';

export interface FluxEventRequest {
  readonly envName: string;
  readonly org: string;
  /** As it came: the signature is over these bytes. */
  readonly body: Buffer;
  /** The header `X-Signature`. */
  readonly signature: string | undefined;
}

/** `ignored`: not about a deployment of ours. All of them are acknowledged, or Flux would send the event again. */
export type FluxEventOutcome =
  | { readonly outcome: 'moved'; readonly deploymentId: string; readonly state: DeploymentState }
  | { readonly outcome: 'kept' | 'repeated'; readonly deploymentId: string }
  | { readonly outcome: 'ignored' };

/**
 * Takes an event that notification-controller in an org's cluster sends.
 *
 * - the signature, over the raw bytes, before anything in them is looked at
 * - its form
 * - whose it is: an object that we make there, of an app that the ledger knows
 * - what it says of the deployment, in one transaction
 *
 * @param keys master keys, from the configuration
 * @throws AppError UNAUTHENTICATED, also where there is no such cluster; REQUEST_INVALID; DATABASE_UNAVAILABLE
 */
export async function receiveFluxEvent(
  ports: Ports,
  studio: Studio,
  keys: readonly string[],
  { envName, org, body, signature }: FluxEventRequest,
): Promise<FluxEventOutcome> {
  if (!isSigned(keys, { studio: studio.name, environment: envName, org }, body, signature)) throw unauthenticated();
  const event = readFluxEvent(body);
  if (!findEnvironment(studio, envName)?.orgs.includes(org)) throw unauthenticated();
  const app = appOf(event, org, studio.name);
  const told = app && weighFluxEvent(event, app);
  const about = { environment: envName, org, ...fieldsOf(event) };
  const outcome = told && (await ports.ledger.recordClusterEvent({ ...app, environment: envName }, told));
  if (outcome === undefined || outcome.outcome === 'foreign') {
    ports.log.info('flux event ignored', about);
    return { outcome: 'ignored' };
  }
  if (outcome.outcome !== 'repeated') ports.log.info('flux event taken', { ...about, app: app?.app, ...outcome });
  return outcome;
}

/** The same for whatever is wrong, so that nothing can be found out by trying. */
const unauthenticated = () =>
  new AppError('UNAUTHENTICATED', "send the header X-Signature, made with this cluster's key", { path: 'X-Signature' });

const fieldsOf = ({ involvedObject: { kind, namespace, name }, reason, severity }: FluxEvent) => ({
  ...{ kind, namespace, name, reason, severity },
});
