import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Row } from './measure.ts';

/**
 * `node --import tsx bench/cost-on-paper.ts [--deploys-per-app 4 --flux-interval-minutes 1 …]`: what an app costs each month at
 * three sizes. Counts are those of the code and of Flux (see docs/scale.md), times those of `results.json`; prices are
 * parameters: the ones here are only of the right size, put in those of your contract. Per 10,000 or per million as listed.
 */
const PARAMETERS = {
  environments: 6,
  clusters: 126,
  'deploys-per-app': 4,
  'artifact-megabytes': 1,
  'kept-months': 12,
  'flux-interval-minutes': 1,
  'function-gigabytes': 2,
  'write-per-10000': 0.055,
  'list-per-10000': 0.055,
  'read-per-10000': 0.0044,
  'gigabyte-month': 0.02,
  'event-per-million': 0.6,
  'execution-per-million': 0.4,
  'gigabyte-second': 0.000026,
  'database-month': 200,
};
type Parameters = Record<keyof typeof PARAMETERS, number>;

const SIZES = [1_000, 10_000, 1_000_000];
const MINUTES_PER_MONTH = 43_200;
/** Blobs of one deployment of an app that is there: incoming, archive, release document, what Flux reads; one deleted. */
const DEPLOY = { writes: 4, reads: 3, events: 1, executions: 2 };
/** Of Flux at each interval of a Bucket: two listings, `.sourceignore` and the one document. */
const FLUX = { lists: 2, reads: 2 };

const options = Object.fromEntries(Object.keys(PARAMETERS).map((name) => [name, { type: 'string' as const }]));
const given = parseArgs({ options }).values;
const parameters = Object.fromEntries(
  Object.entries(PARAMETERS).map(([name, value]) => [name, Number(given[name] ?? value)]),
) as Parameters;
const results = JSON.parse(await readFile(new URL('results.json', import.meta.url), 'utf8'));
const deploySeconds = measured('request', 'grant-application: request to published') / 1_000;
const passSeconds = measured('reconcile', '10000 apps in 6 environments, nothing to do') / 1_000;

console.log(
  `Each month, a deployment taking ${deploySeconds.toFixed(2)} function seconds, and a pass over 10,000 apps ${passSeconds.toFixed(2)}:\n`,
);
const columns = SIZES.map((apps) => costs(apps, parameters));
for (const name of Object.keys(columns[0] ?? {}))
  console.log(name.padEnd(44), ...columns.map((column) => show(column[name]).padStart(16)));

function costs(apps: number, p: Parameters): Record<string, number> {
  const deploys = apps * p['deploys-per-app'];
  const passReads = MINUTES_PER_MONTH * (p.clusters + (apps * p.environments) / 60);
  const fluxTimes = (MINUTES_PER_MONTH / p['flux-interval-minutes']) * apps * p.environments;
  const seconds = deploys * deploySeconds + MINUTES_PER_MONTH * passSeconds * (apps / 10_000);
  const gigabytes = (deploys * p['kept-months'] * p['artifact-megabytes']) / 1_000;
  const money = {
    'deployments: storage':
      (deploys * (DEPLOY.writes * p['write-per-10000'] + DEPLOY.reads * p['read-per-10000'])) / 1e4,
    'passes: storage': (passReads * p['read-per-10000']) / 1e4,
    'Flux: storage': (fluxTimes * (FLUX.lists * p['list-per-10000'] + FLUX.reads * p['read-per-10000'])) / 1e4,
    'archive: storage': gigabytes * p['gigabyte-month'],
    events: (deploys * DEPLOY.events * p['event-per-million']) / 1e6,
    functions:
      seconds * p['function-gigabytes'] * p['gigabyte-second'] +
      ((deploys * DEPLOY.executions + MINUTES_PER_MONTH * 2) * p['execution-per-million']) / 1e6,
    database: p['database-month'],
  };
  const sum = Object.values(money).reduce((total, one) => total + one, 0);
  return {
    apps,
    'deployments: requests to storage': deploys * (DEPLOY.writes + DEPLOY.reads + 1),
    'passes: requests to storage': passReads,
    'Flux: requests to storage': fluxTimes * (FLUX.lists + FLUX.reads),
    'Flux: requests each second': (fluxTimes * (FLUX.lists + FLUX.reads)) / (MINUTES_PER_MONTH * 60),
    'gigabytes moved by deployments, three times each': (deploys * 3 * p['artifact-megabytes']) / 1_000,
    'gigabytes in the archive': gigabytes,
    'function seconds': seconds,
    ...Object.fromEntries(Object.entries(money).map(([name, value]) => [`price: ${name}`, value])),
    'price: sum': sum,
    'price: sum for each app': sum / apps,
    'price: for each app without what Flux asks': (sum - money['Flux: storage']) / apps,
  };
}

function measured(part: string, what: string): number {
  const row = (results.parts?.[part]?.rows as Row[] | undefined)?.find((one) => one.what === what);
  if (row === undefined) throw new Error(`bench/results.json has no '${what}': run npm run bench -- ${part}`);
  return row.value;
}

function show(value = Number.NaN): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
