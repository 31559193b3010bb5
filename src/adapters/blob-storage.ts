import { addAbortSignal, Readable } from 'node:stream';
import { BlobServiceClient, type ContainerClient, RestError } from '@azure/storage-blob';
import { AppError, redactUrl } from '../errors.ts';
import { managedIdentity } from './managed-identity.ts';
import { TIME_LIMITS } from './time-limits.ts';

/** A connection string only in the local run; in Azure the account's address, and the identity of the function app. */
export type StorageConfig =
  | { readonly connectionString: string }
  | { readonly blobServiceUri: string; readonly managedIdentityClientId: string | undefined };

export interface StoredBlob {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** A blob that was too large to be read. */
export interface LargeBlob {
  readonly size: number;
  readonly etag: string;
}

/** Write only if nothing is there, or only over exactly what was read. */
export type WriteCondition = 'absent' | { readonly etag: string };

/** What we ask of one container of blob storage. Failures throw STORAGE_UNAVAILABLE; nothing of the SDK gets out. */
export interface BlobContainer {
  read(name: string): Promise<StoredBlob | undefined>;
  readUpTo(name: string, maxBytes: number): Promise<StoredBlob | LargeBlob | undefined>;
  etag(name: string): Promise<string | undefined>;
  /** Once it flows, a failure ends the stream with an error. */
  stream(name: string): Promise<{ bytes: number; content: ReadableStream<Uint8Array> } | undefined>;
  /** undefined: the condition did not hold. Makes the container when it is missing. */
  write(
    name: string,
    content: Buffer | string,
    condition: WriteCondition,
    contentType: string,
  ): Promise<{ etag: string } | undefined>;
  overwrite(name: string, content: Buffer | string, contentType: string): Promise<void>;
  /** False when it is not there any more, or another one is. */
  remove(name: string, etag: string): Promise<boolean>;
  list(prefix: string, limit?: number): Promise<{ name: string; lastModified: Date }[]>;
}

export interface BlobAccount {
  container(name: string): BlobContainer;
  ping(): Promise<void>;
}

export function openStorage(config: StorageConfig, limits = TIME_LIMITS.storage): BlobAccount {
  const options = {
    retryOptions: {
      maxTries: limits.tries,
      retryDelayInMs: limits.retryDelayMs,
      maxRetryDelayInMs: limits.maxRetryDelayMs,
    },
  };
  const client =
    'connectionString' in config
      ? BlobServiceClient.fromConnectionString(config.connectionString, options)
      : new BlobServiceClient(config.blobServiceUri, managedIdentity(config.managedIdentityClientId), options);
  const guard = makeGuard(limits.callTimeoutMs);
  return {
    container: (name) => openContainer(client.getContainerClient(name), guard),
    async ping() {
      await guard(client.url, (abortSignal) =>
        client.listContainers({ abortSignal }).byPage({ maxPageSize: 1 }).next(),
      );
    },
  };
}

function openContainer(container: ContainerClient, guard: Guard): BlobContainer {
  const { url } = container;
  const upload = async (
    name: string,
    content: Buffer | string,
    condition: WriteCondition | undefined,
    contentType: string,
    abortSignal: AbortSignal,
  ) => {
    const bytes = Buffer.from(content);
    const answer = await container.getBlockBlobClient(name).upload(bytes, bytes.length, {
      blobHTTPHeaders: { blobContentType: contentType },
      abortSignal,
      ...(condition === undefined
        ? {}
        : { conditions: condition === 'absent' ? { ifNoneMatch: '*' } : { ifMatch: condition.etag } }),
    });
    return { etag: answer.etag as string };
  };
  const download = async (
    name: string,
    maxBytes: number,
    abortSignal: AbortSignal,
  ): Promise<StoredBlob | LargeBlob> => {
    const answer = await container.getBlobClient(name).download(0, undefined, { abortSignal });
    const etag = answer.etag as string;
    const body = answer.readableStreamBody as Readable;
    if (answer.contentLength !== undefined && answer.contentLength > maxBytes) {
      body.destroy();
      return { size: answer.contentLength, etag };
    }
    return { bytes: await readAll(addAbortSignal(abortSignal, body)), etag };
  };
  return {
    read: (name) =>
      guard(url, async (signal) => (await download(name, Number.POSITIVE_INFINITY, signal)) as StoredBlob, [404]),
    readUpTo: (name, maxBytes) => guard(url, (signal) => download(name, maxBytes, signal), [404]),
    etag: (name) =>
      guard(
        url,
        async (abortSignal) => (await container.getBlobClient(name).getProperties({ abortSignal })).etag as string,
        [404],
      ),
    // Its reader takes as long as he likes: only the beginning of the answer is waited for.
    stream: (name) =>
      guard(
        url,
        async (signal) => {
          const opening = new AbortController();
          const stop = () => opening.abort();
          signal.addEventListener('abort', stop);
          const answer = await container
            .getBlobClient(name)
            .download(0, undefined, { abortSignal: opening.signal })
            .finally(() => signal.removeEventListener('abort', stop));
          const content = Readable.toWeb(answer.readableStreamBody as Readable) as ReadableStream<Uint8Array>;
          return { bytes: answer.contentLength ?? 0, content };
        },
        [404],
      ),
    write: (name, content, condition, contentType) =>
      guard(
        url,
        (signal) => makingContainer(container, () => upload(name, content, condition, contentType, signal), signal),
        [409, 412],
      ),
    async overwrite(name, content, contentType) {
      await guard(url, (signal) =>
        makingContainer(container, () => upload(name, content, undefined, contentType, signal), signal),
      );
    },
    async remove(name, etag) {
      const removed = await guard(
        url,
        (abortSignal) => container.getBlobClient(name).delete({ conditions: { ifMatch: etag }, abortSignal }),
        [404, 412],
      );
      return removed !== undefined;
    },
    list: async (prefix, limit) =>
      (await guard(url, (signal) => listBlobs(container, prefix, limit, signal), [404])) ?? [],
  };
}

async function listBlobs(
  container: ContainerClient,
  prefix: string,
  limit: number | undefined,
  abortSignal: AbortSignal,
): Promise<{ name: string; lastModified: Date }[]> {
  const found: { name: string; lastModified: Date }[] = [];
  const pages = container
    .listBlobsFlat({ prefix, abortSignal })
    .byPage(limit === undefined ? {} : { maxPageSize: limit });
  for await (const page of pages) {
    found.push(
      ...page.segment.blobItems.map(({ name, properties }) => ({ name, lastModified: properties.lastModified })),
    );
    if (limit !== undefined && found.length >= limit) break;
  }
  return found;
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A write into a container that is not there makes it, once: the app is new. */
async function makingContainer<T>(
  container: ContainerClient,
  write: () => Promise<T>,
  abortSignal: AbortSignal,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof RestError && error.code === 'ContainerNotFound')) throw error;
    await container.createIfNotExists({ abortSignal });
    return write();
  }
}

