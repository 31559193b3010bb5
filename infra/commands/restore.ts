import { reconcileSources } from '../../src/reconcile/reconcile-sources.ts';
import { runCommand } from './operator.ts';

const USAGE = `npm run restore -- --environment ENV [--apply] [--local | --azure-cli]

Publishes everything again that the database says an environment's storage account should hold, after the account was emptied.
What is there is not overwritten unless it differs. Without --apply it only tells how much that is.`;

await runCommand(USAGE, async ({ ports, studio, environment, isDryRun }) => {
  const releases = (await ports.ledger.releases()).filter((release) => release.environment === environment.name);
  if (isDryRun)
    return console.log(
      `Would publish ${releases.length} releases in ${environment.name} again. Run again with --apply to do it.`,
    );
  await ports.ledger.forgetPublished(environment.name);
  const { releasesPublished, sourcesPublished, failures } = await reconcileSources(ports, studio, new Date());
  console.log(
    `Published ${releasesPublished} releases and the sources of ${sourcesPublished} clusters; ${failures} failed and are tried again each minute.`,
  );
});
