import { AppError } from '../errors.ts';
import type { ClusterDocuments, DocumentPlace } from '../ports.ts';
import type { BlobAccount, BlobContainer } from './blob-storage.ts';

const YAML = 'application/yaml';

/** The storage accounts that Flux reads, one per environment. */
export function makeClusterDocuments(accounts: ReadonlyMap<string, BlobAccount>): ClusterDocuments {
  const account = (environment: string): BlobAccount => {
    const found = accounts.get(environment);
    if (found === undefined)
      throw new AppError('ENVIRONMENT_UNKNOWN', `environment '${environment}' is not configured`);
    return found;
  };
  const container = (place: DocumentPlace): BlobContainer => account(place.environment).container(place.container);
  return {
    async read(place) {
      const blob = await container(place).read(place.blob);
      return blob && { text: blob.bytes.toString(), etag: blob.etag };
    },
    etag: (place) => container(place).etag(place.blob),
    write: (place, text, replaces) =>
      container(place).write(place.blob, text, replaces === undefined ? 'absent' : { etag: replaces }, YAML),
    containers: (environment) => account(environment).containerNames(),
    ping: (environment) => account(environment).ping(),
  };
}
