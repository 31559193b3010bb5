import { createHmac } from 'node:crypto';
import { fluxReceiverToken, receiverPath } from '../model/cluster-keys.ts';
import { fillPattern, findEnvironment, type Studio } from '../model/environments.ts';
import type { ChangedDocument, Clusters, Log } from '../ports.ts';
import { TIME_LIMITS } from './time-limits.ts';

interface Call {
  readonly url: string;
  readonly token: string;
}

/**
 * Tells a cluster's Receiver (notification-controller, type `generic-hmac`) of a document that was changed. Only where the
 * environments file has its address and there is a master key; all else is left to Flux's own interval, and so is what
 * does not get through.
 *
 * @param masterKeys the current one first
 */
export function makeFluxReceiver(
  studio: Studio,
  masterKeys: readonly string[],
  log: Log,
  limits = TIME_LIMITS.receiver,
): Clusters {
  const pending = new Set<Promise<void>>();
  /** By address, when it may be called again, in milliseconds since 1970. */
  const pausedUntil = new Map<string, number>();
  const tell = async (call: Call, change: ChangedDocument): Promise<void> => {
    try {
      await post(call, change, limits.callTimeoutMs);
      log.info('cluster told to pull', { ...change });
    } catch (error) {
      pausedUntil.set(call.url, Date.now() + limits.pauseMs);
      log.warn('cluster not told to pull, it will by itself', { ...change, reason: (error as Error).message });
    }
  };
  return {
    pullNow(change) {
      const call = receiverOf(studio, masterKeys[0], change);
      if (call === undefined || pending.size >= limits.atOnce) return;
      if ((pausedUntil.get(call.url) ?? 0) > Date.now()) return;
      const told = tell(call, change).finally(() => pending.delete(told));
      pending.add(told);
    },
    async settled() {
      await Promise.all(pending);
    },
  };
}

function receiverOf(
  studio: Studio,
  masterKey: string | undefined,
  { environment, org }: ChangedDocument,
): Call | undefined {
  const pattern = findEnvironment(studio, environment)?.receiverPattern;
  if (pattern === undefined || masterKey === undefined) return undefined;
  const token = fluxReceiverToken(masterKey, { studio: studio.name, environment, org });
  return { url: `${fillPattern(pattern, { org, app: '' })}${receiverPath(token)}`, token };
}

async function post({ url, token }: Call, change: ChangedDocument, timeoutMs: number): Promise<void> {
  const body = JSON.stringify(change);
  const signature = createHmac('sha256', token).update(body).digest('hex');
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-signature': `sha256=${signature}` },
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
}
