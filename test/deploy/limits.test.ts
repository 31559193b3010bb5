import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { validateArtifact } from '../../src/accept/validate-artifact.ts';
import { buildArtifact } from '../../src/build/build-artifact.ts';
import { gatherSource } from '../../src/deploy/gather-source.ts';
import { packArtifact } from '../../src/deploy/pack-artifact.ts';
import { AppError, type Problem } from '../../src/errors.ts';
import type { Studio } from '../../src/model/environments.ts';
import type { SizeLimits } from '../../src/model/policy.ts';
import type { Repositories } from '../../src/ports.ts';
import { inflateEntry } from '../../src/zip/inflate.ts';
import { readZip } from '../../src/zip/read-zip.ts';
import {
  COMMIT,
  EXPECTED,
  LIMITS,
  makeArtifact,
  makeRepositoryZip,
  PATH,
  STUDIO,
  TT02,
} from '../support/make-artifact.ts';
import { writeZip } from '../zip/write-zip.ts';

const MEBIBYTE = 2 ** 20;
const NOISE = { 'App/wwwroot/noise.bin': randomBytes(1.5 * MEBIBYTE) };
/** Some eight times smaller when deflated. */
const DIGITS = { 'App/wwwroot/digits.txt': Buffer.from(randomBytes(3 * MEBIBYTE).map((byte) => 48 + (byte & 1))) };

const studioWith = (limits: Partial<SizeLimits>): Studio => ({
  ...STUDIO,
  policy: { ...STUDIO.policy, limits: { ...STUDIO.policy.limits, ...limits } },
});

async function build(archive: Buffer, studio: Studio): Promise<Buffer> {
  const repositories = { archive: async () => archive } as Partial<Repositories> as Repositories;
  const source = await gatherSource(repositories, studio.policy, PATH, COMMIT);
  const inputs = { ...PATH, tagName: '7', environment: TT02, studio, commit: COMMIT, scopes: [], trace: {} };
  const { files, valuesText, carried } = source;
  const built = buildArtifact({ ...inputs, source: files, valuesText, releaseScopes: undefined });
  return packArtifact({ ...built, carried }, studio.policy);
}

const buildProblems = (archive: Buffer, studio: Studio): Promise<readonly Problem[]> =>
  build(archive, studio).then(
    () => [],
    (error) => (error instanceof AppError ? error.problems : assert.fail(error)),
  );

async function acceptProblems(zip: Buffer, studio: Studio): Promise<readonly Problem[]> {
  const result = await validateArtifact(zip, PATH, TT02, studio, EXPECTED);
  return 'problems' in result ? result.problems : [];
}

describe('a limit of the policy holds when an artifact is built, and when one is taken', () => {
  const cases: [string, Record<string, string | Buffer>, Partial<SizeLimits>, Partial<SizeLimits>][] = [
    ['bytes of the zip', NOISE, { maxZipMebibytes: 1 }, { maxZipMebibytes: 2 }],
    ['bytes inflated', DIGITS, { maxInflatedMebibytes: 2 }, { maxInflatedMebibytes: 4 }],
    ['ratio', DIGITS, { maxRatio: 2 }, { maxRatio: 20 }],
    ['number of files', {}, { maxFiles: 10 }, { maxFiles: 11 }],
  ];
  for (const [what, repository, tooLittle, enough] of cases)
    it(what, async () => {
      const archive = await makeRepositoryZip(repository);
      const zip = await makeArtifact({ repository });
      const [refused, taken] = [studioWith(tooLittle), studioWith(enough)];
      for (const problems of [await buildProblems(archive, refused), await acceptProblems(zip, refused)])
        assert.deepEqual([...new Set(problems.map(({ code }) => code))], ['ZIP_LIMIT']);
      assert.deepEqual([await buildProblems(archive, taken), await acceptProblems(zip, taken)], [[], []]);
    });
});

describe('what our build adds to the repository', () => {
  it('counts against the limits before anything is stored', async () => {
    const archive = await makeRepositoryZip(NOISE);
    const problems = await buildProblems(archive, studioWith({ maxZipMebibytes: archive.length / MEBIBYTE }));
    assert.match(problems[0]?.message ?? '', /the zip has \d+ bytes: at most/);
  });

  it('makes paths longer: one that then does not fit is told of', async () => {
    const { entries } = readZip(await makeRepositoryZip(), 'git', LIMITS);
    const files = await Promise.all(
      entries.map(async (entry) => ({ name: entry.path.replace(/^[^/]+/, 'a'), content: await inflateEntry(entry) })),
    );
    const long = (bytes: number) => ({ name: `a/${`${'d'.repeat(200)}/`.repeat(5)}`.padEnd('a/'.length + bytes, 'x') });
    const archive = (bytes: number) => writeZip([...files, long(bytes)], { comment: Buffer.from(COMMIT) });
    assert.deepEqual(await buildProblems(archive(1_024 - 'source/'.length), STUDIO), []);
    const problems = await buildProblems(archive(1_024 - 'a/'.length), STUDIO);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['FILE_NAME_UNSAFE'],
    );
  });
});
