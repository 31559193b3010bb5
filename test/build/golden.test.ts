import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { before, describe, it } from 'node:test';
import { type GoldenCase, readGoldenCases } from '../support/sample-cases.ts';
import { filesDiff } from '../support/sample-diff.ts';
import { sampleRelease } from '../support/sample-inputs.ts';

/** `UPDATE_GOLDEN=1` writes what is built now instead of comparing with it: look at the diff before it is committed. */
const UPDATE = process.env.UPDATE_GOLDEN === '1';
const NOT_BUILT = ['input.json', 'values.yaml'];
const CASES = [
  'aliases',
  'arrays-replaced',
  'dates',
  'flat-values',
  'no-scopes',
  'no-values-file',
  'octal-and-underscored',
  'production-host',
  'sample-grant-application',
  'sample-household-survey',
  'sample-parking-permit',
  'values-under-deployment',
  'yes-and-on',
];

describe('what is built', () => {
  let cases: ReadonlyMap<string, GoldenCase>;
  before(async () => {
    cases = new Map((await readGoldenCases()).map((golden) => [golden.name, golden]));
  });

  it('has a golden folder for each case named here, and no other', () => {
    assert.deepEqual([...cases.keys()], CASES);
  });

  for (const name of CASES)
    it(`is to the byte what stands in golden/${name}`, async () => {
      const golden = cases.get(name) as GoldenCase;
      const { documents, release } = await sampleRelease(golden.inputs);
      const built = new Map([...documents, ['release.yaml', release]]);
      if (UPDATE) await writeGolden(golden.folder, built);
      const difference = filesDiff(built, await readGolden(golden.folder));
      if (difference) assert.fail(`built (+) is not golden (-); UPDATE_GOLDEN=1 rewrites it:\n${difference}`);
    });
});

async function readGolden(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !NOT_BUILT.includes(path));
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const)),
  );
}

async function writeGolden(folder: string, built: ReadonlyMap<string, string>): Promise<void> {
  for (const path of (await readGolden(folder)).keys()) if (!built.has(path)) await rm(join(folder, path));
  for (const [path, content] of built) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}
