import { toDotPath } from 'zod/v4/core';
import { VALUES_FILE } from '../build/read-values.ts';
import { type Problem, problem } from '../errors.ts';
import {
  DEPLOY_FOLDER,
  folderDigest,
  inputsDigest,
  MANIFEST_FILE,
  type Manifest,
  manifestSchema,
  SOURCE_FOLDER,
} from '../model/artifact.ts';
import type { FileDigest } from '../model/digest.ts';
import { isRecord } from '../model/is-record.ts';
import type { ArtifactPath } from '../model/names.ts';
import { type JsonLimits, readJson } from '../model/read-json.ts';

/** So many files with long paths, and all that is said but once. */
const manifestLimits = (maxFiles: number): JsonLimits => ({
  maxBytes: 2 ** 16 + 1_650 * maxFiles,
  maxDepth: 64,
  maxTokens: 1_000 + 30 * maxFiles,
});

/** Whether the manifest is too large to be read, which can be told before it is inflated. */
export function manifestSizeProblems(size: number, maxFiles: number): Problem[] {
  const { maxBytes } = manifestLimits(maxFiles);
  return size > maxBytes
    ? [problem('YAML_UNSAFE', `${MANIFEST_FILE}: ${size} bytes: at most ${maxBytes} are taken`, MANIFEST_FILE)]
    : [];
}

/** `artifact.json`, of the documented form. */
export function readManifest(content: Buffer, maxFiles: number): { manifest?: Manifest; problems: Problem[] } {
  const read = readJson(content, manifestLimits(maxFiles));
  if (read.fault) {
    const code = read.fault === 'unsafe' ? 'YAML_UNSAFE' : 'YAML_INVALID';
    return { problems: [problem(code, `${MANIFEST_FILE}: ${read.message}`, MANIFEST_FILE)] };
  }
  // Before the schema, which would find something wrong with each.
  const listed = isRecord(read.value) && Array.isArray(read.value.files) ? read.value.files.length : 0;
  if (listed > maxFiles) {
    const message = `${MANIFEST_FILE}: files: lists ${listed}: at most ${maxFiles} are taken`;
    return { problems: [problem('MANIFEST_INVALID', message, MANIFEST_FILE)] };
  }
  const result = manifestSchema.safeParse(read.value);
  if (result.success) return { manifest: result.data, problems: [] };
  return {
    problems: result.error.issues.map((issue) =>
      problem('MANIFEST_INVALID', `${MANIFEST_FILE}: ${toDotPath(issue.path)}: ${issue.message}`, MANIFEST_FILE),
    ),
  };
}

/** Whether the manifest says what the blob's path says, and lists every other entry as it is: no more, no less. */
export function manifestProblems(manifest: Manifest, path: ArtifactPath, files: readonly FileDigest[]): Problem[] {
  return [
    ...pathProblems(manifest, path),
    ...listProblems(manifest.files, files),
    ...digestProblems(manifest, [...files]),
  ];
}

function pathProblems(manifest: Manifest, path: ArtifactPath): Problem[] {
  const problems = (['org', 'app', 'environment', 'deploymentId'] as const)
    .filter((field) => manifest[field] !== path[field])
    .map((field) => mismatch(`${field} '${manifest[field]}': the blob's path says '${path[field]}'`));
  if (manifest.source.repository !== `${path.org}/${path.app}`)
    problems.push(mismatch(`source.repository '${manifest.source.repository}': must be '${path.org}/${path.app}'`));
  return problems;
}

function listProblems(listed: Manifest['files'], files: readonly FileDigest[]): Problem[] {
  const problems: Problem[] = [];
  const byPath = new Map(listed.map((file) => [file.path, file]));
  if (byPath.size !== listed.length) problems.push(mismatch('files: a path is listed twice'));
  for (const file of files) {
    const said = byPath.get(file.path);
    byPath.delete(file.path);
    if (said === undefined) problems.push(mismatch(`${file.path}: in the zip, not in the list`));
    else if (said.size !== file.size || said.sha256 !== file.sha256)
      problems.push(mismatch(`${file.path}: size or SHA-256 differs`));
  }
  for (const path of byPath.keys()) problems.push(mismatch(`${path}: in the list, not in the zip`));
  return problems;
}

function digestProblems(manifest: Manifest, files: Manifest['files']): Problem[] {
  const valuesFile = files.find(({ path }) => path === SOURCE_FOLDER + VALUES_FILE)?.sha256 ?? null;
  const expected: [string, string | null, string | null][] = [
    ['deployDigest', manifest.deployDigest, folderDigest(files, DEPLOY_FOLDER)],
    ['inputs.sourceTree', manifest.inputs.sourceTree, folderDigest(files, SOURCE_FOLDER)],
    ['inputs.valuesFile', manifest.inputs.valuesFile, valuesFile],
    ['inputsDigest', manifest.inputsDigest, inputsDigest(manifest)],
  ];
  return expected
    .filter(([, said, is]) => said !== is)
    .map(([field]) => mismatch(`${field} is not that of the files in the zip`));
}

const mismatch = (message: string): Problem => problem('MANIFEST_MISMATCH', message, MANIFEST_FILE);
