import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Caller } from '../../src/functions/auth.ts';
import {
  authorizeEnvironment,
  authorizeEverywhere,
  authorizeOrg,
  authorizeRole,
  ROLES,
} from '../../src/functions/authorize.ts';

const caller = (...roles: string[]): Caller => ({ id: 'x', name: 'x', roles: new Set(roles) });

/** What the caller is told; undefined when he is let in. */
function refusal(call: () => void): { code: string; message: string } | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error as { code: string; message: string };
  }
}

describe('a role', () => {
  it('lets its holder do what those before it may, and no more', () => {
    for (const [has, role] of ROLES.entries())
      for (const [needs, needed] of ROLES.entries()) {
        const refused = refusal(() => authorizeRole(caller(role), needed));
        assert.equal(refused?.code, has >= needs ? undefined : 'FORBIDDEN', `${role} for ${needed}`);
        if (refused) assert.match(refused.message, new RegExp(`'${needed}'`));
      }
  });

  it('that is not known lets nobody in', () => {
    for (const who of [
      caller(),
      caller('Deployer'),
      caller('admin', 'operator '),
      caller('reader,operator'),
      caller('org.ttd'),
    ])
      for (const needed of ROLES) assert.equal(refusal(() => authorizeRole(who, needed))?.code, 'FORBIDDEN');
    assert.equal(
      refusal(() => authorizeRole(caller('admin', 'reader'), 'reader')),
      undefined,
    );
  });

  it('of one environment is one there and nowhere else', () => {
    const who = caller('deployer.tt02');
    for (const needed of ['reader', 'deployer'] as const)
      assert.equal(
        refusal(() => authorizeRole(who, needed)),
        undefined,
      );
    assert.equal(refusal(() => authorizeRole(who, 'operator'))?.code, 'FORBIDDEN');
    assert.equal(
      refusal(() => authorizeEnvironment(who, 'tt02')),
      undefined,
    );
    for (const other of ['production', 'tt0', 'tt022', ''])
      assert.equal(refusal(() => authorizeEnvironment(who, other))?.code, 'FORBIDDEN', other);
  });

  it('of all environments is one everywhere; a reader is one nowhere', () => {
    for (const role of ['deployer', 'operator'])
      assert.equal(
        refusal(() => authorizeEnvironment(caller(role), 'production')),
        undefined,
      );
    assert.equal(refusal(() => authorizeEnvironment(caller('reader'), 'tt02'))?.code, 'FORBIDDEN');
  });

  it('of some environments is not one of all', () => {
    for (const role of ['deployer', 'operator'])
      assert.equal(
        refusal(() => authorizeEverywhere(caller(role))),
        undefined,
      );
    for (const who of [caller('reader'), caller('deployer.tt02', 'deployer.production'), caller()])
      assert.equal(refusal(() => authorizeEverywhere(who))?.code, 'FORBIDDEN');
  });
});

describe('a caller limited to orgs', () => {
  it('sees those and no others', () => {
    const who = caller('operator', 'org.ttd', 'org.brg');
    for (const org of ['ttd', 'brg'])
      assert.equal(
        refusal(() => authorizeOrg(who, org)),
        undefined,
      );
    for (const org of ['skd', 'tt', 'ttdx', ''])
      assert.equal(refusal(() => authorizeOrg(who, org))?.code, 'ORG_UNKNOWN', org);
  });

  it('is one by a role of that form only', () => {
    for (const who of [caller('operator'), caller('reader', 'ttd'), caller('Org.ttd')])
      assert.equal(
        refusal(() => authorizeOrg(who, 'skd')),
        undefined,
      );
  });
});
