import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { bareSubject, makeBareCalls } from './bare-calls.ts';
import { deployOnce } from './deploy-once.ts';
import { generateApp } from './generate-app.ts';
import { type Row, type Settings, withAim } from './measure.ts';
import { type BenchSite, startBenchSite } from './start-site.ts';

const APPS = 20;
const DEPLOYMENTS = 200;
const CLIENTS = 16;
const SIZE = { files: 60, bytes: 300_000, noiseEvery: 10 };
const AIM_MS = 100;

/** Clients, functions and the delay of their event loop are all in this process; storage and database are not. */
export async function measureThroughput({ temporary }: Settings): Promise<Row[]> {
  const folder = join(temporary, 'throughput');
  const apps = Array.from({ length: APPS }, (_, i) => `load-${i}`);
  for (const app of apps) await generateApp(join(folder, 'ttd', app), app, SIZE);
  const site = await startBenchSite({ apps: folder });
  try {
    // Containers, sources and code are there after this.
    for (const app of apps) await deployOnce(site, app);
    const bare = await bareRate(site, apps);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const started = performance.now();
    const taken = await byClients(apps, async (app) => (await deployOnce(site, app)).milliseconds);
    const rate = (DEPLOYMENTS / (performance.now() - started)) * 1_000;
    delay.disable();
    const sorted = taken.toSorted((a, b) => a - b);
    const percentile = (part: number) => sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
    const loop = delay.percentile(99) / 1e6;
    return [
      { what: 'the bare calls', unit: '/s', value: bare },
      { what: 'deployments', unit: '/s', value: rate, ratio: rate / bare, beside: 'the bare calls' },
      ...[50, 95, 99].map(
        (part): Row => ({ what: `request to published, p${part}`, unit: 'ms', value: percentile(part / 100) }),
      ),
      withAim({ what: 'event-loop delay, p99', unit: 'ms', value: loop }, { value: AIM_MS }),
    ];
  } finally {
    await site.stop();
  }
}

async function bareRate(site: BenchSite, apps: readonly string[]): Promise<number> {
  const subjects = new Map(await Promise.all(apps.map(async (app) => [app, await bareSubject(site, app)] as const)));
  const started = performance.now();
  await byClients(apps, (app) => makeBareCalls(site, subjects.get(app) as never));
  return (DEPLOYMENTS / (performance.now() - started)) * 1_000;
}

async function byClients<T>(apps: readonly string[], work: (app: string) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const client = async () => {
    while (next < DEPLOYMENTS) results.push(await work(apps[next++ % APPS] as string));
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return results;
}
