import type { DeployRequest } from '../../src/deploy/deploy-request.ts';

export const CALLER = { id: 'tester', name: 'tester' };

/** To deploy release `1` of an app of ttd, unless `what` says something else; by nobody's trace, and with no key. */
export function deployRequest(app: string, envName: string, what: Partial<DeployRequest> = {}): DeployRequest {
  return {
    ...{ org: 'ttd', app, envName, caller: CALLER },
    ...{ idempotencyKey: undefined, traceparent: undefined, tracestate: undefined },
    ...(what.fromDeploymentId === undefined ? { tagName: '1' } : {}),
    ...what,
  };
}
