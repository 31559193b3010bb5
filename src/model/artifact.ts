import * as z from 'zod';
import { canonicalJson, filesDigest, SHA256, sha256 } from './digest.ts';
import { isCommit, isDeploymentId, isOrg, isTag } from './names.ts';

/** The files of an artifact beside `source/**`. */
export const MANIFEST_FILE = 'artifact.json';
export const SOURCE_FOLDER = 'source/';
export const DEPLOY_FOLDER = 'deploy/';
export const VALUES_DOCUMENT = 'deploy/values.yaml';
export const HELM_RELEASE_DOCUMENT = 'deploy/helmrelease.yaml';
export const MASKINPORTEN_DOCUMENT = 'deploy/maskinportenclient.yaml';

const digest = z.string().regex(SHA256, 'must be a SHA-256 in lower-case hex');

const inputsSchema = z.strictObject({
  /** Over the repository's files at the commit. */
  sourceTree: digest,
  /** Of `deployment/values.yaml`; null where the app has none. */
  valuesFile: digest.nullable(),
  /** Of the Maskinporten scopes that were deployed, and of those frozen when the release was built. */
  scopes: digest,
  releaseScopes: digest.nullable(),
  /** Of all that the environment's configuration puts into the values. */
  environment: digest,
  chart: z.strictObject({ name: z.string().min(1), version: z.string().min(1), repository: z.string().min(1) }),
  /** Of our own rules: raised when the same inputs would give other documents. */
  builder: z.string().min(1),
});

export const manifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.literal('altinn-app'),
  org: z.string().refine(isOrg, 'must be an org short name'),
  app: z.string().min(1),
  environment: z.string().min(1),
  deploymentId: z.string().refine(isDeploymentId, 'must be a UUID in lower case'),
  tagName: z.string().refine(isTag, 'must be a tag of 1 to 128 of a-z, 0-9, dot and hyphen'),
  source: z.strictObject({
    repository: z.string().min(1),
    commit: z.string().refine(isCommit, 'must be 40 hex digits'),
  }),
  inputs: inputsSchema,
  inputsDigest: digest,
  files: z.array(z.strictObject({ path: z.string().min(1), size: z.int().nonnegative(), sha256: digest })),
  deployDigest: digest,
});

/** `artifact.json`: what the artifact is, and every file in it. No clock, no sequence, no creator: the ledger gives those. */
export type Manifest = z.infer<typeof manifestSchema>;
export type ArtifactInputs = z.infer<typeof inputsSchema>;

/** Over everything that decides what is deployed, but the deployment's id. */
export function inputsDigest(
  manifest: Pick<Manifest, 'org' | 'app' | 'environment' | 'tagName' | 'source' | 'inputs'>,
): string {
  const { org, app, environment, tagName, source, inputs } = manifest;
  return sha256(canonicalJson({ org, app, environment, tagName, source, inputs }));
}

/** Over the files below one folder of the artifact, their paths taken from there. */
export function folderDigest(files: Manifest['files'], folder: string): string {
  const inFolder = files.filter(({ path }) => path.startsWith(folder));
  return filesDigest(inFolder.map((file) => ({ ...file, path: file.path.slice(folder.length) })));
}
