import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Hold, LedgerRelease } from '../../src/ledger.ts';
import { countSources } from '../../src/measure/measure-state.ts';
import type { Studio } from '../../src/model/environments.ts';

const STUDIO = { environments: [{ name: 'tt02', orgs: ['ttd', 'skd'] }] } as unknown as Studio;

function release(app: string, changed: Partial<LedgerRelease> = {}): LedgerRelease {
  return {
    ...{ org: 'ttd', app, environment: 'tt02', wantedSequence: 2, publishedSequence: 2, publishedEtag: 'e' },
    ...{ sourceSince: new Date(0), retiredAt: undefined, ...changed },
  };
}
const hold = (app: string): Hold => ({
  org: 'ttd',
  app,
  environment: 'tt02',
  code: 'x',
  message: 'x',
  since: new Date(0),
});
const states = (releases: LedgerRelease[], holds: Hold[] = []) =>
  Object.fromEntries(countSources(releases, holds, STUDIO).map(({ state, count }) => [state, count]));

describe('sources by state', () => {
  it('are in step when what is wanted is published and the source is there', () => {
    assert.deepEqual(states([release('one'), release('two')]), { 'in-step': 2 });
  });

  it('are behind until both are so', () => {
    const unpublished = release('one', { publishedSequence: 1 });
    const never = release('two', { publishedSequence: undefined, sourceSince: undefined });
    assert.deepEqual(states([unpublished, never, release('three', { sourceSince: undefined })]), { behind: 3 });
  });

  it('are held by their own hold, or by that of their cluster while they are not in step', () => {
    assert.deepEqual(states([release('one'), release('two')], [hold('one')]), { held: 1, 'in-step': 1 });
    assert.deepEqual(states([release('one'), release('two', { publishedSequence: 1 })], [hold('')]), {
      'in-step': 1,
      held: 1,
    });
  });

  it('are held where the environments file does not have their cluster any more', () => {
    assert.deepEqual(states([release('one', { environment: 'gone' }), release('two', { org: 'gone' })]), { held: 1 });
  });

  it('are retired when an operator took them out', () => {
    assert.deepEqual(states([release('one', { retiredAt: new Date(0), sourceSince: undefined })]), { retired: 1 });
  });

  it('are counted for each cluster', () => {
    assert.equal(countSources([release('one'), release('one', { org: 'skd' })], [], STUDIO).length, 2);
  });
});
