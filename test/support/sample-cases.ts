import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppInputs } from '../../src/build/build-artifact.ts';
import { byCodePoint } from '../../src/model/by-code-point.ts';
import { readSource, sampleEnvironment, sampleInputs, sampleSource, sourceInputs } from './sample-inputs.ts';

const GOLDEN_FOLDER = fileURLToPath(new URL('../golden', import.meta.url));

/** What stands in a case's `input.json`. */
interface CaseInput {
  readonly org: string;
  readonly app: string;
  readonly environment: string;
  readonly tagName: string;
  readonly deploymentId: string;
  readonly commit: string;
  readonly scopes: readonly string[];
  readonly releaseScopes: readonly string[] | null;
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** A folder of this repository that is the app; else the least that is one, with the case's `values.yaml`. */
  readonly sourceFolder?: string;
}

export interface GoldenCase {
  readonly name: string;
  readonly folder: string;
  readonly inputs: AppInputs;
}

export async function readGoldenCases(): Promise<GoldenCase[]> {
  const entries = await readdir(GOLDEN_FOLDER, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(names.sort(byCodePoint).map(readGoldenCase));
}

export async function readGoldenCase(name: string): Promise<GoldenCase> {
  const folder = join(GOLDEN_FOLDER, name);
  const input = JSON.parse(await readFile(join(folder, 'input.json'), 'utf8')) as CaseInput;
  const { org, app, tagName, deploymentId, commit, scopes, releaseScopes, traceparent, tracestate } = input;
  const source = input.sourceFolder
    ? await readSource(input.sourceFolder)
    : sampleSource(org, app, await readFile(join(folder, 'values.yaml')).catch(() => undefined));
  const inputs = sampleInputs({
    ...{ org, app, tagName, deploymentId, commit, scopes },
    ...sourceInputs(source),
    environment: sampleEnvironment(input.environment),
    releaseScopes: releaseScopes ?? undefined,
    trace: {
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(tracestate === undefined ? {} : { tracestate }),
    },
  });
  return { name, folder, inputs };
}
