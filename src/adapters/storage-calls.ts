import type { BlobServiceClient, RestError } from '@azure/storage-blob';
import { AppError } from '../errors.ts';
import { redactUrl } from '../model/redact.ts';
import { identityOf, type SignIn } from './identity.ts';
import type { TIME_LIMITS } from './time-limits.ts';

/** A connection string only in the local run; in Azure the account's address, and the identity of the function app. */
export type StorageConfig =
  | { readonly connectionString: string }
  | { readonly blobServiceUri: string; readonly signIn: SignIn };

type Limits = typeof TIME_LIMITS.storage;

/** Calls an account, for what is in `container` ('' for all of it). undefined: it answered one of the statuses in `answers`. */
export type StorageCall = <T>(
  container: string,
  call: (account: BlobServiceClient, signal: AbortSignal) => Promise<T>,
  answers?: readonly number[],
) => Promise<T | undefined>;

/**
 * Ends the SDK's errors here: the statuses that are an answer become undefined, all others "unavailable". The SDK's own
 * time-out is told to the server alone, so a server that says nothing would be waited for without end.
 */
export function makeStorageCall(config: StorageConfig, limits: Limits): StorageCall {
  let opening: Promise<BlobServiceClient> | undefined;
  const open = () => {
    opening ??= openAccount(config, limits).catch((error) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const once: StorageCall = async (container, call, answers = []) => {
    const account = await open();
    const signal = AbortSignal.timeout(limits.callTimeoutMs);
    try {
      return await call(account, signal);
    } catch (error) {
      if (isRestError(error) && answers.includes(error.statusCode ?? 0) && !isPassing(error)) return undefined;
      if (error instanceof AppError) throw error;
      const late = `no answer within ${limits.callTimeoutMs / 1_000} s`;
      const reason = isRestError(error) ? (error.code ?? error.statusCode) : (error as Error).name;
      const url = `${redactUrl(account.url).replace(/\/$/, '')}/${container}`;
      throw new AppError('STORAGE_UNAVAILABLE', `${url}: ${signal.aborted ? late : reason}`, {
        cause: signal.aborted ? new Hung(late) : error,
        retryAfterSeconds: 5,
      });
    }
  };
  return (...call) =>
    once(...call).catch((error: AppError) => {
      if (error.cause instanceof Hung) return once(...call);
      throw error;
    });
}

/** The SDK is a third of all that a cold start would read, and is needed by the first call only. */
async function openAccount(config: StorageConfig, limits: Limits): Promise<BlobServiceClient> {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  const retryOptions = {
    maxTries: limits.tries,
    retryDelayInMs: limits.retryDelayMs,
    maxRetryDelayInMs: limits.maxRetryDelayMs,
  };
  if ('blobServiceUri' in config)
    return new BlobServiceClient(config.blobServiceUri, identityOf(config.signIn), {
      retryOptions,
    });
  try {
    return BlobServiceClient.fromConnectionString(config.connectionString, { retryOptions });
  } catch (error) {
    // Its own words may hold the key.
    throw new AppError(
      'CONFIGURATION_INVALID',
      "the connection string of storage is not one: it names an account and its key, or is 'UseDevelopmentStorage=true'",
      { cause: error },
    );
  }
}

class Hung extends Error {}

/** By its name, as the SDK's own `isRestError` does it: that would have to be loaded. */
export const isRestError = (error: unknown): error is RestError => error instanceof Error && error.name === 'RestError';

/** 409 and 404 that say "not now" instead of "no". */
export const isPassing = (error: RestError): boolean =>
  error.code === 'ContainerBeingDeleted' || error.code === 'AccountBeingCreated';
