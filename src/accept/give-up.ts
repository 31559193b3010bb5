import { problem } from '../errors.ts';
import { parseArtifactBlob } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { ZIP_LIMITS } from '../zip/read-zip.ts';

/** Puts a blob aside that can't be accepted though nothing is known to be wrong with it, and ends its deployment. */
export async function giveUpArtifact(ports: Ports, blobName: string, reason: string): Promise<void> {
  const found = problem('ACCEPT_FAILED', reason);
  const id = parseArtifactBlob(blobName)?.deploymentId;
  if (id) await ports.ledger.move(id, 'failed', { message: reason, origin: 'accept' }, [found]);
  const blob = await ports.artifacts.readIncoming(blobName, ZIP_LIMITS.maxZipBytes);
  if (blob === undefined) return;
  await ports.artifacts.quarantine(blobName, blob.bytes ?? Buffer.alloc(0), [found]);
  await ports.artifacts.removeIncoming(blobName, blob.etag);
  ports.log.error('artifact given up', { blob: blobName, reason });
}
