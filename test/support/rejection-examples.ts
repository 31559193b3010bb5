import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { acceptArtifact } from '../../src/accept/accept-artifact.ts';
import { validateArtifact } from '../../src/accept/validate-artifact.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import type { Problem } from '../../src/errors.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import type { Studio } from '../../src/model/environments.ts';
import { artifactBlob } from '../../src/model/names.ts';
import type { Ports } from '../../src/ports.ts';
import { NO_TELEMETRY } from '../../src/telemetry.ts';
import { readZip } from '../../src/zip/read-zip.ts';
import { writeZip } from '../zip/write-zip.ts';
import { COMMIT, EXPECTED, LIMITS, PATH, STUDIO, TT02 } from './make-artifact.ts';
import { REJECTED_FOLDER } from './make-hostile-archives.ts';

export interface RejectionExample {
  /** The step of the checks, as `docs/rejections.md` names it. */
  readonly foundBy: string;
  /** In `test/rejected`, or what was done. */
  readonly what: string;
  readonly find: () => Promise<readonly Problem[]>;
}

/** One for each code that an artifact can be rejected with. Their messages do not come from the engine, which words its own anew. */
export const REJECTION_EXAMPLES: Readonly<Partial<Record<ErrorCode, RejectionExample>>> = {
  ZIP_STRUCTURE: archive('zip structure', 'ZIP_STRUCTURE.cut-short.zip'),
  ZIP_TYPE: archive('zip structure', 'ZIP_TYPE.folder.zip'),
  ZIP_UNSUPPORTED: archive('zip structure', 'ZIP_UNSUPPORTED.data-descriptor.zip'),
  ZIP_DATA: archive('content of the zip', 'ZIP_DATA.other-crc.zip'),
  ZIP_LIMIT: archive('zip structure', 'ZIP_LIMIT.many-entries.zip'),
  FILE_NAME_UNSAFE: archive('names', 'FILE_NAME_UNSAFE.dot-dot.zip'),
  FILE_NAME_COLLISION: archive('names', 'FILE_NAME_COLLISION.letter-case.zip'),
  MANIFEST_MISSING: archive('manifest', 'MANIFEST_MISSING.not-first.zip'),
  MANIFEST_INVALID: archive('manifest', 'MANIFEST_INVALID.commit-short.zip'),
  MANIFEST_MISMATCH: archive('manifest', 'MANIFEST_MISMATCH.unlisted-file.zip'),
  YAML_INVALID: archive('manifest, YAML', 'YAML_INVALID.key-twice.zip'),
  YAML_UNSAFE: archive('manifest, YAML', 'YAML_UNSAFE.anchor.zip'),
  VALUES_INVALID: archive('app', 'VALUES_INVALID.source.zip'),
  APP_METADATA_INVALID: archive('app', 'APP_METADATA_INVALID.placeholder-of-app.zip'),
  APP_ID_MISMATCH: archive('app', 'APP_ID_MISMATCH.other-app.zip'),
  APP_POLICY_MISSING: archive('app', 'APP_POLICY_MISSING.not-there.zip'),
  APP_TEXT_INVALID: archive('app', 'APP_TEXT_INVALID.se-not-utf-8.zip'),
  CHART_TEMPLATES_UNSUPPORTED: archive('app', 'CHART_TEMPLATES_UNSUPPORTED.job.zip'),
  SUBMODULE_UNSUPPORTED: archive('app', 'SUBMODULE_UNSUPPORTED.gitmodules.zip'),
  SYMLINK_UNSUPPORTED: {
    ...{ foundBy: 'app', what: 'A repository in Gitea that holds a link, when it is built' },
    find: async () => readZip(gitArchiveWithLink(), 'git', LIMITS).problems,
  },
  KIND_NOT_ALLOWED: archive('Kubernetes', 'KIND_NOT_ALLOWED.job.zip'),
  RELEASE_POLICY: archive('Kubernetes', 'RELEASE_POLICY.value-host-path.zip'),
  SECRET_IN_ARTIFACT: archive('secrets', 'SECRET_IN_ARTIFACT.storage-account-key.zip'),
  ARTIFACT_PATH_INVALID: {
    ...{ foundBy: 'drop', what: 'A zip at `ttd/small-app.zip`' },
    find: () => findInBlob('ttd/small-app.zip'),
  },
  ARTIFACT_DIGEST_MISMATCH: {
    ...{ foundBy: 'drop', what: 'Another zip at the path of a deployment' },
    find: () => findInBlob(artifactBlob(PATH), { state: 'uploaded', built: { sha256: '0'.repeat(64) } }),
  },
  DROP_NOT_ALLOWED: {
    ...{ foundBy: 'drop', what: 'A zip that nobody asked for, where `acceptDrops` is false' },
    find: () => findInBlob(artifactBlob(PATH)),
  },
};

/** What is found with this code first. */
export async function exampleProblem(code: ErrorCode, { find, what }: RejectionExample): Promise<Problem> {
  const found = (await find()).find((problem) => problem.code === code);
  if (found === undefined) throw new Error(`${what} is not refused with ${code}`);
  return found;
}

function archive(foundBy: string, name: string): RejectionExample {
  return {
    foundBy,
    what: `[\`${name}\`](../test/rejected/${name})`,
    async find() {
      const found = await validateArtifact(readFileSync(join(REJECTED_FOLDER, name)), PATH, TT02, STUDIO, EXPECTED);
      return 'problems' in found ? found.problems : [];
    },
  };
}

const LINK_MODE = 0o120777;

const gitArchiveWithLink = (): Buffer =>
  writeZip([{ name: 'small-app/App/link', content: 'target', both: { externalAttributes: (LINK_MODE << 16) >>> 0 } }], {
    comment: Buffer.from(COMMIT),
  });

/** What is written beside a blob that is put aside before it is read as a zip. */
async function findInBlob(blobName: string, row?: object): Promise<readonly Problem[]> {
  const kept: Problem[] = [];
  const ports = {
    artifacts: {
      readIncoming: async () => ({ etag: '1', size: 5, bytes: Buffer.from('bytes') }),
      quarantine: async (_name: string, _bytes: Buffer, problems: readonly Problem[]) => kept.push(...problems),
      removeIncoming: async () => {},
    },
    ledger: {
      deployment: async () =>
        row && ({ ...PATH, id: PATH.deploymentId, resolved: {}, ...row } as unknown as Deployment),
    },
    log: { info() {}, warn() {}, error() {} },
    telemetry: NO_TELEMETRY,
  };
  const studio: Studio = { ...STUDIO, environments: [{ ...TT02, acceptDrops: false }] };
  await acceptArtifact(ports as unknown as Ports, studio, blobName);
  return kept;
}
