import { readFile } from 'node:fs/promises';
import { validateArtifact } from '../src/accept/validate-artifact.ts';
import {
  COMMIT,
  EXPECTED,
  makeArtifact,
  makeRepositoryZip,
  PATH,
  STUDIO,
  TT02,
} from '../test/support/make-artifact.ts';
import { forgetPeak, peakKiB } from './peak-memory.ts';
import { artifactPath, EXPECTED as BUILT, build } from './repositories.ts';

/** `memory-child.ts build|accept APP FILE`: prints what that took at its peak, beyond a process that has done it before, in KiB. */
const [, , work, app = '', file = ''] = process.argv;
await build({ app: PATH.app, commit: COMMIT, archive: await makeRepositoryZip() });
await validateArtifact(await makeArtifact(), PATH, TT02, STUDIO, EXPECTED);
const input = await readFile(file);
const before = await forgetPeak();
if (work === 'build') await build({ app, commit: COMMIT, archive: input });
if (work === 'accept') await validateArtifact(input, artifactPath(app), TT02, STUDIO, BUILT);
console.log((await peakKiB()) - before);
process.exit();
