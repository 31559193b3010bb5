import { releaseBlob } from '../../src/model/names.ts';
import { type ReindexReport, reindex } from '../../src/reindex/reindex.ts';
import { runForInstallation } from './operator.ts';

const USAGE = `npm run reindex -- [--installation ID] [--apply] [--local | --azure-cli]

Rebuilds the database's tables from storage, after the database was lost or an older one was restored: artifacts, deployments and what
is wanted, of all environments. Run the migrations first. Writes no document that Flux reads. Without --apply it only tells what it would do.`;

const PROGRESS_MS = 1_000;

await runForInstallation(USAGE, async ({ ports, studio, installation, isDryRun }) => {
  let told = performance.now();
  const tell = (done: number, of: number) => {
    if (performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    console.log(`read ${done} of ${of} archived deployments`);
  };
  print(await reindex(ports, studio, { installation, isDryRun, tell }));
});

function print({ plan, incoming, counts, refusedRepairs, orderProblem }: ReindexReport): void {
  for (const problem of plan.problems) console.log(`! ${problem}`);
  for (const path of refusedRepairs)
    console.log(
      `! artifacts/${releaseBlob(path)}: it is damaged, and nothing replaces a blob there: what is published stays, and can not be put right if it is changed by hand. Deploy the app again.`,
    );
  if (incoming > 0)
    console.log(
      `! ${incoming} blobs in incoming: taken as dropped artifacts where the environment allows those, else refused`,
    );
  const { installation, deployments, releases } = plan;
  console.log(
    `Installation ${installation}: ${deployments.length} deployments, ${releases.length} releases in storage.`,
  );
  console.log(
    `What storage does not tell: who asked for a deployment and why, its history and warnings, what the cluster told of it, what was
blocked, deployments that had no artifact yet or were refused, and Idempotency-Keys. Those that are published wait for the
cluster's next word, and are shown as silent until then.`,
  );
  console.log(
    counts === undefined
      ? 'Nothing was changed. Run again with --apply to do it.'
      : `Added ${counts.deploymentsAdded} deployments and ${counts.artifactsAdded} artifacts, ended ${counts.deploymentsEnded}, set ${counts.releasesChanged} releases.`,
  );
  if (orderProblem !== undefined)
    console.log(`! Lists of deployments are not in the order of time yet (${orderProblem}). Run it again for that.`);
}
