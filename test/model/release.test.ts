import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bareRelease, releaseDocument } from '../../src/build/release-document.ts';
import { type ReleaseMarker, readItems, readMarker } from '../../src/model/release.ts';
import { PATH, STUDIO } from '../support/make-artifact.ts';

const NAME = { org: PATH.org, app: PATH.app };
const MARKER: ReleaseMarker = {
  ...NAME,
  environment: 'tt02',
  installation: 'i-1',
  state: 'deployed',
  sequence: 12,
  deploymentId: PATH.deploymentId,
  tagName: '7',
  deployDigest: 'd'.repeat(64),
};
const document = (marker: ReleaseMarker = MARKER) => releaseDocument(marker, [], STUDIO);
const edited = (change: (data: Record<string, unknown>) => void): string => {
  const list = JSON.parse(document());
  change(list.items[0].data);
  return JSON.stringify(list);
};

describe('the marker of a release document', () => {
  it('is read back as it was written', () => {
    const optional = fc.option(fc.string(), { nil: undefined });
    const markers = fc.record(
      {
        ...{ org: fc.constant(NAME.org), app: fc.constant(NAME.app) },
        environment: fc.string({ minLength: 1 }),
        installation: fc.string({ minLength: 1 }),
        state: fc.constantFrom('none', 'deployed', 'undeployed'),
        sequence: fc.maxSafeNat(),
        ...{ deploymentId: optional, tagName: optional, deployDigest: optional },
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(markers, (marker) => assert.deepEqual(readMarker(document(marker), NAME, STUDIO.name), marker)),
    );
  });

  it('says that nothing was deployed yet, in a document with nothing else', () => {
    const bare = bareRelease({ ...NAME, environment: 'tt02' }, 'i-1', STUDIO);
    assert.equal(readItems(bare)?.length, 1);
    const { state, sequence, deploymentId } = readMarker(bare, NAME, STUDIO.name) ?? {};
    assert.deepEqual([state, sequence, deploymentId], ['none', 0, undefined]);
  });

  it('is not found in a document that was cut anywhere', () => {
    const whole = document();
    for (let length = 0; length < whole.length; length++)
      assert.equal(readMarker(whole.slice(0, length), NAME, STUDIO.name), undefined, `${length} characters`);
  });

  it("is not taken from another app's or another Studio's document", () => {
    assert.equal(readMarker(document(), { ...NAME, app: 'small' }, STUDIO.name), undefined);
    assert.equal(readMarker(document(), NAME, 'prod'), undefined);
    assert.equal(
      readMarker(
        edited((data) => Object.assign(data, { org: 'nav' })),
        NAME,
        STUDIO.name,
      ),
      undefined,
    );
  });

  it('is not taken when it is damaged', () => {
    const damages: Record<string, unknown>[] = [
      { sequence: 'x' },
      { sequence: '1.5' },
      { sequence: undefined },
      { sequence: 12 },
      { state: 'running' },
      { environment: '' },
      { installation: undefined },
    ];
    for (const damage of damages)
      assert.equal(
        readMarker(
          edited((data) => Object.assign(data, damage)),
          NAME,
          STUDIO.name,
        ),
        undefined,
        JSON.stringify(damage),
      );
    for (const text of ['', 'null', '[]', '{}', '{"kind":"List"}', '{"kind":"List","items":[null,1,{}]}'])
      assert.equal(readMarker(text, NAME, STUDIO.name), undefined, text);
  });

  it('is not taken when its sequence is not written as a plain number', () => {
    for (const sequence of ['', ' ', '0x10', '1e3', '-5', ' 12'])
      assert.equal(
        readMarker(
          edited((data) => Object.assign(data, { sequence })),
          NAME,
          STUDIO.name,
        ),
        undefined,
        sequence,
      );
  });
});
