import { problem } from '../errors.ts';
import type { Studio } from '../model/environments.ts';
import { parseArtifactBlob } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { zipLimits } from '../zip/zip-limits.ts';

/** Puts a blob aside that can't be accepted though nothing is known to be wrong with it, and ends its deployment. */
export async function giveUpArtifact(ports: Ports, studio: Studio, blobName: string, reason: string): Promise<void> {
  const found = problem('ACCEPT_FAILED', reason);
  const blob = await ports.artifacts.readIncoming(blobName, zipLimits(studio.policy.limits).maxZipBytes);
  // Put aside before its deployment ends: after that whoever takes it would take it for a repetition.
  if (blob) await ports.artifacts.quarantine(blobName, blob.bytes ?? Buffer.alloc(0), [found]);
  const id = parseArtifactBlob(blobName)?.deploymentId;
  if (id) await ports.ledger.move(id, 'failed', { message: reason, origin: 'accept' }, [found]);
  if (blob === undefined) return;
  await ports.artifacts.removeIncoming(blobName, blob.etag);
  ports.log.error('artifact given up', { ...parseArtifactBlob(blobName), blob: blobName, reason });
}
