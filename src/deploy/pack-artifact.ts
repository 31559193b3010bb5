import { throwIfAny } from '../errors.ts';
import type { Policy } from '../model/policy.ts';
import { packZip } from '../zip/pack-zip.ts';
import { readZip } from '../zip/read-zip.ts';
import { zipLimits } from '../zip/zip-limits.ts';
import type { Assembly } from './assemble-artifact.ts';

/**
 * The artifact's zip, held against what it will be held against when it is taken: manifest and documents add to the
 * repository's files, and a path is longer below `source/` than it was in the repository.
 * @throws AppError ZIP_LIMIT, FILE_NAME_UNSAFE
 */
export async function packArtifact(artifact: Omit<Assembly, 'warnings'>, policy: Policy): Promise<Buffer> {
  const zip = await packZip(artifact.manifestFile, artifact.deployFiles, artifact.carried);
  throwIfAny(readZip(zip, 'artifact', zipLimits(policy.limits)).problems);
  return zip;
}
