import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterWord, Deployment, DeploymentState } from '../../src/model/deployment.ts';
import { clusterWord } from '../../src/operate/cluster-word.ts';

const PUBLISHED = new Date('2026-05-01T12:00:00.000Z');
const TOLD: ClusterWord = {
  ...{ state: 'failed', at: new Date('2026-05-01T12:00:30Z'), helmRevision: undefined, message: 'Helm upgrade failed' },
};
const later = (minutes: number) => new Date(PUBLISHED.getTime() + minutes * 60_000);
const deployment = (state: DeploymentState, cluster?: ClusterWord, publishedAt: Date | undefined = PUBLISHED) =>
  ({ state, cluster, publishedAt }) as Deployment;

describe('the word of the cluster on a deployment', () => {
  it('is waited for, and then missed after the configured minutes', () => {
    const word = (minutes: number) => clusterWord(deployment('published'), 15, later(minutes));
    assert.deepEqual([word(0)?.state, word(14.99)?.state, word(15)?.state], ['waiting', 'waiting', 'silent']);
    assert.deepEqual(word(20), {
      ...{ state: 'silent', message: 'No word from the cluster since 2026-05-01T12:00:00.000Z.', at: PUBLISHED },
    });
  });

  it('is what it told, however long ago', () => {
    assert.deepEqual(clusterWord(deployment('failed', TOLD), 15, later(1000)), {
      ...{ state: 'failed', message: 'Helm upgrade failed', at: TOLD.at },
    });
    const applied = { ...TOLD, state: 'applied', helmRevision: 7 } as const;
    assert.equal(clusterWord(deployment('applied', applied), 15, later(0))?.helmRevision, 7);
    assert.equal(clusterWord(deployment('superseded', applied), 15, later(0))?.state, 'applied');
  });

  it('is not waited for where nothing was published, or something newer was', () => {
    for (const state of ['accepted', 'building', 'uploaded', 'failed', 'rejected'] as const)
      assert.equal(clusterWord({ ...deployment(state), publishedAt: undefined }, 15, later(60)), undefined);
    assert.equal(clusterWord(deployment('superseded'), 15, later(60)), undefined);
  });
});
