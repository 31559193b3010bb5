import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { shareOf } from '../../src/reconcile/observe.ts';
import {
  type Change,
  type DesiredState,
  keyOfCluster,
  keyOfRelease,
  type ObservedState,
  planChanges,
} from '../../src/reconcile/plan-changes.ts';

const RUNS = { numRuns: 1_000 };
const ORGS = ['ttd', 'nav', 'skd'];
const APPS = ['alpha', 'beta', 'gamma', 'delta'];
const ENVIRONMENTS = ['at22', 'tt02', 'production'];

const cluster = fc.record({ org: fc.constantFrom(...ORGS), environment: fc.constantFrom(...ENVIRONMENTS) });
const release = fc.record({
  org: fc.constantFrom(...ORGS),
  app: fc.constantFrom(...APPS),
  environment: fc.constantFrom(...ENVIRONMENTS),
});
const sequence = fc.nat({ max: 3 });
const digest = fc.constantFrom('a', 'b', 'c');

/** As the ledger and the environments file give it: a release only where its org has a cluster. */
const desired: fc.Arbitrary<DesiredState> = fc
  .uniqueArray(
    cluster.chain((key) => digest.map((of) => ({ ...key, digest: of }))),
    { selector: keyOfCluster },
  )
  .chain((clusters) => {
    const has = new Set(clusters.map(keyOfCluster));
    return fc
      .uniqueArray(
        release.chain((key) => sequence.map((of) => ({ ...key, sequence: of }))),
        { selector: keyOfRelease, maxLength: 20 },
      )
      .map((releases) => ({ clusters, releases: releases.filter((one) => has.has(keyOfCluster(one))) }));
  });

/** Anything: what storage holds is nobody's promise. */
const observed: fc.Arbitrary<ObservedState> = fc.record({
  releases: fc.uniqueArray(
    release.chain((key) =>
      fc
        .record({ sequence, isIntact: fc.boolean(), hasSource: fc.boolean() })
        .map((of): ObservedState['releases'][number] => ({ ...key, ...of })),
    ),
    { selector: keyOfRelease, maxLength: 20 },
  ),
  clusters: fc.uniqueArray(
    cluster.chain((key) =>
      fc.record({ digest, isIntact: fc.boolean() }).map((of): ObservedState['clusters'][number] => ({ ...key, ...of })),
    ),
    { selector: keyOfCluster },
  ),
});

/** What `publishRelease` and `publishSources` do, in memory and in the order given. */
function apply(changes: readonly Change[], { releases, clusters }: DesiredState, before: ObservedState): ObservedState {
  const releasesNow = new Map(before.releases.map((one) => [keyOfRelease(one), one]));
  const clustersNow = new Map(before.clusters.map((one) => [keyOfCluster(one), one]));
  for (const change of changes) {
    if (change.kind === 'publishRelease') {
      const wanted = releases.find((one) => keyOfRelease(one) === keyOfRelease(change));
      assert.ok(wanted);
      const { hasSource = false } = releasesNow.get(keyOfRelease(change)) ?? {};
      releasesNow.set(keyOfRelease(change), { ...wanted, isIntact: true, hasSource });
      continue;
    }
    const wanted = clusters.find((one) => keyOfCluster(one) === keyOfCluster(change));
    assert.ok(wanted);
    clustersNow.set(keyOfCluster(change), { ...wanted, isIntact: true });
    // Only a release that is there gets a source.
    for (const [key, one] of releasesNow)
      if (keyOfCluster(one) === keyOfCluster(change)) releasesNow.set(key, { ...one, hasSource: true });
  }
  return { releases: [...releasesNow.values()], clusters: [...clustersNow.values()] };
}

