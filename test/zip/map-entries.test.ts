import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mapEntries } from '../../src/zip/map-entries.ts';

const NUMBERS = Array.from({ length: 40 }, (_, index) => index);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('mapEntries', () => {
  it('gives the results in the order of the entries, whichever ends first', async () => {
    const results = await mapEntries(NUMBERS, async (number) => {
      for (let turns = number % 5; turns > 0; turns--) await turn();
      return number * 2;
    });
    assert.deepEqual(
      results,
      NUMBERS.map((number) => number * 2),
    );
  });

  it('begins nothing more after the first failure', async () => {
    const begun: number[] = [];
    const mapped = mapEntries(NUMBERS, async (number) => {
      begun.push(number);
      await turn();
      if (number === 1) throw new Error('the second');
    });
    await assert.rejects(mapped, /the second/);
    const atTheFailure = begun.length;
    for (let turns = 0; turns < NUMBERS.length; turns++) await turn();
    assert.equal(begun.length, atTheFailure);
    assert.ok(begun.length < 10, `${begun.length} were begun`);
  });
});
