import { planSourcesUpgrade, upgradeSources } from '../../src/publish/publish-sources.ts';
import { runCommand } from './operator.ts';

const USAGE = `npm run upgrade-sources -- --environment ENV [--apply] [--local | --azure-cli]

Brings the Flux sources of an environment to the form that this version writes. New versions never do so by themselves.
Without --apply it only tells which would change.`;

await runCommand(USAGE, async ({ ports, studio, environment, isDryRun }) => {
  let total = 0;
  for (const org of environment.orgs) {
    const changed = await planSourcesUpgrade(ports, studio, org, environment.name);
    total += changed.length;
    for (const name of changed) console.log(`${isDryRun ? 'would change' : 'changing'}  ${name} in cluster-${org}`);
    if (!isDryRun && changed.length > 0) await upgradeSources(ports, studio, org, environment.name);
  }
  const sources = `${total} source${total === 1 ? '' : 's'} in ${environment.name}`;
  console.log(isDryRun ? `Would change ${sources}. Run again with --apply to do it.` : `Changed ${sources}.`);
});
