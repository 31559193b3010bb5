import { reconcileSources } from '../src/reconcile/reconcile-sources.ts';
import { LARGEST_ORG } from '../test/support/fill-ledger.ts';
import { FILLED_STUDIO } from '../test/support/filled-studio.ts';
import { type Row, type Settings, summarize, withAim } from './measure.ts';
import { type Calls, type Site, seedStorage, startSite } from './reconcile-site.ts';

const SIZES = [100, 1_000, 10_000];
const NEW_APPS = 10_000;
/** More than they take on any machine. */
const MOST_PASSES = 20;
const CLUSTERS = 126;
/** The first minute of all: the same share each time. */
const PASS = new Date(0);

/** A pass with nothing to do and one with one new app, at three sizes over 126 clusters; then many new apps at once. */
export async function measureReconcile(settings: Settings): Promise<Row[]> {
  const rows: Row[] = [];
  for (const apps of SIZES) rows.push(...(await measureSize(apps, settings)));
  return [...rows, ...(await measureNewApps())];
}

async function measureSize(apps: number, { rounds }: Settings): Promise<Row[]> {
  const site = await startSite(apps);
  try {
    await seedStorage(site, FILLED_STUDIO);
    const about = `${apps} apps in 6 environments`;
    const quiet: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const { milliseconds, planned } = await pass(site);
      if (planned > 0) throw new Error(`a pass with nothing to do planned ${planned} changes`);
      if (round >= 0) quiet.push(milliseconds);
    }
    const rows: Row[] = [
      { what: `${about}, nothing to do`, unit: 'ms', ...summarize(quiet) },
      ...countRows(`${about}, nothing to do`, site.calls, apps),
    ];
    await site.ports.ledger.registerApp({ org: LARGEST_ORG, app: 'one-new-app' });
    const { milliseconds } = await pass(site);
    const { statements, cluster, app, writes } = site.calls;
    return [
      ...rows,
      { what: `${about}, one new app`, unit: 'ms', value: milliseconds },
      { what: `${about}, one new app: statements`, unit: 'calls', value: statements },
      {
        what: `${about}, one new app: documents asked for or written beyond a quiet pass`,
        unit: 'calls',
        value: cluster + app - quietCalls(apps),
      },
      { what: `${about}, one new app: writes`, unit: 'calls', value: writes },
    ];
  } finally {
    await site.stop();
  }
}

const shareOfApps = (apps: number): number => Math.ceil((apps * 6) / 60);
const quietCalls = (apps: number): number => CLUSTERS + shareOfApps(apps);

function countRows(about: string, { statements, cluster, app, writes }: Calls, apps: number): Row[] {
  const row = (what: string, value: number, most: number) =>
    withAim({ what: `${about}: ${what}`, unit: 'calls', value }, { value: most });
  return [
    row('statements', statements, 3),
    row('requests for clusters', cluster, CLUSTERS),
    row('requests for apps', app, shareOfApps(apps)),
    row('writes', writes, 0),
  ];
}

/** All of them at once, in one environment. */
async function measureNewApps(): Promise<Row[]> {
  const site = await startSite(NEW_APPS);
  try {
    await site.sql('delete from pull_deploy.releases');
    const studio = { ...FILLED_STUDIO, environments: FILLED_STUDIO.environments.slice(0, 1) };
    const about = `${NEW_APPS} new apps at once`;
    let milliseconds = 0;
    let writes = 0;
    let mostAtOnce = 0;
    let passes = 0;
    // A pass ends with what it has time for; the next one goes on.
    for (;;) {
      const one = await pass(site, studio);
      if (one.planned === 0) break;
      if (++passes > MOST_PASSES) throw new Error(`${about}: ${one.planned} left after ${MOST_PASSES} passes`);
      milliseconds += one.milliseconds;
      writes += site.calls.writes;
      mostAtOnce = Math.max(mostAtOnce, site.calls.mostAtOnce);
    }
    const [{ published }] = (await site.sql(
      'select count(*)::int as published from pull_deploy.releases where published_sequence = 0 and source_since is not null',
    )) as [{ published: number }];
    if (published !== NEW_APPS) throw new Error(`${about}: ${published} were published`);
    return [
      { what: `${about}: until all are published`, unit: 'ms', value: milliseconds },
      { what: `${about}: releases`, unit: '/s', value: (NEW_APPS / milliseconds) * 1_000 },
      { what: `${about}: passes that they take`, unit: 'passes', value: passes },
      withAim(
        {
          what: `${about}: writes of sources and what guards them in each pass, 21 clusters`,
          unit: 'calls',
          value: (writes - NEW_APPS) / passes,
        },
        { value: 42 },
      ),
      withAim({ what: `${about}: most calls at one time`, unit: 'calls', value: mostAtOnce }, { value: 8 }),
    ];
  } finally {
    await site.stop();
  }
}

async function pass({ ports, calls, lines }: Site, studio = FILLED_STUDIO) {
  Object.assign(calls, { statements: 0, cluster: 0, app: 0, writes: 0, mostAtOnce: 0 });
  const started = performance.now();
  const { planned, failures } = await reconcileSources(ports, studio, PASS);
  if (failures > 0)
    throw new Error(`${failures} changes failed: ${JSON.stringify(lines.findLast(({ level }) => level === 'error'))}`);
  return { milliseconds: performance.now() - started, planned };
}
