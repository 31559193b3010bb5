import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchSite } from './start-site.ts';

const IN_PROGRESS = ['accepted', 'building', 'uploaded'];
const LOOK_EVERY_MS = 20;

export interface Deployed {
  readonly id: string;
  readonly state: string;
  /** From the request until it is published, or overtaken by another. */
  readonly milliseconds: number;
}

/**
 * As Studio does: asks over HTTP, waits for the answer, and then for what becomes of it. One that is refused for now comes again.
 * The time ends where the row says so, by the database's clock, which is this machine's: who looks comes late, and costs.
 */
export async function deployOnce(site: BenchSite, app: string): Promise<Deployed> {
  const started = performance.timeOrigin + performance.now();
  const url = `${site.functionsUrl}/api/v1/ttd/${app}/deployments`;
  const { id } = await ask(url);
  for (;;) {
    const [row] = await site.sql<{ state: string; ended: number }>(
      'select state, extract(epoch from coalesce(published_at, updated_at))::float8 * 1000 as ended from pull_deploy.deployments where id = $1',
      [id],
    );
    if (row && !IN_PROGRESS.includes(row.state)) return { id, state: row.state, milliseconds: row.ended - started };
    await sleep(LOOK_EVERY_MS);
  }
}

async function ask(url: string): Promise<{ id: string }> {
  for (;;) {
    const body = JSON.stringify({ envName: 'tt02', tagName: '1' });
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const answer = (await response.json()) as { id: string };
    if (response.status === 202) return answer;
    if (response.status !== 429) throw new Error(`${response.status}: ${JSON.stringify(answer)}`);
    await sleep(100);
  }
}
