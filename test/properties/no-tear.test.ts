import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { releaseDocument } from '../../src/build/release-document.ts';
import type { Manifest } from '../../src/model/artifact.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import { artifactBlob } from '../../src/model/names.ts';
import { readItems } from '../../src/model/release.ts';
import type { Ports } from '../../src/ports.ts';
import { publishRelease } from '../../src/publish/publish-release.ts';
import { minimalApp, writeApp } from '../support/app-folder.ts';
import { ENVIRONMENT } from '../support/assert-whole.ts';
import { deployRequest } from '../support/requests.ts';
import { script } from '../support/script.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { runs } from './runs.ts';

const APPS = ['one-app', 'other-app'];
/** After ten minutes Azurite clears up, and answers nobody for minutes: each round has one of its own, for less than that. */
const ROUNDS = process.env.LONG === '1' ? 5 : 1;

describe('a reader beside many publishes', () => {
  let stack: TestStack;
  let ports: Ports;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apps-'));
    for (const app of APPS) await writeApp(folder, 'ttd', app, minimalApp('ttd', app));
    stack = await startTestStack({ apps: folder, blobEvents: false });
    ports = stack.connection.ports;
  });
  afterEach(async () => {
    await stack.stop();
    await rm(folder, { recursive: true });
  });

  const resolved = {
    scopes: [],
    releaseScopes: undefined,
    chartVersion: '3.12.0',
    traceparent: undefined,
    tracestate: undefined,
  };
  const key = (app: string) => ({ org: 'ttd', app, environment: ENVIRONMENT });

  async function deployed(app: string): Promise<Deployment> {
    const deployment = await stack.app.deploy(deployRequest(app, ENVIRONMENT));
    await stack.app.acceptArtifact(artifactBlob({ ...deployment, deploymentId: deployment.id }));
    return deployment;
  }

  /** From the row to the document, as accept does it, without building an artifact for each. */
  async function publishAnother(of: Deployment, objects: unknown[]): Promise<void> {
    const { deployment } = await ports.ledger.acceptRequest({
      ...{ ...key(of.app), id: randomUUID(), kind: 'deploy', tagName: '1', commit: of.commit, creator: 'x', resolved },
    });
    const text = JSON.stringify(objects).replaceAll(of.id, deployment.id);
    const marker = {
      ...{ ...key(of.app), installation: await ports.ledger.installation(), state: 'deployed' as const },
      ...{ sequence: deployment.sequence, deploymentId: deployment.id, tagName: '1', deployDigest: 'd' },
    };
    const document = releaseDocument(marker, JSON.parse(text), stack.config.studio);
    await ports.artifacts.archiveRelease({ ...key(of.app), deploymentId: deployment.id }, document);
    const facts = { sha256: 's', bytes: 1, inputsDigest: 'i', deployDigest: 'd' };
    const manifest = { tagName: '1', source: { commit: of.commit } } as Manifest;
    assert.equal(await ports.ledger.indexArtifact(deployment, manifest, facts), 'wanted');
    await publishRelease(ports, stack.config.studio, key(of.app));
  }

  async function publishBesideReader(t: TestContext): Promise<void> {
    const { numRuns: publishes } = runs(t, { short: 300, long: 10_000 / ROUNDS });
    const first = await Promise.all(APPS.map(deployed));
    const account = /** The run file has the connection string. */ stack.run.environments[ENVIRONMENT] as string;
    const containers = [...APPS.map((app) => `app-ttd-${app}`), 'cluster-ttd'];
    const reader = spawn(process.execPath, script('test/properties/reader-child.ts', account, ...containers), {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, 'reading');
    await Promise.all(
      first.map(async (deployment) => {
        const stored = await ports.artifacts.readRelease({ ...key(deployment.app), deploymentId: deployment.id });
        const [, ...objects] = readItems(stored ?? '') as unknown[];
        for (let count = 0; count < publishes / APPS.length; count++) await publishAnother(deployment, objects);
      }),
    );
    reader.stdin.end();
    const { reads, revisions, tears } = JSON.parse(String((await lines.next()).value));
    t.diagnostic(`${publishes} publishes, ${reads} reads, ${revisions} revisions seen`);
    assert.deepEqual(tears, []);
    assert.ok(revisions > publishes / 20, 'the reader was too slow to tell anything');
  }

  for (let round = 1; round <= ROUNDS; round++)
    it(`sees each document whole, and none of two releases: ${round} of ${ROUNDS}`, publishBesideReader);
});
