import { AppError, throwIfAny } from '../errors.ts';
import {
  type ArtifactInputs,
  DEPLOY_FOLDER,
  folderDigest,
  HELM_RELEASE_DOCUMENT,
  inputsDigest,
  MANIFEST_FILE,
  MASKINPORTEN_DOCUMENT,
  type Manifest,
  SOURCE_FOLDER,
  VALUES_DOCUMENT,
} from '../model/artifact.ts';
import { byCodePoint, sortedSet } from '../model/by-code-point.ts';
import { canonicalJson, type FileDigest, filesDigest, sha256 } from '../model/digest.ts';
import { type Environment, fillPattern, type Studio } from '../model/environments.ts';
import type { TraceContext } from '../model/trace-context.ts';
import type { NewFile } from '../zip/pack-zip.ts';
import { type AppRelease, appHost, imageRegistry, platformValues } from './app-values.ts';
import { valuesProblems } from './check-values.ts';
import { toYaml } from './emit.ts';
import { helmRelease, maskinportenClient } from './flux-documents.ts';
import { mergeValues, readValues, VALUES_FILE, type Values } from './read-values.ts';

/** Raised when the same inputs would give other documents: it is one of the inputs. */
const BUILDER_VERSION = '1';

/** A document below `deploy/`, and its text. */
export type DeployFile = NewFile & { readonly content: string; readonly document: unknown };

/** What the documents below `deploy/` are made of. */
export interface DeployInputs extends AppRelease {
  readonly environment: Environment;
  readonly studio: Studio;
  /** The app's own values file, without a byte order mark. */
  readonly valuesText: string | undefined;
  /** From Studio's database at the time of the request. */
  readonly scopes: readonly string[];
  readonly trace: TraceContext;
}

/** All that decides what is deployed. Nothing else may: no clock, no host, no order of arrival. */
export interface AppInputs extends DeployInputs {
  readonly commit: string;
  /** The repository's files at the commit. */
  readonly source: readonly FileDigest[];
  /** As frozen when the release was built. */
  readonly releaseScopes: readonly string[] | undefined;
}

export interface BuiltArtifact {
  readonly manifest: Manifest;
  /** `artifact.json` and the documents below `deploy/`; the source files are the caller's to add. */
  readonly manifestFile: NewFile;
  readonly deployFiles: readonly DeployFile[];
  /** What the files below `deploy/` hold, by path. */
  readonly documents: ReadonlyMap<string, unknown>;
}

/** @throws AppError VALUES_INVALID, RELEASE_POLICY, KIND_NOT_ALLOWED */
export function buildArtifact(inputs: AppInputs): BuiltArtifact {
  const subject = {
    org: inputs.org,
    app: inputs.app,
    environment: inputs.environment.name,
    deploymentId: inputs.deploymentId,
    tagName: inputs.tagName,
    source: { repository: `${inputs.org}/${inputs.app}`, commit: inputs.commit },
    inputs: inputDigests(inputs),
  };
  return assembleManifest(subject, inputs.source, buildDeployFiles(inputs));
}

/** The manifest over an artifact's files, whatever they were made from. */
export function assembleManifest(
  subject: Pick<Manifest, 'org' | 'app' | 'environment' | 'deploymentId' | 'tagName' | 'source' | 'inputs'>,
  source: readonly FileDigest[],
  deployFiles: readonly DeployFile[],
): BuiltArtifact {
  const files = [
    ...source.map((file) => ({ path: SOURCE_FOLDER + file.path, size: file.size, sha256: file.sha256 })),
    ...deployFiles.map(({ path, content }) => ({ path, size: Buffer.byteLength(content), sha256: sha256(content) })),
  ].sort((a, b) => byCodePoint(a.path, b.path));
  const { org, app, environment, deploymentId, tagName, inputs } = subject;
  const manifest: Manifest = {
    ...{ schemaVersion: 1, kind: 'altinn-app', org, app, environment, deploymentId, tagName },
    source: subject.source,
    inputs,
    inputsDigest: inputsDigest(subject),
    files,
    deployDigest: folderDigest(files, DEPLOY_FOLDER),
  };
  const manifestFile = { path: MANIFEST_FILE, content: `${JSON.stringify(manifest, null, 2)}\n` };
  const documents = new Map(deployFiles.map(({ path, document }) => [path, document]));
  return { manifest, manifestFile, deployFiles, documents };
}

function buildDeployFiles(inputs: DeployInputs): DeployFile[] {
  const { environment, scopes, studio } = inputs;
  const values = ownValues(inputs);
  throwIfAny(valuesProblems(values, inputs, environment, studio.policy));
  if (scopes.length > 0 && !studio.policy.kinds.includes('MaskinportenClient'))
    throw new AppError(
      'KIND_NOT_ALLOWED',
      `the app has ${new Set(scopes).size} Maskinporten scopes: 'MaskinportenClient' is not among the policy's kinds`,
    );
  return writeDeployFiles(inputs, values);
}

/**
 * An app's own values, and over them those that the platform decides.
 * @throws AppError VALUES_INVALID
 */
export function ownValues(inputs: DeployInputs): Values {
  return mergeValues(readValues(inputs.valuesText), platformValues(inputs, inputs.environment, inputs.studio));
}

/** The documents below `deploy/`, whatever the policy says of them. The same inputs give the same bytes. */
export function writeDeployFiles(inputs: DeployInputs, values: Values): DeployFile[] {
  const { studio } = inputs;
  const scopes = sortedSet(inputs.scopes);
  const documents: [string, unknown][] = [
    [VALUES_DOCUMENT, values],
    [HELM_RELEASE_DOCUMENT, helmRelease({ ...inputs, values }, studio)],
  ];
  if (scopes.length > 0) documents.push([MASKINPORTEN_DOCUMENT, maskinportenClient({ ...inputs, scopes }, studio)]);
  return documents.map(([path, document]) => ({ path, content: toYaml(document), document }));
}

function inputDigests(inputs: AppInputs): ArtifactInputs {
  const { environment, studio } = inputs;
  const scopesDigest = (scopes: readonly string[]) => sha256(canonicalJson(sortedSet(scopes)));
  return {
    sourceTree: filesDigest(inputs.source),
    valuesFile: inputs.source.find(({ path }) => path === VALUES_FILE)?.sha256 ?? null,
    scopes: scopesDigest(inputs.scopes),
    releaseScopes: inputs.releaseScopes === undefined ? null : scopesDigest(inputs.releaseScopes),
    environment: sha256(
      canonicalJson({
        studio: studio.name,
        environment: environment.name,
        host: appHost(inputs, environment),
        registry: imageRegistry(studio, inputs),
        appSecret: fillPattern(studio.appSecretPattern, inputs),
      }),
    ),
    chart: { name: studio.chart.name, version: studio.chart.version, repository: studio.chart.repository },
    builder: BUILDER_VERSION,
  };
}
