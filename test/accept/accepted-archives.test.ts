import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { validateArtifact } from '../../src/accept/validate-artifact.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import { ACCEPTED_FOLDER } from '../support/make-accepted-archives.ts';
import { EXPECTED, PATH, STUDIO, TT02 } from '../support/make-artifact.ts';

const DESCRIPTORS = 'its sizes stand behind the data, where only a reader that trusts the stream finds them';
const FOLDERS = 'it has entries for folders';
const COMMENT = 'it ends in a comment';
const ZIP64 = 'it has zip64 fields, which no archive within the limits needs';
const NO_FLAG = 'its names are UTF-8, and the flag that says so is not set: readers would guess';

/** Proper archives that are refused by a rule, each with the code and why. The other writers' are all taken. */
const REFUSED: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  'git-archive': ['ZIP_STRUCTURE', `${COMMENT}, the commit`],
  'info-zip-beyond-ascii': ['ZIP_STRUCTURE', NO_FLAG],
  'info-zip-bzip2': ['ZIP_UNSUPPORTED', 'it is compressed with bzip2'],
  'info-zip-encrypted': ['ZIP_UNSUPPORTED', 'it is encrypted'],
  'info-zip-streamed': ['ZIP_UNSUPPORTED', DESCRIPTORS],
  'info-zip-with-comment': ['ZIP_STRUCTURE', COMMENT],
  'info-zip-with-folders': ['ZIP_TYPE', FOLDERS],
  'info-zip-zip64': ['ZIP_UNSUPPORTED', ZIP64],
  'jar-deflated': ['ZIP_UNSUPPORTED', DESCRIPTORS],
  'jar-with-its-own-manifest': ['ZIP_TYPE', `${FOLDERS}, and META-INF/MANIFEST.MF`],
  'java-file-system': ['ZIP_UNSUPPORTED', DESCRIPTORS],
  'java-file-system-stored': ['ZIP_UNSUPPORTED', DESCRIPTORS],
  'java-stream-deflated': ['ZIP_UNSUPPORTED', DESCRIPTORS],
  'jszip-streamed': ['ZIP_UNSUPPORTED', DESCRIPTORS],
  'jszip-with-comment': ['ZIP_STRUCTURE', COMMENT],
  'perl-beyond-ascii': ['ZIP_STRUCTURE', NO_FLAG],
  'perl-streamed': ['ZIP_UNSUPPORTED', DESCRIPTORS],
  'python-lzma': ['ZIP_UNSUPPORTED', 'it is compressed with LZMA'],
  'python-make-archive': ['ZIP_TYPE', FOLDERS],
  'python-zip64': ['ZIP_UNSUPPORTED', ZIP64],
};

const writers = readdirSync(ACCEPTED_FOLDER)
  .filter((name) => name.endsWith('.zip'))
  .map((name) => name.slice(0, -'.zip'.length));

const validate = (writer: string) =>
  validateArtifact(readFileSync(join(ACCEPTED_FOLDER, `${writer}.zip`)), PATH, TT02, STUDIO, EXPECTED);

/** Made by `test/support/make-accepted-archives.ts`; run that again after a change of what is built. */
describe('an artifact packed by another program', () => {
  for (const writer of writers.filter((name) => REFUSED[name] === undefined))
    it(`is taken: ${writer}`, async () => {
      const result = await validate(writer);
      assert.ok('artifact' in result, JSON.stringify(result));
      assert.equal(result.artifact.objects.length, 2);
      assert.deepEqual(result.artifact.warnings, []);
    });

  for (const [writer, [code, why]] of Object.entries(REFUSED))
    it(`is refused by a rule: ${writer}, since ${why}`, async () => {
      const result = await validate(writer);
      assert.ok('problems' in result, 'it was accepted');
      assert.ok(
        result.problems.some((found) => found.code === code),
        JSON.stringify(result.problems),
      );
    });

  it('comes from enough of them', () => {
    const taken = writers.filter((name) => REFUSED[name] === undefined);
    assert.ok(taken.length >= 20, `only ${taken.length}`);
    const programs = new Set(taken.map((name) => name.split('-')[0]));
    assert.deepEqual([...programs].sort(), ['info', 'jar', 'java', 'jszip', 'perl', 'python']);
  });
});
