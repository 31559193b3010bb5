import type { InvocationContext, Timer } from '@azure/functions';
import type { App } from '../app.ts';
import { toAppError } from '../errors.ts';
import { parseArtifactBlob } from '../model/names.ts';

export type BlobHandler = (blob: unknown, context: InvocationContext) => Promise<void>;
export type QueueHandler = (message: unknown, context: InvocationContext) => Promise<void>;
export type TimerHandler = (timer: Timer, context: InvocationContext) => Promise<void>;

/**
 * Whatever is thrown, a bug of ours too, is thrown on: the host delivers the event again, five times in all. A blob that can
 * never be right is no error: `acceptArtifact` has recorded that, and returns.
 *
 * The content that the host hands over is not used: it comes without the ETag that says which content it is.
 */
export function acceptHandler(app: App, container: string): BlobHandler {
  return async (_blob, context) => {
    // Not from the binding data: a blob named `2024` arrives there as a number.
    const trigger = String(context.triggerMetadata?.blobTrigger ?? '');
    const name = trigger.startsWith(`${container}/`) ? trigger.slice(container.length + 1) : trigger;
    await within(app, context, async () => {
      try {
        await app.acceptArtifact(name);
      } catch (thrown) {
        const error = toAppError(thrown);
        const about = { ...parseArtifactBlob(name), blob: name, code: error.code };
        app.log.error('accept failed, to be tried again', { ...about, error: error.cause ?? error });
        // Best effort: the same outage may keep us from it.
        await app.noteAcceptFailure(name, error.message).catch(() => {});
        throw error;
      }
    });
  };
}

/** A message that the host puts there when a blob's function has failed five times. */
export function poisonHandler(app: App): QueueHandler {
  return async (message, context) => {
    const text = typeof message === 'string' ? parseJson(message) : message;
    const { ContainerName: container, BlobName: blob } = (text ?? {}) as Record<string, unknown>;
    if (typeof container !== 'string' || typeof blob !== 'string') {
      // Not of the host's form: nobody could do anything with it.
      app.log.error('poison message not understood', { content: String(message).slice(0, 500) });
      return;
    }
    await run(app, context, () => app.drainPoison({ container, blob }));
  };
}

/** What a pass could not do it has logged and held; what it throws is for the host's own record. */
export function timerHandler(app: App, pass: (now: Date) => Promise<unknown>): TimerHandler {
  return (_timer, context) => run(app, context, () => pass(new Date()));
}

/** The host prints what is thrown: never what others made, which may hold anything. */
function run(app: App, context: InvocationContext, work: () => Promise<unknown>): Promise<void> {
  return within(app, context, async () => {
    try {
      await work();
    } catch (thrown) {
      const error = toAppError(thrown);
      const { functionName } = context;
      app.log.error('trigger failed', { functionName, code: error.code, error: error.cause ?? error });
      throw error;
    }
  });
}

/** In the trace that the host gave the invocation. */
const within = <T>(app: App, { traceContext }: InvocationContext, work: () => Promise<T>): Promise<T> =>
  app.telemetry.within(traceContext?.traceParent, work);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
