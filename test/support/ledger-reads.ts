import type { DeploymentFilter, Ledger } from '../../src/ledger.ts';
import { BUSIEST_APP, LARGEST_ORG } from './fill-ledger.ts';

/** What the ledger was filled with, as far as the reads name it. */
export interface Landmarks {
  /** Ordinal of the newest of a thousand pages of 20 further back. */
  readonly deep: number;
  readonly deploymentId: string;
  readonly position: number;
  /** Half way through the years. */
  readonly middle: Date;
}

/** Every way to read the ledger's long tables, each where it costs most: the largest org, the busiest app, nothing found. */
export function ledgerReads(ledger: Ledger, marks: Landmarks): [string, () => Promise<unknown>][] {
  const org = LARGEST_ORG;
  const app = BUSIEST_APP;
  const filters: [string, Partial<DeploymentFilter>][] = [
    ['', {}],
    [', by environment', { environment: 'tt02' }],
    [', by an environment that has none', { environment: 'none' }],
    [', by state', { state: 'applied' }],
    [', by a state that none is in', { state: 'building' }],
    [', by kind', { kind: 'rollback' }],
    [', by tag', { tagName: '7' }],
    [', by a tag that none has', { tagName: 'none' }],
    [', by creator', { creator: 'Person 11' }],
    [', by a creator of none', { creator: 'Nobody' }],
    [', before the middle', { createdTo: marks.middle }],
    [', after the end', { createdFrom: new Date('2099-01-01') }],
    [', in an hour in the middle', span(marks.middle)],
    [', of an environment, before the beginning', { environment: 'tt02', createdTo: new Date('2000-01-01') }],
    [', by environment and state', { environment: 'at22', state: 'failed' }],
  ];
  const list = (filter: DeploymentFilter) => () => ledger.deployments(filter);
  return [
    ...filters.map(([by, filter]): [string, () => Promise<unknown>] => [
      `org's deployments${by}`,
      list({ org, limit: 21, ...filter }),
    ]),
    ...filters.map(([by, filter]): [string, () => Promise<unknown>] => [
      `app's deployments${by}`,
      list({ org, app, limit: 21, ...filter }),
    ]),
    ["org's deployments, page 1,000", list({ org, before: marks.deep, limit: 21 })],
    ["org's deployments by environment, page 1,000", list({ org, environment: 'at22', before: marks.deep, limit: 21 })],
    ["app's deployments, page 1,000", list({ org, app, before: marks.deep, limit: 21 })],
    ['one deployment', () => ledger.deployment(marks.deploymentId)],
    ["a deployment's events", () => ledger.events({ org, deploymentId: marks.deploymentId, after: 0, limit: 200 })],
    ["org's events, the newest", () => ledger.events({ org, after: marks.position, limit: 101 })],
    [
      "org's events, from the middle on",
      () => ledger.events({ org, after: Math.floor(marks.position / 2), limit: 101 }),
    ],
    ["org's overview, a page of 20 apps", () => ledger.overview(org, { after: 'app-5', limit: 21 })],
    ["an app's overview", () => ledger.overview(org, { app, limit: 1 })],
    ['dead requests', () => ledger.claimDead(10)],
    ['expired deployments', () => ledger.expired(10)],
  ];
}

const span = (from: Date) => ({ createdFrom: from, createdTo: new Date(from.getTime() + 3_600_000) });