describe('the plan of a reconcile pass', () => {
  it('reaches what is desired when it is applied', () => {
    fc.assert(
      fc.property(desired, observed, (want, seen) => {
        const after = apply(planChanges(want, seen), want, seen);
        const releases = new Map(after.releases.map((one) => [keyOfRelease(one), one]));
        const clusters = new Map(after.clusters.map((one) => [keyOfCluster(one), one]));
        for (const one of want.releases)
          assert.deepEqual(releases.get(keyOfRelease(one)), { ...one, isIntact: true, hasSource: true });
        for (const one of want.clusters) assert.deepEqual(clusters.get(keyOfCluster(one)), { ...one, isIntact: true });
      }),
      RUNS,
    );
  });

  it('is empty once it has been applied', () => {
    fc.assert(
      fc.property(desired, observed, (want, seen) => {
        assert.deepEqual(planChanges(want, apply(planChanges(want, seen), want, seen)), []);
      }),
      RUNS,
    );
  });

  it('never concerns anything that is not desired, and nothing twice', () => {
    fc.assert(
      fc.property(desired, observed, (want, seen) => {
        const wanted = new Set([...want.releases.map(keyOfRelease), ...want.clusters.map(keyOfCluster)]);
        const concerned = planChanges(want, seen).map((change) =>
          change.kind === 'publishRelease' ? keyOfRelease(change) : keyOfCluster(change),
        );
        for (const key of concerned) assert.ok(wanted.has(key), key);
        assert.equal(new Set(concerned).size, concerned.length);
      }),
      RUNS,
    );
  });

  it('knows no removal: what is observed and not desired is left as it is', () => {
    fc.assert(
      fc.property(desired, observed, (want, seen) => {
        const changes = planChanges(want, seen);
        for (const { kind } of changes) assert.match(kind, /^publish(Release|Sources)$/);
        assert.deepEqual(planChanges({ releases: [], clusters: [] }, seen), []);
        const after = apply(changes, want, seen);
        const wanted = new Set(want.releases.map(keyOfRelease));
        for (const { hasSource: _before, ...one } of seen.releases.filter((it) => !wanted.has(keyOfRelease(it)))) {
          const { hasSource: _after, ...same } =
            after.releases.find((it) => keyOfRelease(it) === keyOfRelease(one)) ?? {};
          assert.deepEqual(same, one);
        }
      }),
      RUNS,
    );
  });

  it('has every release before the sources that name it', () => {
    fc.assert(
      fc.property(desired, observed, (want, seen) => {
        const kinds = planChanges(want, seen).map(({ kind }) => kind);
        assert.deepEqual(kinds, [...kinds].sort());
        assert.ok('publishRelease' < 'publishSources');
      }),
      RUNS,
    );
  });

  it('is the same whatever the order of what was observed', () => {
    fc.assert(
      fc.property(desired, observed, (want, seen) => {
        const reversed = { releases: seen.releases.toReversed(), clusters: seen.clusters.toReversed() };
        assert.deepEqual(planChanges(want, reversed), planChanges(want, seen));
      }),
      RUNS,
    );
  });

  it('tells why each change is made', () => {
    const key = { org: 'ttd', app: 'alpha', environment: 'tt02' };
    const wanted = { ...key, sequence: 2 };
    const whole = { ...wanted, isIntact: true, hasSource: true };
    const sources = { org: 'ttd', environment: 'tt02', digest: 'a' };
    const plan = (releases: ObservedState['releases'], clusters: ObservedState['clusters']) =>
      planChanges({ releases: [wanted], clusters: [sources] }, { releases, clusters }).map(
        ({ kind, reason }) => `${kind} ${reason}`,
      );
    const there = { ...sources, isIntact: true };
    assert.deepEqual(plan([whole], [there]), []);
    assert.deepEqual(plan([], []), ['publishRelease new', 'publishSources new']);
    assert.deepEqual(plan([{ ...whole, sequence: 1 }], [there]), ['publishRelease behind']);
    assert.deepEqual(plan([{ ...whole, isIntact: false }], [there]), ['publishRelease altered']);
    assert.deepEqual(plan([{ ...whole, hasSource: false }], [there]), ['publishSources behind']);
    assert.deepEqual(plan([whole], [{ ...there, digest: 'b' }]), ['publishSources behind']);
    assert.deepEqual(plan([whole], [{ ...there, isIntact: false }]), ['publishSources altered']);
  });
});

describe("a pass's share of what is to be looked at", () => {
  const items = (size: number) => Array.from({ length: size }, (_, index) => index);
  /** Up to some hundred years of minutes. */
  const pass = fc.nat({ max: 60_000_000 });

  it('in 60 consecutive passes is every item, whatever their number, though the clock be set by hours meanwhile', () => {
    const hours = fc.array(fc.nat({ max: 3 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(fc.nat({ max: 3_000 }), pass, hours, (size, first, ahead) => {
        const all = items(size);
        const seen = new Set(ahead.flatMap((hour, index) => shareOf(all, first + index + hour * 60)));
        assert.equal(seen.size, size);
      }),
      RUNS,
    );
  });

  it('is a sixtieth, or all of 20 items, and none twice', () => {
    fc.assert(
      fc.property(fc.nat({ max: 20_000 }), pass, (size, at) => {
        const share = shareOf(items(size), at);
        const [least, most] = size <= 20 ? [size, size] : [Math.floor(size / 60), Math.ceil(size / 60)];
        assert.ok(least <= share.length && share.length <= most);
        assert.equal(new Set(share).size, share.length);
      }),
      RUNS,
    );
  });
});
