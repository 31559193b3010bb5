import { createHmac, timingSafeEqual } from 'node:crypto';
import { type ClusterName, fluxEventsToken } from '../model/cluster-keys.ts';

/**
 * Whether the header `X-Signature` is the body's, by any of the master keys: `sha256=` and the HMAC-SHA256 of the bytes
 * as they came, in lower-case hex, as Provider type `generic-hmac` sends it. Takes the same time whatever is wrong.
 */
export function isSigned(
  masterKeys: readonly string[],
  cluster: ClusterName,
  body: Uint8Array,
  signature: string | undefined,
): boolean {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(signature ?? '')?.[1];
  const given = Buffer.from(hex ?? '0'.repeat(64), 'hex');
  const matches = masterKeys.map((key) =>
    timingSafeEqual(createHmac('sha256', fluxEventsToken(key, cluster)).update(body).digest(), given),
  );
  return matches.includes(true) && hex !== undefined;
}
