import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import JSZip from 'jszip';
import { validateArtifact } from '../../src/accept/validate-artifact.ts';
import { type AppInputs, buildArtifact } from '../../src/build/build-artifact.ts';
import { sha256 } from '../../src/model/digest.ts';
import type { Environment } from '../../src/model/environments.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import {
  SAMPLE_STUDIO,
  sampleEnvironment,
  sampleInputs,
  sampleSource,
  sourceInputs,
} from '../support/sample-inputs.ts';
import { packSample, SAMPLE_SCOPES } from '../support/sample-pack.ts';

const run = promisify(execFile);
const AUCKLAND = 'Pacific/Auckland';
const NEW_YORK = 'America/New_York';
const PACK_SCRIPT = fileURLToPath(new URL('../support/sample-pack.ts', import.meta.url));
const APP = {
  ...minimalApp('ttd', 'parking-permit'),
  'deployment/values.yaml': 'replicaCount: 2\nresources: {requests: {cpu: 100m}}\n',
  'App/models/a.cs': '// a\n',
  'App/models/B.cs': '// B\n',
  'App/models/æ.cs': '// æ\n',
  'App/wwwroot/empty.txt': '',
  'App/wwwroot/large.txt': 'the same line, again and again\n'.repeat(5_000),
};

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reproducible-'));
});
after(() => rm(folder, { recursive: true, force: true }));

describe('the artifact of the same inputs is the same to the byte', () => {
  let archive: Buffer;
  let reference: Buffer;
  before(async () => {
    await makeRepository();
    archive = await gitArchive(AUCKLAND);
    reference = await packSample(archive);
  });

  it('when it is packed again', async () => {
    assert.deepEqual(await packSample(archive), reference);
  });

  it('when files come in any order', async () => {
    const order = fc.infiniteStream(fc.nat());
    await fc.assert(
      fc.asyncProperty(order, async (random) => {
        const shuffle = <T>(list: readonly T[]): T[] =>
          list
            .map((item) => ({ item, rank: random.next().value as number }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ item }) => item);
        assert.ok((await packSample(archive, shuffle)).equals(reference));
      }),
      { numRuns: 10 },
    );
  });

  it('when the archive holds its entries in another order, of another date and with other modes', async () => {
    // JSZip writes names beyond ASCII in a way of its own that no archive of git has.
    const files = Object.entries(APP).filter(([path]) => path !== 'App/models/æ.cs');
    const one = await zipOf(files, new Date(Date.UTC(2001, 1, 3)), 0o100644);
    const other = await zipOf(files.toReversed(), new Date(Date.UTC(2024, 7, 9)), 0o100755);
    assert.notDeepEqual(one, other);
    assert.ok((await packSample(one)).equals(await packSample(other)));
  });

  it('when git made the archive in another time zone', async () => {
    const other = await gitArchive(NEW_YORK);
    assert.notDeepEqual(other, archive, 'the archives are equal, so this proves nothing');
    assert.ok((await packSample(other)).equals(reference));
  });

  it('when it is packed in other time zones', async () => {
    const path = join(folder, 'archive.zip');
    await writeFile(path, archive);
    const zones = await Promise.all([AUCKLAND, NEW_YORK].map((zone) => packIn(zone, path)));
    assert.equal(new Set(zones.map(({ offsetMinutes }) => offsetMinutes)).size, 2);
    assert.deepEqual(
      zones.map((zone) => zone.sha256),
      [sha256(reference), sha256(reference)],
    );
  });

  it('with artifact.json as its first entry, the others by code point, no clock in any of them', async () => {
    const { files } = await JSZip.loadAsync(reference);
    const names = Object.keys(files);
    assert.equal(names[0], 'artifact.json');
    const rest = names.slice(1);
    assert.deepEqual(
      rest,
      rest.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
    assert.ok(rest.indexOf('source/App/models/B.cs') < rest.indexOf('source/App/models/a.cs'));
    for (const file of Object.values(files)) {
      assert.equal(file.date.toISOString(), '1980-01-01T00:00:00.000Z');
      assert.equal(file.unixPermissions, 0o100644);
    }
  });

  it('and is taken by our own acceptance, names beyond ASCII and all', async () => {
    const { org, app, environment, studio, deploymentId } = sampleInputs();
    const path = { org, app, environment: environment.name, deploymentId };
    const validation = await validateArtifact(reference, path, environment, studio, {
      chartVersion: studio.chart.version,
      scopes: SAMPLE_SCOPES,
    });
    assert.deepEqual('problems' in validation ? validation.problems : [], []);
  });

  it('and holds the files of the repository unchanged', async () => {
    const zip = await JSZip.loadAsync(reference);
    for (const [path, content] of Object.entries(APP))
      assert.equal(await zip.file(`source/${path}`)?.async('string'), content, path);
  });
});

