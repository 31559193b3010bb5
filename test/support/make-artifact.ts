import JSZip from 'jszip';
import type { ExpectedInputs } from '../../src/accept/own-documents.ts';
import { type AppInputs, buildArtifact } from '../../src/build/build-artifact.ts';
import { gatherSource } from '../../src/deploy/gather-source.ts';
import {
  DEPLOY_FOLDER,
  folderDigest,
  inputsDigest,
  MANIFEST_FILE,
  type Manifest,
  SOURCE_FOLDER,
} from '../../src/model/artifact.ts';
import { byCodePoint } from '../../src/model/by-code-point.ts';
import { sha256 } from '../../src/model/digest.ts';
import type { Environment, Studio } from '../../src/model/environments.ts';
import type { ArtifactPath } from '../../src/model/names.ts';
import { DEFAULT_POLICY } from '../../src/model/policy.ts';
import type { Repositories } from '../../src/ports.ts';
import { inflateEntry } from '../../src/zip/inflate.ts';
import { packZip } from '../../src/zip/pack-zip.ts';
import { readZip } from '../../src/zip/read-zip.ts';
import { zipLimits } from '../../src/zip/zip-limits.ts';
import { type RawArchive, type RawEntry, writeZip } from '../zip/write-zip.ts';

export const TT02: Environment = {
  name: 'tt02',
  hostname: 'tt02.altinn.no',
  blobEndpoint: 'https://tt02.example.blob.core.windows.net',
  orgs: ['ttd'],
  acceptDrops: true,
};

export const STUDIO: Studio = {
  name: 'dev',
  chart: { name: 'deployment', version: '3.12.0', repository: 'altinn-charts' },
  registryPattern: '{org}altinnregistry01.azurecr.io',
  appSecretPattern: '{org}-{app}-env',
  clusterSilenceMinutes: 15,
  policy: DEFAULT_POLICY,
  environments: [TT02],
};

export const LIMITS = zipLimits(STUDIO.policy.limits);

/** What Studio and the configuration say of it. */
export const EXPECTED: ExpectedInputs = {
  chartVersion: STUDIO.chart.version,
  scopes: ['altinn:serviceowner/instances.read', 'altinn:profile'],
};

export const COMMIT = 'c'.repeat(40);
export const PATH: ArtifactPath = {
  org: 'ttd',
  app: 'small-app',
  environment: TT02.name,
  deploymentId: '0f8fad5b-d9cb-469f-a165-70867728950e',
};

type Content = string | Buffer;
/** By path; undefined takes a file away. */
type Changes = Readonly<Record<string, Content | undefined>>;

const REPOSITORY: Readonly<Record<string, Content>> = {
  'App/config/applicationmetadata.json': JSON.stringify({ id: 'ttd/small-app', org: 'ttd', title: { nb: 'Liten' } }),
  'App/config/authorization/policy.xml': '<?xml version="1.0"?>\n<xacml:Policy xmlns:xacml="x"><a/></xacml:Policy>\n',
  'App/config/texts/resource.nb.json': JSON.stringify({ language: 'nb', resources: [{ id: 'a', value: 'Å' }] }),
  'App/logic/Rules.cs': `${'// The same line, again and again.\n'.repeat(40)}`,
  'App/wwwroot/empty.txt': '',
  'deployment/values.yaml': 'deployment:\n  replicaCount: 2\n  resources: {requests: {cpu: 100m}}\n',
  Dockerfile: 'FROM scratch\n',
};

/** A zip with one top folder and the commit as its comment, as `git archive` and Gitea make one. */
export async function makeRepositoryZip(changes: Changes = {}): Promise<Buffer> {
  const zip = new JSZip();
  const date = new Date(Date.UTC(2020, 0, 1));
  zip.file('small-app/', null as never, { dir: true, date });
  for (const [path, content] of Object.entries({ ...REPOSITORY, ...changes }))
    if (content !== undefined) zip.file(`small-app/${path}`, content, { date, createFolders: false });
  return zip.generateAsync({ type: 'nodebuffer', compression: 'DEFLATE', comment: COMMIT });
}

