import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fillPattern, findEnvironment, toClusterEnvironment } from '../../src/model/environments.ts';
import { STUDIO, TT02 } from '../support/make-artifact.ts';

describe('environments', () => {
  it('are called prod in clusters where Studio says production', () => {
    assert.equal(toClusterEnvironment('production'), 'prod');
  });

  it('have one name everywhere else', () => {
    for (const name of ['at22', 'at23', 'at24', 'yt01', 'tt02']) assert.equal(toClusterEnvironment(name), name);
  });

  it('are found by their exact name', () => {
    assert.equal(findEnvironment(STUDIO, 'tt02'), TT02);
    for (const name of ['', 'TT02', 'tt0', 'prod', 'constructor'])
      assert.equal(findEnvironment(STUDIO, name), undefined);
  });
});

describe('fillPattern', () => {
  it('fills in org and app wherever they stand', () => {
    assert.equal(fillPattern('{org}.{app}/{org}', { org: 'ttd', app: 'a-b' }), 'ttd.a-b/ttd');
    assert.equal(fillPattern('fixed', { org: 'ttd', app: 'a-b' }), 'fixed');
  });
});
