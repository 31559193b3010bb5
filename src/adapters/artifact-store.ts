import { AppError, type Problem } from '../errors.ts';
import { artifactBlob, INCOMING_CONTAINER, releaseBlob } from '../model/names.ts';
import type { ArtifactStore } from '../ports.ts';
import type { BlobAccount, BlobContainer } from './blob-storage.ts';

const ARTIFACTS_CONTAINER = 'artifacts';
const REJECTED_CONTAINER = 'rejected';
const ARCHIVE_PAGE = 20;
const ZIP = 'application/zip';
const JSON_TYPE = 'application/json';

/** Studio's storage account. */
export function makeArtifactStore(account: BlobAccount): ArtifactStore {
  const incoming = account.container(INCOMING_CONTAINER);
  const artifacts = account.container(ARTIFACTS_CONTAINER);
  const rejected = account.container(REJECTED_CONTAINER);
  return {
    // Gone means that it was there and has been taken: by accept, which takes only what the row's digest names.
    uploadIncoming: async (path, zip) => (await createOnce(incoming, artifactBlob(path), zip)) !== 'other',

    async readIncoming(blobName, maxBytes) {
      const blob = await incoming.readUpTo(blobName, maxBytes);
      if (blob === undefined) return undefined;
      return 'bytes' in blob ? { ...blob, size: blob.bytes.length } : { ...blob, bytes: undefined };
    },

    listIncoming: () => incoming.list(''),

    async removeIncoming(blobName, etag) {
      await incoming.remove(blobName, etag);
    },

    archive: async (path, zip) => ['created', 'same'].includes(await createOnce(artifacts, artifactBlob(path), zip)),

    async archiveRelease(path, document) {
      const name = releaseBlob(path);
      if (await artifacts.write(name, document, 'absent', JSON_TYPE)) return document;
      const present = await artifacts.read(name);
      if (present === undefined) throw new AppError('STORAGE_UNAVAILABLE', `${name} is neither there nor to be made`);
      return present.bytes.toString();
    },

    async readRelease(path) {
      return (await artifacts.read(releaseBlob(path)))?.bytes.toString();
    },

    async readArtifact(path) {
      return (await artifacts.read(artifactBlob(path)))?.bytes;
    },

    streamArtifact: (path) => artifacts.stream(artifactBlob(path)),

    async archivedIds({ org, app, environment }) {
      const blobs = await artifacts.list(`${org}/${app}/${environment}/`, ARCHIVE_PAGE);
      return [...new Set(blobs.map(({ name }) => name.slice(name.lastIndexOf('/') + 1).split('.')[0] ?? ''))];
    },

    async quarantine(blobName, content, problems: readonly Problem[]) {
      await rejected.overwrite(blobName, content, ZIP);
      await rejected.overwrite(
        `${blobName}.problems.json`,
        JSON.stringify({ blob: blobName, problems }, null, 2),
        JSON_TYPE,
      );
    },

    ping: () => account.ping(),
  };
}

/** Creates a blob that is never overwritten. When one is there it may be our own, the answer lost on the way: its bytes tell. */
async function createOnce(
  container: BlobContainer,
  name: string,
  zip: Buffer,
): Promise<'created' | 'same' | 'other' | 'gone'> {
  if (await container.write(name, zip, 'absent', ZIP)) return 'created';
  const present = await container.read(name);
  if (present === undefined) return 'gone';
  return present.bytes.equals(zip) ? 'same' : 'other';
}
