import { AppError, type Problem } from '../errors.ts';
import { sha256 } from '../model/digest.ts';
import { artifactBlob, INCOMING_CONTAINER, releaseBlob } from '../model/names.ts';
import type { ArtifactStore } from '../ports.ts';
import type { BlobAccount, BlobContainer } from './blob-storage.ts';

const ARTIFACTS_CONTAINER = 'artifacts';
const REJECTED_CONTAINER = 'rejected';
const ARCHIVE_PAGE = 20;
/** The most that Azure gives at once. */
const WALK_PAGE = 5_000;
const MAX_CREATES = 3;
const ZIP = 'application/zip';
const JSON_TYPE = 'application/json';
const PROBLEMS_SUFFIX = '.problems.json';
/** Azure's limit. */
const MAX_NAME = 1_024;

/** Studio's storage account. */
export function makeArtifactStore(account: BlobAccount): ArtifactStore {
  const incoming = account.container(INCOMING_CONTAINER);
  const artifacts = account.container(ARTIFACTS_CONTAINER);
  const rejected = account.container(REJECTED_CONTAINER);
  return {
    uploadIncoming: (path, zip) => createOnce(incoming, artifactBlob(path), zip),

    async readIncoming(blobName, maxBytes) {
      const blob = await incoming.readUpTo(blobName, maxBytes);
      if (blob === undefined) return undefined;
      return 'bytes' in blob ? { ...blob, size: blob.bytes.length } : { ...blob, bytes: undefined };
    },

    listIncoming: () => incoming.list(''),

    async removeIncoming(blobName, etag) {
      await incoming.remove(blobName, etag);
    },

    archive: (path, zip) => createOnce(artifacts, artifactBlob(path), zip),

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

    listArchive: () => artifacts.list(''),
    removeRelease: (path) => artifacts.delete(releaseBlob(path)),
    removeArtifact: (path) => artifacts.delete(artifactBlob(path)),

    pageOf: (container, marker) => (container === 'artifacts' ? artifacts : rejected).page(marker, WALK_PAGE),

    removeRejected: (blobName, etag) => rejected.remove(blobName, etag),

    async quarantine(blobName, content, problems: readonly Problem[]) {
      const name = nameWithRoom(blobName);
      await rejected.overwrite(name, content, ZIP);
      await rejected.overwrite(
        `${name}${PROBLEMS_SUFFIX}`,
        JSON.stringify({ blob: blobName, problems }, null, 2),
        JSON_TYPE,
      );
    },

    async refusal(path) {
      const report = await rejected.read(`${artifactBlob(path)}${PROBLEMS_SUFFIX}`);
      return report && (JSON.parse(report.bytes.toString()) as { problems: Problem[] }).problems;
    },

    ping: () => account.ping(),
  };
}

/**
 * Creates a blob that is never overwritten; false when another is there. One that is there already may be our own, the
 * answer lost on the way: its bytes tell. One that is gone when we look was taken by accept, or was never there: it is
 * created again, since accept knows a repetition.
 */
async function createOnce(container: BlobContainer, name: string, zip: Buffer): Promise<boolean> {
  for (let attempt = 0; attempt < MAX_CREATES; attempt++) {
    if (await container.write(name, zip, 'absent', ZIP)) return true;
    const present = await container.read(name);
    if (present !== undefined) return present.bytes.equals(zip);
  }
  throw new AppError('STORAGE_UNAVAILABLE', `${name} is neither there nor to be made`, { retryAfterSeconds: 5 });
}

/** A dropped blob's name, which may be as long as Azure takes any: then its end is its digest. */
function nameWithRoom(blobName: string): string {
  if (blobName.length + PROBLEMS_SUFFIX.length <= MAX_NAME) return blobName;
  const digest = sha256(blobName);
  const start = blobName.slice(0, MAX_NAME - PROBLEMS_SUFFIX.length - digest.length - 1);
  // Half of a character can't be sent.
  return `${start.replace(/[\ud800-\udbff]$/, '')}~${digest}`;
}
