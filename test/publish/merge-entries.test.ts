import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readSources, type SourceEntry, sourceEntry, sourcesDocument } from '../../src/build/sources-document.ts';
import { mergeEntries } from '../../src/publish/merge-entries.ts';
import { STUDIO, TT02 } from '../support/make-artifact.ts';

const RUNS = { numRuns: 300 };
const KEEP = 'keep other forms';
const BRING = 'bring to this form';
const APPS = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];

interface Written {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

const ours = (app: string): SourceEntry => sourceEntry({ org: 'ttd', app }, TT02, STUDIO);
const change = (entry: SourceEntry, by: (object: Written) => object): SourceEntry => ({
  name: entry.name,
  objects: entry.objects.map((object) => ({ ...(object as object), ...by(object as Written) })),
});
/** As a later, or an earlier, version of ours wrote it. */
const ofForm = (form: string, app: string): SourceEntry =>
  change(ours(app), ({ metadata, spec }) => ({
    metadata: { ...metadata, annotations: { 'altinn.studio/source-form': form } },
    spec: { ...spec, interval: '5m' },
  }));
const byHand = (app: string): SourceEntry =>
  change(ours(app), ({ spec }) => ({ spec: { ...spec, prune: false, suspend: true } }));
const cut = (app: string): SourceEntry => ({ ...ours(app), objects: ours(app).objects.slice(0, 1) });
const foreign = (app: string): SourceEntry => ({
  name: `ttd-${app}-by-hand`,
  objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `ttd-${app}-by-hand` } }],
});

const app = fc.constantFrom(...APPS);
const entry = fc.oneof(
  app.map(ours),
  app.map((name) => ofForm('0', name)),
  app.map((name) => ofForm('2', name)),
  app.map(byHand),
  app.map(cut),
  app.map(foreign),
);
const stored = fc.uniqueArray(entry, { selector: ({ name }) => name });
const desired = fc.uniqueArray(app).map((names) => names.map(ours));
const forms = fc.constantFrom(KEEP, BRING) as fc.Arbitrary<typeof KEEP | typeof BRING>;

const namesOf = (entries: readonly SourceEntry[]) => entries.map(({ name }) => name);
const find = (entries: readonly SourceEntry[], name: string) => entries.find((one) => one.name === name);

describe("merging what a cluster's sources hold with what they are to hold", () => {
  it('never loses a name, and adds every one that is desired', () => {
    fc.assert(
      fc.property(stored, desired, forms, (before, want, how) => {
        const names = namesOf(mergeEntries(before, want, how).entries);
        assert.deepEqual(new Set(names), new Set([...namesOf(before), ...namesOf(want)]));
        assert.equal(new Set(names).size, names.length);
      }),
      RUNS,
    );
  });

  it('keeps as it is what the ledger does not know, and reports it', () => {
    fc.assert(
      fc.property(stored, desired, forms, (before, want, how) => {
        const { entries, unknown } = mergeEntries(before, want, how);
        const strange = before.filter(({ name }) => !find(want, name));
        assert.deepEqual(unknown, namesOf(strange));
        for (const one of strange) assert.deepEqual(find(entries, one.name), one);
      }),
      RUNS,
    );
  });

  it('changes nothing when it is done again', () => {
    fc.assert(
      fc.property(stored, desired, forms, (before, want, how) => {
        const once = mergeEntries(before, want, how);
        assert.deepEqual(mergeEntries(once.entries, want, how), once);
      }),
      RUNS,
    );
  });

  it('survives being written and read again', () => {
    fc.assert(
      fc.property(stored, desired, forms, (before, want, how) => {
        const { entries } = mergeEntries(before, want, how);
        const text = sourcesDocument('ttd', TT02, STUDIO, 'an-installation', entries);
        const read = readSources(text, 'ttd', STUDIO);
        assert.deepEqual(read?.writtenFor, { installation: 'an-installation', environment: 'tt02' });
        assert.deepEqual(
          mergeEntries(read?.entries ?? [], want, how).unknown.sort(),
          namesOf(before)
            .filter((name) => !find(want, name))
            .sort(),
        );
        assert.equal(sourcesDocument('ttd', TT02, STUDIO, 'an-installation', read?.entries ?? []), text);
      }),
      RUNS,
    );
  });

  it('leaves an entry of another form alone, unless asked to bring it to this one', () => {
    for (const form of ['0', '2', 'next']) {
      const old = ofForm(form, 'alpha');
      assert.deepEqual(mergeEntries([old], [ours('alpha')], KEEP).entries, [old]);
      assert.deepEqual(mergeEntries([old], [ours('alpha')], BRING).entries, [ours('alpha')]);
    }
  });

  it('brings every known entry to this form when asked, and no other', () => {
    fc.assert(
      fc.property(stored, desired, (before, want) => {
        const { entries } = mergeEntries(before, want, BRING);
        for (const one of want) assert.deepEqual(find(entries, one.name), one);
      }),
      RUNS,
    );
  });

  const changes: [string, SourceEntry][] = [
    ['other values', byHand('alpha')],
    ['half of it taken out', cut('alpha')],
    ['all of it taken out, its name kept', { name: ours('alpha').name, objects: [] }],
    ['half of it twice', { ...ours('alpha'), objects: [...ours('alpha').objects, ours('alpha').objects[0]] }],
    ['its objects swapped', { ...ours('alpha'), objects: ours('alpha').objects.toReversed() }],
    ["another app's content", { ...ours('beta'), name: ours('alpha').name }],
    ['a field more', change(ours('alpha'), () => ({ status: {} }))],
  ];
  for (const [what, changed] of changes)
    it(`puts right an entry of ours that was changed by hand: ${what}`, () => {
      const { entries, unknown } = mergeEntries([changed, foreign('beta')], [ours('alpha')], KEEP);
      assert.deepEqual(entries, [ours('alpha'), foreign('beta')]);
      assert.deepEqual(unknown, ['ttd-beta-by-hand']);
    });

  it('puts right an entry of ours whose form was taken out with the rest of its annotations', () => {
    const bare = change(byHand('alpha'), ({ metadata }) => ({ metadata: { ...metadata, annotations: {} } }));
    assert.deepEqual(mergeEntries([bare], [ours('alpha')], KEEP).entries, [ours('alpha')]);
  });

  it('takes keys in another order for no change', () => {
    const sameButOrder = change(ours('alpha'), ({ spec }) => ({
      spec: Object.fromEntries(Object.entries(spec).toReversed()),
    }));
    const { entries } = mergeEntries([sameButOrder], [ours('alpha')], KEEP);
    assert.equal(entries[0], sameButOrder);
  });
});
