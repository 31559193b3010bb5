import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bareRelease, releaseDocument } from '../../src/build/release-document.ts';
import { sourceEntry } from '../../src/build/sources-document.ts';
import { type ReleaseMarker, readMarker } from '../../src/model/release.ts';
import { planReindex } from '../../src/reindex/plan-reindex.ts';
import type { ArchivedDeployment } from '../../src/reindex/read-archive.ts';
import type { Published, PublishedDocument } from '../../src/reindex/read-published.ts';
import { STUDIO, TT02 } from '../support/make-artifact.ts';

const KEY = { org: 'ttd', app: 'one-app', environment: 'tt02' };
const OURS = '00000000-0000-4000-8000-00000000000a';
const OTHER = '00000000-0000-4000-8000-00000000000b';
const NOTHING: Published = { releases: [], sources: [] };

const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

function archived(number: number, sequence: number | undefined, installation = OURS): ArchivedDeployment {
  const marker = { ...KEY, installation, state: 'deployed', sequence, deploymentId: id(number), tagName: '1' };
  return {
    ...{ ...KEY, deploymentId: id(number), archivedAt: new Date(1_000 * number), artifact: undefined },
    release: sequence === undefined ? undefined : { marker: marker as ReleaseMarker, scopes: [] },
  };
}

function published(number: number, sequence: number): PublishedDocument {
  const marker = { ...KEY, installation: OURS, state: 'deployed', sequence, deploymentId: id(number) } as const;
  const text = releaseDocument({ ...marker, tagName: '1', deployDigest: 'd' }, [], STUDIO);
  return { ...KEY, stored: { text, etag: 'etag' }, marker: readMarker(text, KEY, 'dev') };
}

const plan = (deployments: readonly ArchivedDeployment[], documents = NOTHING, chosen?: string) =>
  planReindex({ deployments, problems: [] }, documents, STUDIO, chosen);
const states = (made: ReturnType<typeof plan>) =>
  Object.fromEntries(made.deployments.map(({ id: of, sequence, state }) => [Number(of.slice(-3)), [sequence, state]]));

describe('a plan to rebuild the ledger', () => {
  it('wants what is published, not what the archive has of later', () => {
    const made = plan([archived(1, 1), archived(2, 2), archived(3, 3)], { releases: [published(2, 2)], sources: [] });
    assert.deepEqual(made.releases[0]?.wanted, { sequence: 2, deploymentId: id(2) });
    assert.deepEqual(states(made), { 1: [1, 'superseded'], 2: [2, 'uploaded'], 3: [3, 'failed'] });
  });

  it('keeps the sequence for what is published, where two ledgers gave it', () => {
    const made = plan([archived(1, 1), archived(2, 1)], { releases: [published(2, 1)], sources: [] });
    assert.deepEqual(states(made), { 1: [undefined, 'failed'], 2: [1, 'uploaded'] });
    assert.match(made.problems.join(), /shares its sequence 1/);
  });

  it("follows an app's own order against a clock that went back", () => {
    const made = plan([{ ...archived(1, 2), archivedAt: new Date(0) }, archived(2, 1)]);
    assert.deepEqual(
      made.deployments.map(({ sequence }) => sequence),
      [1, 2],
    );
  });

  it('is not made where storage names several installations, until one is chosen', () => {
    const both = [archived(1, 1), archived(2, 2, OTHER)];
    assert.throws(() => plan(both), { code: 'LEDGER_FOREIGN' });
    assert.throws(() => plan(both, NOTHING, id(99)), { code: 'LEDGER_FOREIGN' });
    const made = plan(both, NOTHING, OTHER);
    assert.deepEqual([made.installation, states(made)], [OTHER, { 2: [2, 'published'] }]);
    assert.match(made.problems.join('\n'), /000000000001 is of another installation, and left out/);
  });

  it('does not count a document that deploys nothing: a new database makes such for new apps', () => {
    const text = bareRelease(KEY, OTHER, STUDIO);
    const bare = { ...KEY, stored: { text, etag: 'etag' }, marker: readMarker(text, KEY, 'dev') };
    const made = plan([{ ...archived(1, 1), app: 'other-app' }], { releases: [bare], sources: [] });
    assert.equal(made.installation, OURS);
    assert.match(made.problems.join('\n'), /deploys nothing: delete it/);
  });

  it('is not made of nothing', () => {
    assert.throws(() => plan([]), { code: 'STORAGE_EMPTY' });
  });

  it('leaves alone what only the sources name', () => {
    const content = {
      writtenFor: { installation: OURS, environment: 'tt02' },
      entries: [sourceEntry(KEY, TT02, STUDIO), { name: 'of-a-stranger', objects: [{}] }],
    };
    const made = plan([], { releases: [], sources: [{ org: 'ttd', environment: 'tt02', content }] });
    assert.deepEqual(
      made.releases.map(({ app, wanted, isRetired }) => ({ app, sequence: wanted.sequence, isRetired })),
      [{ app: 'one-app', sequence: 0, isRetired: true }],
    );
  });

  it('takes a source out for an undeployed app that has none: an operator retired it', () => {
    const undeployed = published(1, 1);
    const marker = { ...(undeployed.marker as ReleaseMarker), state: 'undeployed' as const };
    const sources = [
      {
        org: 'ttd',
        environment: 'tt02',
        content: { writtenFor: { installation: OURS, environment: 'tt02' }, entries: [] },
      },
    ];
    const made = plan([archived(1, 1)], { releases: [{ ...undeployed, marker }], sources });
    assert.deepEqual([made.releases[0]?.isRetired, states(made)], [true, { 1: [1, 'published'] }]);
  });

  it('lets a damaged document be written again from the archive', () => {
    const damaged = { ...KEY, stored: { text: '{"kind":', etag: 'etag' }, marker: undefined };
    const made = plan([archived(1, 1)], { releases: [damaged], sources: [] });
    assert.deepEqual(made.releases[0]?.wanted, { sequence: 1, deploymentId: id(1) });
    assert.equal(made.releases[0]?.document, undefined);
    assert.match(made.problems.join(), /damaged; written again by the timer/);
  });
});
