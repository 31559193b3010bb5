import functions, { type InvocationContext } from '@azure/functions';

/** What the Functions worker hands to a handler beside its input. */
export function invocation(functionName: string, triggerMetadata: Record<string, string> = {}): InvocationContext {
  return new functions.InvocationContext({ functionName, triggerMetadata, logHandler: () => {} });
}