type Guard = <T>(
  url: string,
  call: (signal: AbortSignal) => Promise<T>,
  answers?: readonly number[],
) => Promise<T | undefined>;

/**
 * Ends the SDK's errors here: the statuses that are an answer become undefined, all others "unavailable". The SDK's own
 * time-out is told to the server alone, so a server that says nothing would be waited for without end.
 */
function makeGuard(callTimeoutMs: number): Guard {
  const once = async <T>(url: string, call: (signal: AbortSignal) => Promise<T>, answers: readonly number[]) => {
    const signal = AbortSignal.timeout(callTimeoutMs);
    try {
      return await call(signal);
    } catch (error) {
      if (
        error instanceof RestError &&
        error.statusCode !== undefined &&
        answers.includes(error.statusCode) &&
        !isPassing(error)
      )
        return undefined;
      const late = `no answer within ${callTimeoutMs / 1_000} s`;
      const reason = error instanceof RestError ? (error.code ?? error.statusCode) : (error as Error).name;
      throw new AppError('STORAGE_UNAVAILABLE', `${redactUrl(url)}: ${signal.aborted ? late : reason}`, {
        cause: signal.aborted ? new Hung(late) : error,
        retryAfterSeconds: 5,
      });
    }
  };
  return async (url, call, answers = []) =>
    once(url, call, answers).catch((error: AppError) => {
      if (error.cause instanceof Hung) return once(url, call, answers);
      throw error;
    });
}

class Hung extends Error {}

/** 409 and 404 that say "not now" instead of "no". */
const isPassing = (error: RestError): boolean =>
  error.code === 'ContainerBeingDeleted' || error.code === 'AccountBeingCreated';
