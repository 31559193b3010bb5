import pg from 'pg';
import type { Database, Queryable } from '../../src/adapters/postgres.ts';

/** How PostgreSQL went about one statement. */
export interface Plan {
  readonly sql: string;
  /** Tables read from one end to the other. */
  readonly readWhole: readonly string[];
  /** Fetched from tables, those that were looked at in vain too. */
  readonly rowsRead: number;
  /** Of indexes that were read instead of their table. */
  readonly entriesRead: number;
  readonly milliseconds: number;
}

/** The same database, which notes each statement; a transaction's begin and commit are none. */
export function recordStatements(db: Database): { db: Database; statements: string[] } {
  const statements: string[] = [];
  const recording = (target: Queryable): Queryable => ({
    query(sql, values) {
      statements.push(sql);
      return target.query(sql, values);
    },
    prepared(sql, values) {
      statements.push(sql);
      return target.prepared(sql, values);
    },
  });
  const transaction: Database['transaction'] = (work) => db.transaction((tx) => work(recording(tx)));
  return { db: { ...db, ...recording(db), transaction }, statements };
}

/**
 * The same database, which explains each statement before it runs it: run, looked at, and taken back. One that is prepared is
 * explained by the plan that it has for any values, which PostgreSQL may go over to after five uses.
 */
export function explainStatements(db: Database): { db: Database; plans: Plan[] } {
  const plans: Plan[] = [];
  const explaining = (target: Queryable): Queryable => {
    return {
      async query(sql, values = []) {
        plans.push(await explain(target, sql, () => target.query(`${EXPLAIN} ${sql}`, values)));
        return target.query(sql, values);
      },
      async prepared(sql, values) {
        plans.push(await explain(target, sql, () => executeExplained(target, sql, values)));
        return target.prepared(sql, values);
      },
    };
  };
  const transaction: Database['transaction'] = (work) => db.transaction((tx) => work(explaining(tx)));
  const query: Database['query'] = (sql, values) => transaction((tx) => tx.query(sql, values));
  const prepared: Database['prepared'] = (sql, values) => transaction((tx) => tx.prepared(sql, values));
  return { db: { ...db, query, prepared, transaction }, plans };
}

const EXPLAIN = 'explain (analyze, format json)';

type ExplainedRow = { 'QUERY PLAN': [Explained] };

async function executeExplained(tx: Queryable, sql: string, values: readonly unknown[]): Promise<ExplainedRow[]> {
  await tx.query('set local plan_cache_mode = force_generic_plan');
  await tx.query(`prepare explained as ${sql}`);
  const rows = await tx.query<ExplainedRow>(`${EXPLAIN} execute explained (${values.map(literal).join(', ')})`);
  await tx.query('deallocate explained');
  return rows;
}

function literal(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map((item) => JSON.stringify(item)).join()}}`);
  return pg.escapeLiteral(value instanceof Date ? value.toISOString() : String(value));
}

async function explain(tx: Queryable, sql: string, run: () => Promise<Record<string, unknown>[]>): Promise<Plan> {
  await tx.query('savepoint explained');
  const [row] = await run();
  await tx.query('rollback to savepoint explained');
  const { Plan: root, ...times } = (row as { 'QUERY PLAN': [Explained] })['QUERY PLAN'][0];
  const nodes = [...nodesOf(root)];
  return {
    sql,
    readWhole: nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => String(node['Relation Name'])),
    rowsRead: nodes.filter(isOfTable).reduce((sum, node) => sum + rowsOf(node), 0),
    entriesRead: nodes.filter(isOfIndex).reduce((sum, node) => sum + rowsOf(node), 0),
    milliseconds: times['Execution Time'] + times['Planning Time'],
  };
}

interface Explained {
  readonly Plan: PlanNode;
  readonly 'Execution Time': number;
  readonly 'Planning Time': number;
}

interface PlanNode extends Readonly<Record<string, unknown>> {
  readonly Plans?: readonly PlanNode[];
}

function* nodesOf(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const child of node.Plans ?? []) yield* nodesOf(child);
}

const isOfIndex = (node: PlanNode): boolean => node['Node Type'] === 'Index Only Scan';

const isOfTable = (node: PlanNode): boolean =>
  ['Seq Scan', 'Index Scan', 'Bitmap Heap Scan'].includes(String(node['Node Type']));

function rowsOf(node: PlanNode): number {
  const number = (name: string) => Number(node[name] ?? 0);
  const looked = number('Actual Rows') + number('Rows Removed by Filter') + number('Rows Removed by Index Recheck');
  return Math.round(looked * number('Actual Loops'));
}