describe('the digest of the inputs', () => {
  const digest = (changes: Partial<AppInputs> = {}) => buildArtifact(sampleInputs(changes)).manifest.inputsDigest;
  const withValues = (values: string) => sourceInputs(sampleSource('ttd', 'parking-permit', values));
  const environment = (changes: Partial<Environment>) => ({ ...sampleEnvironment('tt02'), ...changes });
  const OTHER_ID = 'ffffffff-3f1a-4c57-9d3e-6f4f6f1f2a10';

  it('is equal for two deployments that differ in nothing but their id, though what they deploy differs', () => {
    const [one, other] = [buildArtifact(sampleInputs()), buildArtifact(sampleInputs({ deploymentId: OTHER_ID }))];
    assert.equal(other.manifest.inputsDigest, one.manifest.inputsDigest);
    assert.notEqual(other.manifest.deployDigest, one.manifest.deployDigest);
  });

  const EQUAL: Readonly<Record<string, Partial<AppInputs>>> = {
    'the trace of the call': { trace: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' } },
    'the order of the files': { source: sampleInputs().source.toReversed() },
    'where the documents are stored': { environment: environment({ blobEndpoint: 'https://x.blob.core.windows.net' }) },
    'which orgs have a cluster, and what they may drop': { environment: environment({ orgs: [], acceptDrops: false }) },
    'other environments': { studio: { ...SAMPLE_STUDIO, environments: [sampleEnvironment('tt02')] } },
  };
  for (const [what, changes] of Object.entries(EQUAL))
    it(`does not depend on ${what}`, () => {
      assert.equal(digest(changes), digest());
    });

  it('does not depend on the order of the scopes, nor on one that stands there twice', () => {
    assert.equal(digest({ scopes: ['b', 'a', 'b'] }), digest({ scopes: ['a', 'b'] }));
    assert.equal(digest({ releaseScopes: ['b', 'a', 'b'] }), digest({ releaseScopes: ['a', 'b'] }));
  });

  const { chart } = SAMPLE_STUDIO;
  const DIFFERENT: Readonly<Record<string, Partial<AppInputs>>> = {
    'the tag': { tagName: '9' },
    'the commit': { commit: 'a'.repeat(40) },
    'the app': { app: 'other-app' },
    'the org': { org: 'brg' },
    'the scopes': { scopes: ['altinn:serviceowner/instances.read'] },
    'the scopes of the release': { releaseScopes: ['altinn:serviceowner/instances.read'] },
    'that the release has a list of scopes, if an empty one': { releaseScopes: [] },
    'that there is a values file': withValues(''),
    'the values file': withValues('replicaCount: 3\n'),
    'a comment in the values file': withValues('replicaCount: 3 # three\n'),
    'any other file': { source: sampleInputs().source.slice(1) },
    'the environment': { environment: sampleEnvironment('production') },
    'the host name of the environment': { environment: environment({ hostname: 'tt03.altinn.no' }) },
    'the name of the environment': { environment: environment({ name: 'tt03' }) },
    'the version of the chart': { studio: { ...SAMPLE_STUDIO, chart: { ...chart, version: '3.12.1' } } },
    'the name of the chart': { studio: { ...SAMPLE_STUDIO, chart: { ...chart, name: 'other' } } },
    'the repository of the chart': { studio: { ...SAMPLE_STUDIO, chart: { ...chart, repository: 'other' } } },
    'the registry of the images': { studio: { ...SAMPLE_STUDIO, registryPattern: '{org}.example.com' } },
    "the name of the app's Secret": { studio: { ...SAMPLE_STUDIO, appSecretPattern: '{org}-{app}-keys' } },
    'the Studio': { studio: { ...SAMPLE_STUDIO, name: 'staging' } },
  };
  it('depends on each input', () => {
    const digests = new Map([['nothing changed', digest()]]);
    for (const [what, changes] of Object.entries(DIFFERENT)) {
      const changed = digest(changes);
      const same = [...digests].find(([, other]) => other === changed)?.[0];
      assert.equal(same, undefined, `${what}: the digest is that of: ${same}`);
      digests.set(what, changed);
    }
  });
});

/** One commit of the app, with a file that is executable. */
async function makeRepository(): Promise<void> {
  await writeApp(folder, 'ttd', 'parking-permit', APP);
  await chmod(join(folder, 'ttd', 'parking-permit', 'Dockerfile'), 0o755);
  await git('init', '--quiet');
  await git('add', '--all');
  await git('-c', 'user.name=Kari', '-c', 'user.email=kari@example.com', 'commit', '--quiet', '--message', 'An app');
}

async function gitArchive(zone: string): Promise<Buffer> {
  const path = join(folder, `${zone.replace('/', '-')}.zip`);
  await git('archive', '--format=zip', '--prefix=parking-permit/', `--output=${path}`, 'HEAD', { TZ: zone });
  return readFile(path);
}

/** Knows nothing of this machine's configuration, nor of a repository whose hook runs the tests. */
async function git(...args: (string | Record<string, string>)[]): Promise<void> {
  const words = args.filter((arg) => typeof arg === 'string');
  const changes = args.filter((arg) => typeof arg !== 'string');
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  const when = '2024-06-01T12:00:00Z';
  const env = {
    ...Object.fromEntries(inherited),
    ...{ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_AUTHOR_DATE: when, GIT_COMMITTER_DATE: when },
  };
  await run('git', ['-C', join(folder, 'ttd', 'parking-permit'), ...words], { env: Object.assign(env, ...changes) });
}

async function packIn(zone: string, path: string): Promise<{ offsetMinutes: number; sha256: string }> {
  const args = ['--import', 'tsx', PACK_SCRIPT, path];
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, TZ: zone } });
  return JSON.parse(stdout) as { offsetMinutes: number; sha256: string };
}

function zipOf(files: readonly [string, string][], date: Date, unixPermissions: number): Promise<Buffer> {
  const zip = new JSZip();
  for (const [path, content] of files)
    zip.file(`parking-permit/${path}`, content, { date, unixPermissions, createFolders: false });
  return zip.generateAsync({ type: 'nodebuffer', platform: 'UNIX', compression: 'DEFLATE' });
}
