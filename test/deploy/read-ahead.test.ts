import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import JSZip from 'jszip';
import { makeGitea } from '../../src/adapters/gitea.ts';
import { readAhead } from '../../src/deploy/read-ahead.ts';
import { AppError } from '../../src/errors.ts';
import { eventually } from '../support/eventually.ts';
import {
  answerWith,
  dripping,
  type HostileAnswer,
  type HostileGitea,
  json,
  startHostileGitea,
} from '../support/hostile-gitea.ts';

const APP = { org: 'ttd', app: 'parking-permit' };
const COMMIT = 'c'.repeat(40);
const OTHER = 'd'.repeat(40);
const ZIP = { 'content-type': 'application/octet-stream' };
const ARCHIVE = await new JSZip().file('a', 'b').generateAsync({ type: 'nodebuffer', comment: COMMIT });

describe('reading ahead', () => {
  let server: HostileGitea;
  afterEach(() => server.close());

  async function serve(answers: { commits?: HostileAnswer; archive?: HostileAnswer }) {
    const { commits = json({ sha: COMMIT }), archive = answerWith(200, ZIP, ARCHIVE) } = answers;
    server = await startHostileGitea((response, request) =>
      (request.url?.includes('/archive/') ? archive : commits)(response, request),
    );
    return makeGitea({ url: server.url, token: undefined }, { retryDelayMs: 5, tries: 2 });
  }
  const archives = () => server.calls.filter(({ path }) => path.includes('/archive/')).length;
  const isFree = () =>
    eventually(
      async () => server.openCalls(),
      (open) => open === 0,
    );

  it('has begun the archive before it knows of the commit, and asks for it once', async () => {
    const gitea = await serve({
      commits: (response, request) => {
        const wait = () => (archives() > 0 ? json({ sha: COMMIT })(response, request) : setTimeout(wait, 5));
        wait();
      },
    });
    const archive = await readAhead(gitea, async (repositories) => {
      assert.equal(await repositories.resolveCommit(APP, COMMIT), COMMIT);
      return repositories.archive(APP, COMMIT);
    });
    assert.deepEqual(archive, ARCHIVE);
    assert.equal(archives(), 1);
  });

  it('asks for another archive than the one begun when that is wanted: of another commit, of another app', async () => {
    const gitea = await serve({});
    await readAhead(gitea, async (repositories) => {
      await repositories.resolveCommit(APP, COMMIT);
      await repositories.archive({ ...APP, app: 'another' }, COMMIT);
      await assert.rejects(repositories.archive(APP, OTHER), { code: 'GITEA_ARCHIVE_INVALID' });
    });
    assert.equal(archives(), 3);
  });

  it('begins nothing for a branch, whose commit is not known yet', async () => {
    const gitea = await serve({});
    await readAhead(gitea, async (repositories) => {
      assert.equal(await repositories.resolveCommit(APP, 'main'), COMMIT);
      assert.equal(archives(), 0);
      assert.deepEqual(await repositories.archive(APP, COMMIT), ARCHIVE);
    });
  });

  it('breaks off what nobody takes, when the request is refused', async () => {
    const gitea = await serve({ archive: dripping(ZIP) });
    const refused = readAhead(gitea, async (repositories) => {
      await repositories.resolveCommit(APP, COMMIT);
      await eventually(
        async () => archives(),
        (count) => count > 0,
      );
      throw new AppError('COMMIT_MISMATCH', 'refused');
    });
    await assert.rejects(refused, { code: 'COMMIT_MISMATCH' });
    await isFree();
    assert.equal(archives(), 1, 'what was broken off is asked for again');
  });

  it('tells whoever takes it that it failed, and nobody else', async () => {
    const gitea = await serve({ archive: answerWith(500, {}) });
    await readAhead(gitea, (repositories) => repositories.resolveCommit(APP, COMMIT));
    await isFree();
    const taken = readAhead(gitea, async (repositories) => {
      await repositories.resolveCommit(APP, COMMIT);
      await isFree();
      return repositories.archive(APP, COMMIT);
    });
    await assert.rejects(taken, { code: 'GITEA_UNAVAILABLE' });
  });
});
