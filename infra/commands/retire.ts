import { appNameProblems } from '../../src/model/names.ts';
import { planRetire, retireSource } from '../../src/reconcile/retire-source.ts';
import { runCommand } from './operator.ts';

const USAGE = `npm run retire -- ORG/APP --environment ENV [--apply] [--local | --azure-cli]

Takes an app's Flux source out of its cluster, the only thing that does. Refuses while anything of the app is deployed there:
undeploy it first. A later deployment brings the source back. Without --apply it only tells what it would do.`;

await runCommand(
  USAGE,
  async ({ ports, studio, environment, names, isDryRun }) => {
    const [org = '', app = '', ...more] = (names[0] ?? '').split('/');
    const key = { org, app, environment: environment.name };
    if (names.length !== 1 || more.length > 0 || appNameProblems(key).length > 0)
      throw new Error(`name one app as ORG/APP\n\n${USAGE}`);
    const { state, sequence, isRetired } = await planRetire(ports, studio, key);
    const what = `${org}/${app} in ${environment.name} (its release: ${state}, sequence ${sequence})`;
    if (isRetired) return console.log(`The source of ${what} is not in cluster-${org}. Nothing is to be done.`);
    if (isDryRun)
      return console.log(`Would take the source of ${what} out of cluster-${org}. Run again with --apply to do it.`);
    await retireSource(ports, studio, key);
    console.log(`Took the source of ${what} out of cluster-${org}.`);
  },
  'for an app',
);
