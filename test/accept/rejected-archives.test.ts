import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { validateArtifact } from '../../src/accept/validate-artifact.ts';
import { ERROR_CODES } from '../../src/errors.ts';
import { PATH, STUDIO, TT02 } from '../support/make-artifact.ts';
import { REJECTED_FOLDER } from '../support/make-hostile-archives.ts';

const archives = readdirSync(REJECTED_FOLDER).filter((name) => name.endsWith('.zip'));

/** Made by `test/support/make-hostile-archives.ts`; run that again after a change of what is built. */
describe('each archive in test/rejected', () => {
  for (const name of archives) {
    const [code, what] = name.split('.');
    it(`is refused with the code in its name: ${code}, ${what}`, async () => {
      const zip = readFileSync(join(REJECTED_FOLDER, name));
      const started = performance.now();
      const result = await validateArtifact(zip, PATH, TT02, STUDIO);
      const tookMs = performance.now() - started;
      assert.ok('problems' in result, 'it was accepted');
      const codes = result.problems.map((problem) => problem.code);
      assert.ok(
        codes.some((found) => found === code),
        `found ${codes.join(', ')}`,
      );
      assert.ok(codes.every((found) => ERROR_CODES[found].kind === 'rejected'));
      assert.ok(tookMs < 2_000, `it took ${tookMs} ms`);
    });
  }

  it('is small, and there are enough of them', () => {
    assert.ok(archives.length >= 30);
    for (const name of archives) assert.ok(readFileSync(join(REJECTED_FOLDER, name)).length < 20_000, name);
  });
});
