import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkDocuments } from '../../src/accept/check-documents.ts';
import { type AppInputs, type BuiltArtifact, buildArtifact } from '../../src/build/build-artifact.ts';
import { decodeText } from '../../src/build/check-app.ts';
import { VALUES_FILE } from '../../src/build/read-values.ts';
import { releaseDocument } from '../../src/build/release-document.ts';
import { byCodePoint } from '../../src/model/by-code-point.ts';
import { type FileDigest, sha256 } from '../../src/model/digest.ts';
import { type Environment, findEnvironment, type Studio } from '../../src/model/environments.ts';
import { DEFAULT_POLICY } from '../../src/model/policy.ts';
import type { ReleaseMarker } from '../../src/model/release.ts';
import { minimalApp } from './app-folder.ts';

const environment = (name: string, hostname: string): Environment => ({
  name,
  hostname,
  blobEndpoint: `https://altinndeploy${name}.blob.core.windows.net`,
  orgs: ['ttd', 'brg'],
  acceptDrops: name !== 'production',
});

/** An installation as Altinn would have it. */
export const SAMPLE_STUDIO: Studio = {
  name: 'prod',
  chart: { name: 'deployment', version: '3.12.0', repository: 'altinn-charts' },
  registryPattern: '{org}altinnregistry01.azurecr.io',
  appSecretPattern: '{org}-{app}-env',
  clusterSilenceMinutes: 15,
  // The cases are about how values are read, whatever their keys.
  policy: { ...DEFAULT_POLICY, valuesKeys: ['*'] },
  environments: [
    environment('at22', 'at22.altinn.cloud'),
    environment('tt02', 'tt02.altinn.no'),
    environment('production', 'altinn.no'),
  ],
};

export const SAMPLE_INSTALLATION = '6f0c1d0e-7c1f-4d0b-9a52-0d6f3f0c7a11';

export function sampleEnvironment(name: string): Environment {
  const found = findEnvironment(SAMPLE_STUDIO, name);
  if (found === undefined) throw new Error(`the sample studio has no environment '${name}'`);
  return found;
}

export type SourceFiles = ReadonlyMap<string, Buffer>;

/** The least that is an app; `values` is its own values file. */
export function sampleSource(org: string, app: string, values?: string | Buffer): SourceFiles {
  const files = new Map(Object.entries(minimalApp(org, app)).map(([path, content]) => [path, Buffer.from(content)]));
  return values === undefined ? files : files.set(VALUES_FILE, Buffer.from(values));
}

/** Every file below a folder of this repository, as it would be in the app's own. */
export async function readSource(folder: string): Promise<SourceFiles> {
  const root = fileURLToPath(new URL(`../../${folder}`, import.meta.url));
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort(byCodePoint);
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(join(root, path))] as const)));
}

const digestsOf = (files: SourceFiles): FileDigest[] =>
  [...files].map(([path, content]) => ({ path, size: content.length, sha256: sha256(content) }));

export function sourceInputs(files: SourceFiles): Pick<AppInputs, 'source' | 'valuesText'> {
  const values = files.get(VALUES_FILE);
  return { source: digestsOf(files), valuesText: values && decodeText(values) };
}

/** Inputs of which a test changes what it is about. */
export function sampleInputs(changes: Partial<AppInputs> = {}): AppInputs {
  return {
    org: 'ttd',
    app: 'parking-permit',
    tagName: '8',
    deploymentId: '0b5f5e6c-3f1a-4c57-9d3e-6f4f6f1f2a10',
    commit: '1d0c5a0e6a2f4d5c8b9a7e6f5d4c3b2a19087654',
    environment: sampleEnvironment('tt02'),
    studio: SAMPLE_STUDIO,
    ...sourceInputs(sampleSource('ttd', 'parking-permit')),
    scopes: [],
    releaseScopes: undefined,
    trace: {},
    ...changes,
  };
}

export interface SampleRelease extends BuiltArtifact {
  /** `artifact.json` and all below `deploy/`, by path. */
  readonly documents: ReadonlyMap<string, string>;
  /** What Flux would read. */
  readonly release: string;
}

/** From inputs to the release document, through our own acceptance as any artifact goes. */
export async function sampleRelease(inputs: AppInputs, sequence = 7): Promise<SampleRelease> {
  const built = buildArtifact(inputs);
  const documents = new Map(
    [built.manifestFile, ...built.deployFiles].map(({ path, content }) => [path, content.toString()]),
  );
  const contents = new Map([...documents].map(([path, content]) => [path, Buffer.from(content)]));
  if (inputs.valuesText !== undefined) contents.set(`source/${VALUES_FILE}`, Buffer.from(inputs.valuesText));
  const { environment, studio, scopes } = inputs;
  const expected = { scopes, chartVersion: studio.chart.version };
  const { objects, problems } = await checkDocuments(built.manifest, contents, environment, studio, expected);
  if (problems.length > 0) throw new Error(`we would refuse what we built: ${JSON.stringify(problems, null, 2)}`);
  const { org, app, deploymentId, tagName } = inputs;
  const marker: ReleaseMarker = {
    ...{ org, app, environment: inputs.environment.name, installation: SAMPLE_INSTALLATION },
    state: 'deployed',
    ...{ sequence, deploymentId, tagName, deployDigest: built.manifest.deployDigest },
  };
  return { ...built, documents, release: releaseDocument(marker, objects, inputs.studio) };
}
