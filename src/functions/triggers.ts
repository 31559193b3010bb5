import type { InvocationContext, Timer } from '@azure/functions';
import type { App } from '../app.ts';
import { toAppError } from '../errors.ts';

export type BlobHandler = (blob: unknown, context: InvocationContext) => Promise<void>;
export type TimerHandler = (timer: Timer, context: InvocationContext) => Promise<void>;

/**
 * The one place where a kind of error becomes "again" or "done": what is unavailable throws, and the host delivers the
 * event again; everything else has been recorded, and is acknowledged.
 *
 * The content that the host hands over is not used: it comes without the ETag that says which content it is.
 */
export function acceptHandler(app: App, container: string): BlobHandler {
  return async (_blob, context) => {
    // Not from the binding data: a blob named `2024` arrives there as a number.
    const trigger = String(context.triggerMetadata?.blobTrigger ?? '');
    const name = trigger.startsWith(`${container}/`) ? trigger.slice(container.length + 1) : trigger;
    try {
      await app.acceptArtifact(name);
    } catch (thrown) {
      const error = toAppError(thrown);
      app.log.error('accept failed, to be tried again', { blob: name, code: error.code, error: error.cause ?? error });
      throw error;
    }
  };
}

export function reconcileHandler(app: App): TimerHandler {
  return async () => {
    await app.reconcileSources(new Date());
  };
}
