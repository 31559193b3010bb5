import { addAbortSignal, Readable } from 'node:stream';
import type { BlobItem, BlobRequestConditions, BlobServiceClient, ContainerClient } from '@azure/storage-blob';
import { isPassing, isRestError, makeStorageCall, type StorageCall, type StorageConfig } from './storage-calls.ts';
import { TIME_LIMITS } from './time-limits.ts';

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

/** What became of a blob that was to be deleted; `refused` is storage's code for why it keeps it. */
export type Deletion = 'deleted' | 'absent' | { readonly refused: string };

export interface ListedBlob {
  readonly name: string;
  readonly lastModified: Date;
  readonly etag: string;
}

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
  /** Whatever it is by now. What a policy, a legal hold, a lease or a snapshot protects is refused. */
  delete(name: string): Promise<Deletion>;
  list(prefix: string, limit?: number): Promise<{ name: string; lastModified: Date }[]>;
  /** Some of all blobs, by name; `marker` is that of the page before, undefined on the first and after the last. */
  page(marker: string | undefined, limit: number): Promise<{ blobs: ListedBlob[]; marker: string | undefined }>;
}

export interface BlobAccount {
  container(name: string): BlobContainer;
  containerNames(): Promise<string[]>;
  ping(): Promise<void>;
}

/** Nothing is asked, and no SDK loaded, before the first call. */
export function openStorage(config: StorageConfig, limits = TIME_LIMITS.storage): BlobAccount {
  const call = makeStorageCall(config, limits);
  return {
    container: (name) => openContainer(name, call),
    containerNames: async () => (await call('', listContainers)) ?? [],
    async ping() {
      await call('', (account, abortSignal) =>
        account.listContainers({ abortSignal }).byPage({ maxPageSize: 1 }).next(),
      );
    },
  };
}

function openContainer(containerName: string, callAccount: StorageCall): BlobContainer {
  const call = <T>(
    ask: (container: ContainerClient, signal: AbortSignal) => Promise<T>,
    answers?: readonly number[],
  ): Promise<T | undefined> =>
    callAccount(containerName, (account, signal) => ask(account.getContainerClient(containerName), signal), answers);
  return {
    read: (name) =>
      call(
        async (container, signal) => (await download(container, name, Number.POSITIVE_INFINITY, signal)) as StoredBlob,
        [404],
      ),
    readUpTo: (name, maxBytes) => call((container, signal) => download(container, name, maxBytes, signal), [404]),
    etag: (name) =>
      call(
        async (container, abortSignal) =>
          (await container.getBlobClient(name).getProperties({ abortSignal })).etag as string,
        [404],
      ),
    stream: (name) => call((container, signal) => openStream(container, name, signal), [404]),
    write: (name, content, condition, contentType) =>
      call(
        (container, signal) =>
          makingContainer(container, () => upload(container, name, content, condition, contentType, signal), signal),
        [409, 412],
      ),
    async overwrite(name, content, contentType) {
      await call((container, signal) =>
        makingContainer(container, () => upload(container, name, content, undefined, contentType, signal), signal),
      );
    },
    async remove(name, etag) {
      const removed = await call(
        (container, abortSignal) =>
          container.getBlobClient(name).delete({ conditions: { ifMatch: etag }, abortSignal }),
        [404, 412],
      );
      return removed !== undefined;
    },
    delete: async (name) => (await call((container, signal) => deleteBlob(container, name, signal))) ?? 'absent',
    page: async (marker, limit) =>
      (await call((container, signal) => listPage(container, marker, limit, signal), [404])) ?? {
        blobs: [],
        marker: undefined,
      },
    list: async (prefix, limit) =>
      (await call((container, signal) => listBlobs(container, prefix, limit, signal), [404])) ?? [],
  };
}

async function upload(
  container: ContainerClient,
  name: string,
  content: Buffer | string,
  condition: WriteCondition | undefined,
  contentType: string,
  abortSignal: AbortSignal,
): Promise<{ etag: string }> {
  const bytes = Buffer.from(content);
  const answer = await container.getBlockBlobClient(name).upload(bytes, bytes.length, {
    blobHTTPHeaders: { blobContentType: contentType },
    conditions: sdkConditions(condition),
    abortSignal,
  });
  return { etag: answer.etag as string };
}

function sdkConditions(condition: WriteCondition | undefined): BlobRequestConditions {
  if (condition === undefined) return {};
  return condition === 'absent' ? { ifNoneMatch: '*' } : { ifMatch: condition.etag };
}

async function download(
  container: ContainerClient,
  name: string,
  maxBytes: number,
  abortSignal: AbortSignal,
): Promise<StoredBlob | LargeBlob> {
  const answer = await container.getBlobClient(name).download(0, undefined, { abortSignal });
  const etag = answer.etag as string;
  const body = answer.readableStreamBody as Readable;
  if (answer.contentLength !== undefined && answer.contentLength > maxBytes) {
    body.destroy();
    return { size: answer.contentLength, etag };
  }
  return { bytes: await readAll(addAbortSignal(abortSignal, body)), etag };
}

/** Its reader takes as long as he likes: only the beginning of the answer is waited for. */
async function openStream(
  container: ContainerClient,
  name: string,
  signal: AbortSignal,
): Promise<{ bytes: number; content: ReadableStream<Uint8Array> }> {
  const opening = new AbortController();
  const stop = () => opening.abort();
  signal.addEventListener('abort', stop);
  const answer = await container
    .getBlobClient(name)
    .download(0, undefined, { abortSignal: opening.signal })
    .finally(() => signal.removeEventListener('abort', stop));
  const content = Readable.toWeb(answer.readableStreamBody as Readable) as ReadableStream<Uint8Array>;
  return { bytes: answer.contentLength ?? 0, content };
}

async function listContainers(client: BlobServiceClient, abortSignal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of client.listContainers({ abortSignal })) names.push(name);
  return names;
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

async function listPage(
  container: ContainerClient,
  marker: string | undefined,
  limit: number,
  abortSignal: AbortSignal,
): Promise<{ blobs: ListedBlob[]; marker: string | undefined }> {
  const settings = { maxPageSize: limit, ...(marker === undefined ? {} : { continuationToken: marker }) };
  const { value: page } = await container.listBlobsFlat({ abortSignal }).byPage(settings).next();
  const { segment, continuationToken } = page as { segment: { blobItems: BlobItem[] }; continuationToken?: string };
  const blobs = segment.blobItems.map(({ name, properties: { lastModified, etag } }) => ({ name, lastModified, etag }));
  return { blobs, marker: continuationToken || undefined };
}

async function deleteBlob(container: ContainerClient, name: string, abortSignal: AbortSignal): Promise<Deletion> {
  try {
    await container.getBlobClient(name).delete({ abortSignal });
    return 'deleted';
  } catch (error) {
    if (!isRestError(error)) throw error;
    // Not every 404: a container that is missing is another account, more likely than an empty one.
    if (error.code === 'BlobNotFound') return 'absent';
    if ((error.statusCode !== 409 && error.statusCode !== 412) || isPassing(error)) throw error;
    return { refused: error.code ?? String(error.statusCode) };
  }
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
    if (!(isRestError(error) && error.code === 'ContainerNotFound')) throw error;
    await container.createIfNotExists({ abortSignal });
    return write();
  }
}
