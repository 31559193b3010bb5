import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AWAITS_ARTIFACT, DEPLOYMENT_STATES, type DeploymentState, ENTERED_FROM } from '../../src/model/deployment.ts';

const leaves = (from: DeploymentState) => DEPLOYMENT_STATES.filter((to) => ENTERED_FROM[to].includes(from));

describe('the states of a deployment', () => {
  it('are all in the table of moves, and only they', () => {
    assert.deepEqual(Object.keys(ENTERED_FROM).sort(), [...DEPLOYMENT_STATES].sort());
    for (const from of Object.values(ENTERED_FROM).flat()) assert.ok(DEPLOYMENT_STATES.includes(from), from);
  });

  it('are never entered from themselves, nor from one state twice', () => {
    for (const state of DEPLOYMENT_STATES) {
      assert.ok(!ENTERED_FROM[state].includes(state), state);
      assert.equal(new Set(ENTERED_FROM[state]).size, ENTERED_FROM[state].length, state);
    }
  });

  it('begin with accepted, from which all others can be reached', () => {
    assert.deepEqual(ENTERED_FROM.accepted, []);
    const reached = new Set<DeploymentState>(['accepted']);
    for (const state of reached) for (const next of leaves(state)) reached.add(next);
    assert.deepEqual([...reached].sort(), [...DEPLOYMENT_STATES].sort());
  });

  it('never go back before the artifact was stored', () => {
    const ended = DEPLOYMENT_STATES.filter((state) => !AWAITS_ARTIFACT.includes(state));
    for (const state of AWAITS_ARTIFACT)
      for (const from of ended) assert.ok(!ENTERED_FROM[state].includes(from), `${from} to ${state}`);
  });

  it('can all be ended by accept while the artifact is awaited', () => {
    for (const end of ['published', 'failed', 'rejected', 'superseded'] as const)
      for (const state of AWAITS_ARTIFACT) assert.ok(ENTERED_FROM[end].includes(state), `${state} to ${end}`);
  });

  it('are final when the artifact was refused, overtaken, or the app removed', () => {
    for (const state of ['rejected', 'superseded', 'removed'] as const) assert.deepEqual(leaves(state), [], state);
  });
});
