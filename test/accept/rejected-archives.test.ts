import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { validateArtifact } from '../../src/accept/validate-artifact.ts';
import { ERROR_CODES, type ErrorCode } from '../../src/error-codes.ts';
import { readZip } from '../../src/zip/read-zip.ts';
import { alterArtifact, EXPECTED, LIMITS, PATH, STUDIO, TT02, unpack } from '../support/make-artifact.ts';
import { makeHostileArchives, REJECTED_FOLDER } from '../support/make-hostile-archives.ts';

const MAX_BYTES_IN_ALL = 3 * 10 ** 6;

/** Where one wrong thing can't be without another, what is found with it. */
const ALSO: Readonly<Record<string, readonly ErrorCode[]>> = {
  'ZIP_UNSUPPORTED.zip64-sizes.zip': ['ZIP_STRUCTURE', 'ZIP_LIMIT'],
  'ZIP_UNSUPPORTED.zip64-sizes-without-the-field.zip': ['ZIP_STRUCTURE', 'ZIP_LIMIT'],
  'ZIP_UNSUPPORTED.zip64-offset.zip': ['ZIP_STRUCTURE'],
  'ZIP_UNSUPPORTED.data-descriptor.zip': ['ZIP_STRUCTURE'],
  'ZIP_UNSUPPORTED.data-descriptor-as-streamed.zip': ['ZIP_STRUCTURE'],
  'FILE_NAME_UNSAFE.dot-dot-folder.zip': ['ZIP_TYPE'],
  'ZIP_STRUCTURE.name-in-code-page-437.zip': ['FILE_NAME_UNSAFE'],
  'FILE_NAME_COLLISION.kelvin-sign.zip': ['FILE_NAME_UNSAFE'],
  'FILE_NAME_COLLISION.composed-and-decomposed.zip': ['FILE_NAME_UNSAFE'],
  'YAML_UNSAFE.tag-python-object.zip': ['YAML_INVALID'],
  'YAML_UNSAFE.tag-js-function.zip': ['YAML_INVALID'],
  'YAML_UNSAFE.tag-custom.zip': ['YAML_INVALID'],
  'KIND_NOT_ALLOWED.secret-as-helm-release.zip': ['SECRET_IN_ARTIFACT'],
  'APP_METADATA_INVALID.placeholder-as-id.zip': ['APP_ID_MISMATCH'],
};

/** Right in themselves: wrong only where the documents must be what the source gives. */
const ONLY_BY_REBUILD = ['VALUES_INVALID.source.zip', 'RELEASE_POLICY.values-other-than-of-the-source.zip'];

/** Codes of what is refused elsewhere: of a repository, of where a blob lies, of who may write it. */
const NOT_OF_A_ZIP: readonly ErrorCode[] = [
  'SYMLINK_UNSUPPORTED',
  'ARTIFACT_PATH_INVALID',
  'ARTIFACT_DIGEST_MISMATCH',
  'DROP_NOT_ALLOWED',
];

const archives = readdirSync(REJECTED_FOLDER).filter((name) => name.endsWith('.zip'));
const read = (name: string) => readFileSync(join(REJECTED_FOLDER, name));

async function codesOf(zip: Buffer, deployDocuments: 'rebuild' | 'allow-list'): Promise<ErrorCode[] | undefined> {
  const studio = { ...STUDIO, policy: { ...STUDIO.policy, deployDocuments } };
  const result = await validateArtifact(zip, PATH, TT02, studio, EXPECTED);
  return 'problems' in result ? [...new Set(result.problems.map((problem) => problem.code))].sort() : undefined;
}

/** Made by `test/support/make-hostile-archives.ts`; run that again after a change of what is built. */
describe('each archive in test/rejected', () => {
  for (const name of archives) {
    const [code, what] = name.split('.') as [ErrorCode, string];
    it(`is refused with the code in its name: ${code}, ${what}`, async () => {
      const expected = [code, ...(ALSO[name] ?? [])].sort();
      const zip = read(name);
      assert.deepEqual(await codesOf(zip, 'rebuild'), expected);
      if (!ONLY_BY_REBUILD.includes(name)) assert.deepEqual(await codesOf(zip, 'allow-list'), expected);
      else assert.equal(await codesOf(zip, 'allow-list'), undefined);
    });
  }
});

describe('test/rejected', () => {
  it('has archives for each code that can be found in one', () => {
    const found = new Set(archives.map((name) => name.split('.')[0]));
    const rejected = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => ERROR_CODES[code].kind === 'rejected');
    assert.deepEqual(
      rejected.filter((code) => !found.has(code) && !NOT_OF_A_ZIP.includes(code)),
      [],
    );
  });

  it('is small, and has enough of them', () => {
    assert.ok(archives.length >= 450, `only ${archives.length}`);
    const bytes = archives.reduce((sum, name) => sum + read(name).length, 0);
    assert.ok(bytes < MAX_BYTES_IN_ALL, `${bytes} bytes in all`);
  });

  it('is wrong by one thing: the artifact that all are made from is right', async () => {
    assert.equal(await codesOf(await alterArtifact({}), 'rebuild'), undefined);
  });

  it('is what the script makes today', async () => {
    const made = await makeHostileArchives();
    assert.deepEqual([...made.keys()].sort(), [...archives].sort());
    for (const [name, zip] of made) {
      const kept = read(name);
      if (zip.equals(kept) || !hasDeflated(zip)) assert.ok(zip.equals(kept), `${name} is another: run the script`);
      // Another zlib may have compressed it. Its files are the same, where it can be unpacked.
      else if (readZip(zip, 'artifact', LIMITS).problems.length === 0)
        assert.deepEqual(await filesOf(kept), await filesOf(zip), `${name} is another: run the script`);
    }
  });
});

const filesOf = (zip: Buffer) => unpack(zip).catch((error: Error) => error.message);

/** Whether a local header says method 8 (APPNOTE 4.3.7). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: bytes, not text
const hasDeflated = (zip: Buffer): boolean => /PK\x03\x04.{4}\x08\0/s.test(zip.toString('latin1'));
