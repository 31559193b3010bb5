import { readFile } from 'node:fs/promises';
import { validateArtifact } from '../src/accept/validate-artifact.ts';
import { buildArtifact } from '../src/build/build-artifact.ts';
import { gatherSource } from '../src/deploy/gather-source.ts';
import { toAppError } from '../src/errors.ts';
import type { Repositories } from '../src/ports.ts';
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

/** A process of its own for one attack: `attack-child.ts artifact|repository FILE`, with the result as JSON on stdout. */
export interface AttackResult {
  readonly seconds: number;
  /** At its peak, beyond what a process has that has done this once before, and the input. */
  readonly mebibytes: number;
  /** Undefined when it was taken. */
  readonly code: string | undefined;
  readonly problems: number;
}

const [, , target, file] = process.argv;
const run = target === 'repository' ? build : validate;
await run(target === 'repository' ? await makeRepositoryZip() : await makeArtifact());
const input = await readFile(file ?? '');
const before = await forgetPeak();
const started = performance.now();
const codes = await run(input);
const seconds = (performance.now() - started) / 1000;
const mebibytes = ((await peakKiB()) - before) / 1024;
console.log(JSON.stringify({ seconds, mebibytes, code: codes[0], problems: codes.length } satisfies AttackResult));

async function validate(zip: Buffer): Promise<string[]> {
  const validation = await validateArtifact(zip, PATH, TT02, STUDIO, EXPECTED);
  return 'problems' in validation ? validation.problems.map(({ code }) => code) : [];
}

async function build(archive: Buffer): Promise<string[]> {
  const repositories = { archive: async () => archive } as unknown as Repositories;
  try {
    const { files, valuesText } = await gatherSource(repositories, STUDIO.policy, PATH, COMMIT);
    const inputs = { ...PATH, tagName: '1', environment: TT02, studio: STUDIO, commit: COMMIT };
    buildArtifact({ ...inputs, source: files, valuesText, scopes: [], releaseScopes: undefined, trace: {} });
    return [];
  } catch (error) {
    return toAppError(error).problems.map(({ code }) => code);
  }
}
