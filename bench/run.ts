import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { findAppRepositories } from '../local/gitea/app-folders.ts';
import { validateArtifact } from '../src/accept/validate-artifact.ts';
import { buildArtifact } from '../src/build/build-artifact.ts';
import { gatherSource } from '../src/deploy/gather-source.ts';
import type { Environment, Studio } from '../src/model/environments.ts';
import { DEFAULT_POLICY } from '../src/model/policy.ts';
import type { Repositories } from '../src/ports.ts';
import { inflateEntry } from '../src/zip/inflate.ts';
import { packZip } from '../src/zip/pack-zip.ts';
import { readZip } from '../src/zip/read-zip.ts';
import { zipLimits } from '../src/zip/zip-limits.ts';
import { measureAttacks } from './attacks.ts';

/**
 * `npm run bench`: what our work costs beside the same work of others, in one run on one machine. Medians of several
 * rounds; read the ratios, not the seconds. Then what attacks cost us.
 */
const run = promisify(execFile);
const ROUNDS = 7;
const SAMPLE_APPS = fileURLToPath(new URL('../local/apps', import.meta.url));
const APP = { org: 'ttd', app: 'household-survey' };
const ID = '00000000-0000-4000-8000-000000000001';

const ENVIRONMENT: Environment = {
  name: 'tt02',
  hostname: 'tt02.altinn.no',
  blobEndpoint: 'https://example.blob.core.windows.net',
  orgs: ['ttd'],
  acceptDrops: true,
};
const STUDIO: Studio = {
  name: 'dev',
  chart: { name: 'deployment', version: '3.12.0', repository: 'altinn-charts' },
  registryPattern: '{org}altinnregistry01.azurecr.io',
  appSecretPattern: '{org}-{app}-env',
  clusterSilenceMinutes: 15,
  policy: DEFAULT_POLICY,
  environments: [ENVIRONMENT],
};

interface Row {
  readonly what: string;
  readonly seconds: number;
  readonly spread: number;
  readonly megabytesPerSecond: number;
  /** To the row that it stands beside. */
  readonly ratio?: number;
}

const folder = await mkdtemp(join(tmpdir(), 'bench-'));
try {
  const rows = await measureBuild(folder);
  print(rows);
  const attacks = await measureAttacks(folder);
  const result = { node: process.version, cores: availableParallelism(), rounds: ROUNDS, rows, attacks };
  await writeFile(new URL('results.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true });
}

async function measureBuild(temporary: string): Promise<Row[]> {
  const { repositories } = await findAppRepositories(SAMPLE_APPS, join(temporary, 'git'));
  const repository = repositories.find(({ app }) => app === APP.app);
  if (repository === undefined) throw new Error('the sample app is missing');
  const git = ['--git-dir', repository.gitDirectory, 'archive', `--prefix=${APP.app}/`, '--format=zip'];
  const archivePath = join(temporary, 'archive.zip');
  await run('git', [...git, '-o', archivePath, repository.headCommit]);
  const archive = await readFile(archivePath);
  const contents = await Promise.all(
    readZip(archive, 'git', zipLimits(DEFAULT_POLICY.limits)).entries.map(inflateEntry),
  );
  const bytes = contents.reduce((sum, content) => sum + content.length, 0);
  await cp(join(SAMPLE_APPS, APP.org, APP.app), join(temporary, 'tree'), { recursive: true });

  const zip = await build(archive, repository.headCommit);
  const path = { ...APP, environment: ENVIRONMENT.name, deploymentId: ID };
  console.log(
    `\n${APP.org}/${APP.app}: ${contents.length} files, ${(bytes / 1e6).toFixed(2)} MB; artifact ${(zip.length / 1e6).toFixed(2)} MB\n`,
  );
  const limit = await time(
    'native deflate of the same bytes, one core (the limit when compressing)',
    bytes,
    async () => {
      for (const content of contents) deflateRawSync(content, { level: 6 });
    },
  );
  return [
    limit,
    await time('Info-ZIP zip -6 of the same tree', bytes, () => infoZip(temporary), limit),
    await time(
      'git archive --format=zip of the same commit',
      bytes,
      () => run('git', [...git, '-o', join(temporary, 'again.zip'), repository.headCommit]),
      limit,
    ),
    await time(
      'our artifact, from the archive on (check, digest, build, pack)',
      bytes,
      () => build(archive, repository.headCommit),
      limit,
    ),
    await time(
      'our validation of that artifact',
      bytes,
      () => validateArtifact(zip, path, ENVIRONMENT, STUDIO, { chartVersion: STUDIO.chart.version, scopes: [] }),
      limit,
    ),
  ];
}

async function build(archive: Buffer, commit: string): Promise<Buffer> {
  const repositories = { archive: async () => archive } as unknown as Repositories;
  const source = await gatherSource(repositories, STUDIO.policy, APP, commit);
  const artifact = buildArtifact({
    ...APP,
    tagName: '1',
    deploymentId: ID,
    environment: ENVIRONMENT,
    studio: STUDIO,
    commit,
    source: source.files,
    valuesText: source.valuesText,
    scopes: [],
    releaseScopes: undefined,
    trace: {},
  });
  return packZip(artifact.manifestFile, artifact.deployFiles, source.carried);
}

async function infoZip(temporary: string): Promise<void> {
  const target = join(temporary, 'info.zip');
  await rm(target, { force: true });
  await run('zip', ['-6', '-q', '-r', target, '.'], { cwd: join(temporary, 'tree') });
}

async function time(what: string, bytes: number, work: () => Promise<unknown>, beside?: Row): Promise<Row> {
  const seconds: number[] = [];
  try {
    await work();
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now();
      await work();
      seconds.push((performance.now() - started) / 1000);
    }
  } catch (error) {
    console.log(`skipped: ${what}: ${(error as Error).message.split('\n')[0]}`);
    return { what: `${what} (skipped)`, seconds: Number.NaN, spread: Number.NaN, megabytesPerSecond: Number.NaN };
  }
  seconds.sort((a, b) => a - b);
  const median = seconds[Math.floor(ROUNDS / 2)] as number;
  return {
    what,
    seconds: median,
    spread: ((seconds.at(-1) as number) - (seconds[0] as number)) / median,
    megabytesPerSecond: bytes / 1e6 / median,
    ...(beside === undefined ? {} : { ratio: median / beside.seconds }),
  };
}

function print(rows: readonly Row[]): void {
  console.log('  median s   spread     MB/s    ratio');
  for (const { what, seconds, spread, megabytesPerSecond, ratio } of rows)
    console.log(
      [
        seconds.toFixed(3).padStart(10),
        `${Math.round(spread * 100)} %`.padStart(8),
        megabytesPerSecond.toFixed(1).padStart(8),
        (ratio === undefined ? '1' : ratio.toFixed(2)).padStart(8),
        `  ${what}`,
      ].join(' '),
    );
}
