import { bareSubject, makeBareCalls, sumOf } from './bare-calls.ts';
import { deployOnce } from './deploy-once.ts';
import { type Row, type Settings, summarize, withAim } from './measure.ts';
import { type BenchSite, startBenchSite } from './start-site.ts';

const APPS = ['parking-permit', 'grant-application', 'household-survey'];
/** Of which it should take less than a second, on an idle machine of two cores. */
const MIDDLE = 'grant-application';
const AIM_MS = 1_000;
const AIM_RATIO = 1.5;

/** Before anything is counted: until V8 has compiled most of what is used, some thirty deployments take longer than all later ones. */
const WARM_UP_ROUNDS = 15;

/** From the HTTP request over the blob's event to the published document, beside the calls that it can't do without. */
export async function measureRequest({ rounds }: Settings): Promise<Row[]> {
  const site = await startBenchSite();
  try {
    const first = await deployOnce(site, MIDDLE);
    const what = `${MIDDLE}: request to published, of a process that has just begun and of an org that is new`;
    const rows: Row[] = [{ what, value: first.milliseconds, unit: 'ms' }];
    for (let round = 0; round < WARM_UP_ROUNDS; round++) for (const app of APPS) await deployOnce(site, app);
    for (const app of APPS) rows.push(...(await measureApp(site, app, rounds)));
    return rows;
  } finally {
    await site.stop();
  }
}

async function measureApp(site: BenchSite, app: string, rounds: number): Promise<Row[]> {
  const subject = await bareSubject(site, app);
  const whole: number[] = [];
  const bare: number[] = [];
  const ratios: number[] = [];
  const parts = new Map<string, number[]>();
  const add = (name: string, value: number) => parts.set(name, [...(parts.get(name) ?? []), value]);
  for (let round = 0; round < rounds; round++) {
    const calls = await makeBareCalls(site, subject);
    const { id, state, milliseconds } = await deployOnce(site, app);
    if (state !== 'published') throw new Error(`${app}: ${state}`);
    whole.push(milliseconds);
    bare.push(sumOf(calls));
    ratios.push(milliseconds / sumOf(calls));
    for (const [name, taken] of Object.entries(calls)) add(`bare call: ${name}`, taken);
    for (const [name, taken] of Object.entries(await stagesOf(site, id))) add(`stage: ${name}`, taken);
  }
  const aim = { ratio: AIM_RATIO, ...(app === MIDDLE ? { value: AIM_MS } : {}) };
  const row: Row = { what: `${app}: request to published`, unit: 'ms', ...summarize(whole) };
  return [
    { what: `${app}: the bare calls, one after the other`, unit: 'ms', ...summarize(bare) },
    withAim({ ...row, ratio: summarize(ratios).value, beside: 'the bare calls' }, aim),
    ...[...parts].map(([name, taken]): Row => ({ what: `${app}: ${name}`, unit: 'ms', ...summarize(taken) })),
  ];
}

/** By the database's clock, from one event of its history to the next. */
async function stagesOf(site: BenchSite, id: string): Promise<Record<string, number>> {
  const rows = await site.sql<{ type: string; at: Date }>(
    'select type, created_at as at from pull_deploy.deployment_events where deployment_id = $1 order by created_at',
    [id],
  );
  const at = new Map(rows.map((row) => [row.type, row.at.getTime()]));
  const between = (from: string, to: string) => Math.max(0, (at.get(to) ?? Number.NaN) - (at.get(from) ?? Number.NaN));
  return {
    'accepted to built and stored': between('accepted', 'uploaded'),
    'accepted to published': between('accepted', 'published'),
  };
}
