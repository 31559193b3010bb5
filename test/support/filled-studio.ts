import type { Environment, Studio } from '../../src/model/environments.ts';
import { FILL_ENVIRONMENTS, FILL_ORGS } from './fill-ledger.ts';
import { STUDIO, TT02 } from './make-artifact.ts';

/** The environments file that goes with a filled ledger: 21 orgs in 6 environments are 126 clusters. */
export const FILLED_STUDIO: Studio = {
  ...STUDIO,
  environments: FILL_ENVIRONMENTS.map(
    (name): Environment => ({ ...TT02, name, hostname: `${name}.altinn.no`, orgs: FILL_ORGS }),
  ),
};
