import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import JSZip from 'jszip';
import { folderDigest, inputsDigest, SOURCE_FOLDER } from '../../src/model/artifact.ts';
import { get, post, waitForEnd } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

describe('an artifact that somebody drops into incoming', () => {
  let stack: TestStack;
  let good: Buffer;
  let goodId: string;
  before(async () => {
    stack = await startTestStack();
    const { body } = await post(deployments(), { envName: 'tt02', tagName: '1' });
    await waitForEnd(`${deployments()}/${body.id}`);
    goodId = body.id;
    good = (await stack.studioStorage().container('artifacts').read(`ttd/parking-permit/tt02/${goodId}.zip`))
      ?.bytes as Buffer;
  });
  after(() => stack.stop());

  const deployments = () => `${stack.run.functionsUrl}/api/v1/ttd/parking-permit/deployments`;
  const drop = (path: string, zip: Buffer) =>
    stack.studioStorage().container('incoming').overwrite(path, zip, 'application/zip');

  it('is deployed where the environment takes drops, its creator shown as unverified', async () => {
    const id = randomUUID();
    await drop(`ttd/parking-permit/tt02/${id}.zip`, await renamed(good, goodId, id));
    const answer = await eventually(
      () => get(`${deployments()}/${id}`),
      ({ body }) => body.state === 'published',
    );
    assert.equal(answer.body.createdBy, 'dropped, unverified');
    assert.equal(answer.body.origin, 'drop');
    const release = await stack.storage('tt02').container('app-ttd-parking-permit').read('release/release.yaml');
    assert.equal(JSON.parse(String(release?.bytes)).items[0].data.deploymentId, id);
  });

  it('has its warnings on its deployment', async () => {
    const id = randomUUID();
    await drop(`ttd/parking-permit/tt02/${id}.zip`, await renamed(good, goodId, id, 'source/docs/aux.txt'));
    const { body } = await eventually(
      () => get(`${deployments()}/${id}`),
      (answer) => answer.body.state === 'published',
    );
    assert.deepEqual(body.warnings, [
      {
        code: 'FILE_NAME_UNSAFE',
        message: "'source/docs/aux.txt': a device name on Windows",
        path: 'source/docs/aux.txt',
      },
    ]);
  });

  const refused: [string, (id: string) => string, () => Buffer, string][] = [
    ['for production, by default', (id) => `ttd/parking-permit/production/${id}.zip`, () => good, 'DROP_NOT_ALLOWED'],
    [
      'that is the artifact of another id',
      (id) => `ttd/parking-permit/tt02/${id}.zip`,
      () => good,
      'MANIFEST_MISMATCH',
    ],
    ['of an org without a cluster', (id) => `nav/some-app/tt02/${id}.zip`, () => good, 'CLUSTER_UNKNOWN'],
    [
      'for an environment that is not configured',
      (id) => `ttd/some-app/at99/${id}.zip`,
      () => good,
      'ENVIRONMENT_UNKNOWN',
    ],
    ['at a path that is not one', () => 'hello.zip', () => good, 'ARTIFACT_PATH_INVALID'],
    ['that is no zip', (id) => `ttd/parking-permit/tt02/${id}.zip`, () => Buffer.from('no zip'), 'ZIP_STRUCTURE'],
    ['over 50 MiB', (id) => `ttd/parking-permit/tt02/${id}.zip`, () => Buffer.alloc(50 * 2 ** 20 + 1), 'ZIP_LIMIT'],
  ];
  for (const [what, path, zip, code] of refused)
    it(`is refused ${what}, with its reason beside it`, async () => {
      const name = path(randomUUID());
      await drop(name, zip());
      const rejected = stack.studioStorage().container('rejected');
      const report = await eventually(
        () => rejected.read(`${name}.problems.json`),
        (found) => found !== undefined,
      );
      const { problems } = JSON.parse(String(report?.bytes));
      assert.equal(problems[0].code, code);
      await eventually(
        () => stack.studioStorage().container('incoming').list(name),
        (left) => left.length === 0,
      );
      const [, org, app, environment, id] = /^(\w+)\/([\w-]+)\/(\w+)\/(.*)\.zip$/.exec(name) ?? [];
      if (id === undefined) return;
      const { status, body } = await get(`${stack.run.functionsUrl}/api/v1/${org}/${app}/deployments/${id}`);
      const told = environment === 'at99' ? ['DEPLOYMENT_UNKNOWN', []] : ['DROP_REFUSED', problems];
      assert.deepEqual([status, body.code, body.problems.slice(1)], [404, ...told]);
    });
});

/** The same artifact for another deployment id, everything that names it changed; perhaps with one file more. */
async function renamed(zip: Buffer, from: string, to: string, added?: string): Promise<Buffer> {
  const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
  const read = await JSZip.loadAsync(zip);
  const manifest = JSON.parse((await read.file('artifact.json')?.async('string')) as string);
  const written = new JSZip();
  const contents = new Map<string, Buffer>();
  for (const file of manifest.files) {
    let content = (await read.file(file.path)?.async('nodebuffer')) as Buffer;
    if (file.path.startsWith('deploy/')) content = Buffer.from(content.toString().replaceAll(from, to));
    contents.set(file.path, content);
    Object.assign(file, { size: content.length, sha256: sha256(content) });
  }
  if (added !== undefined) {
    contents.set(added, Buffer.from('x'));
    manifest.files.push({ path: added, size: 1, sha256: sha256('x') });
    manifest.inputs.sourceTree = folderDigest(manifest.files, SOURCE_FOLDER);
    manifest.inputsDigest = inputsDigest(manifest);
  }
  manifest.deploymentId = to;
  const deployed = manifest.files.filter(({ path }: { path: string }) => path.startsWith('deploy/'));
  manifest.deployDigest = sha256(
    deployed
      .map((file: { sha256: string; path: string }) => `${file.sha256}  ${file.path.slice('deploy/'.length)}\n`)
      .join(''),
  );
  written.file('artifact.json', JSON.stringify(manifest), { createFolders: false });
  for (const [path, content] of contents) written.file(path, content, { createFolders: false });
  return written.generateAsync({ type: 'nodebuffer', compression: 'DEFLATE', platform: 'UNIX' });
}