export interface ArtifactOptions {
  /** Of the repository; it must stay an app that can be built. */
  readonly repository?: Changes;
  readonly inputs?: Partial<AppInputs>;
}

/** A valid artifact, made by our own build from a small app. */
export async function makeArtifact({ repository = {}, inputs = {} }: ArtifactOptions = {}): Promise<Buffer> {
  const archive = await makeRepositoryZip(repository);
  const repositories = { archive: async () => archive } as unknown as Repositories;
  const source = await gatherSource(repositories, STUDIO.policy, PATH, COMMIT);
  const built = buildArtifact({
    org: PATH.org,
    app: PATH.app,
    tagName: '7',
    deploymentId: PATH.deploymentId,
    environment: TT02,
    studio: STUDIO,
    commit: COMMIT,
    source: source.files,
    valuesText: source.valuesText,
    scopes: EXPECTED.scopes,
    releaseScopes: undefined,
    trace: {},
    ...inputs,
  });
  return packZip(built.manifestFile, built.deployFiles, source.carried);
}

export interface Alterations extends ArtifactOptions {
  /** Entries of the artifact, the manifest made to fit them again. */
  readonly entries?: Changes;
  /** The manifest, after that; whatever is returned is what `artifact.json` says. */
  readonly manifest?: (manifest: Manifest) => unknown;
  /** `artifact.json` as text, after that; undefined leaves it out. */
  readonly manifestText?: (text: string) => Content | undefined;
  /** The entries as they are about to be written, one by one. */
  readonly raw?: (entries: RawEntry[]) => RawEntry[];
  readonly archive?: RawArchive;
}

/** An artifact that is valid but for what is asked for: each change leaves everything else consistent. */
export async function alterArtifact(alterations: Alterations): Promise<Buffer> {
  const files = await unpack(await makeArtifact(alterations));
  const manifest = JSON.parse(String(files.get(MANIFEST_FILE))) as Manifest;
  files.delete(MANIFEST_FILE);
  for (const [path, content] of Object.entries(alterations.entries ?? {}))
    if (content === undefined) files.delete(path);
    else files.set(path, Buffer.from(content));
  const said = (alterations.manifest ?? ((same) => same))(fitManifest(manifest, files));
  const text = (alterations.manifestText ?? ((same) => same))(JSON.stringify(said, null, 2));
  const entries: RawEntry[] = [...files]
    .sort(([a], [b]) => byCodePoint(a, b))
    .map(([name, content]) => ({ name, content }));
  if (text !== undefined) entries.unshift({ name: MANIFEST_FILE, content: text });
  return writeZip((alterations.raw ?? ((same) => same))(entries), alterations.archive);
}

/** Every file by its path, in the order of the zip; throws when `readZip` has anything to say. */
export async function unpack(zip: Buffer): Promise<Map<string, Buffer>> {
  const { entries, problems } = readZip(zip, 'artifact', LIMITS);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
  const files = new Map<string, Buffer>();
  for (const entry of entries) files.set(entry.path, await inflateEntry(entry));
  return files;
}

/** The manifest made to tell the truth about the files. */
function fitManifest(manifest: Manifest, contents: ReadonlyMap<string, Buffer>): Manifest {
  const files = [...contents]
    .map(([path, content]) => ({ path, size: content.length, sha256: sha256(content) }))
    .sort((a, b) => byCodePoint(a.path, b.path));
  const valuesFile = files.find(({ path }) => path === `${SOURCE_FOLDER}deployment/values.yaml`)?.sha256 ?? null;
  const inputs = { ...manifest.inputs, sourceTree: folderDigest(files, SOURCE_FOLDER), valuesFile };
  const fitted = { ...manifest, inputs, files, deployDigest: folderDigest(files, DEPLOY_FOLDER) };
  return { ...fitted, inputsDigest: inputsDigest(fitted) };
}
