import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32, inflateRawSync } from 'node:zlib';
import { findAppRepositories } from '../local/gitea/app-folders.ts';
import { validateArtifact } from '../src/accept/validate-artifact.ts';
import { DEFAULT_POLICY } from '../src/model/policy.ts';
import { readZip } from '../src/zip/read-zip.ts';
import { zipLimits } from '../src/zip/zip-limits.ts';
import { STUDIO, TT02 } from '../test/support/make-artifact.ts';
import { type AppSize, generateApp } from './generate-app.ts';
import { type Row, type Settings, timeBeside, toRows } from './measure.ts';
import { measureMemory } from './measure-memory.ts';
import { archiveOf, artifactPath, build, EXPECTED } from './repositories.ts';

/** Their artifacts have about 1, 8 and 40 MB. */
const ARTIFACTS: Readonly<Record<string, AppSize>> = {
  'one-megabyte': { files: 300, bytes: 4e6, noiseEvery: 10 },
  'eight-megabytes': { files: 800, bytes: 14e6, noiseEvery: 2 },
  'forty-megabytes': { files: 3_000, bytes: 70e6, noiseEvery: 2 },
};
const BARE = 'inflate, CRC-32 and SHA-256 by native code alone';
const OURS = 'ours: validate';

export async function measureAccept({ rounds, temporary }: Settings): Promise<Row[]> {
  const apps = join(temporary, 'accept-apps');
  for (const [app, size] of Object.entries(ARTIFACTS)) await generateApp(join(apps, 'ttd', app), app, size);
  const { repositories } = await findAppRepositories(apps, join(temporary, 'accept-git'));
  const rows: Row[] = [];
  for (const repository of repositories) {
    const { app, headCommit: commit } = repository;
    const zip = await build({ app, commit, archive: await archiveOf(repository, temporary) });
    const validate = async () => {
      const found = await validateArtifact(zip, artifactPath(app), TT02, STUDIO, EXPECTED);
      if ('problems' in found) throw new Error(found.problems[0]?.message);
    };
    const about = `artifact of ${(zip.length / 1e6).toFixed(1)} MB, ${ARTIFACTS[app]?.files} files`;
    const taken = await timeBeside(rounds, { [BARE]: () => bare(zip), [OURS]: validate });
    rows.push(...toRows(about, taken, BARE, { [OURS]: { ratio: 1.3 } }));
    rows.push(await measureMemory(`${about}: ours, memory at its peak`, 'accept', app, zip, temporary));
  }
  return rows;
}

function bare(zip: Buffer): void {
  for (const { deflated, data } of readZip(zip, 'artifact', zipLimits(DEFAULT_POLICY.limits)).entries) {
    const content = deflated ? inflateRawSync(data) : data;
    crc32(content);
    createHash('sha256').update(content).digest();
  }
}
