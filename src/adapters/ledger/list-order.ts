import type { Database, Queryable } from '../postgres.ts';
import { chunks } from './statements.ts';

/**
 * Puts the ordinals of deployments into the order of time, which a rebuild disturbs: lists go by them, and find a span of time by
 * them. In a transaction of its own, which holds no release that someone might wait for; all but readers wait for it.
 */
export async function putInOrder(db: Database): Promise<void> {
  if ((await firstMisplaced(db)) === undefined) return;
  await db.transaction(async (tx) => {
    await tx.query('lock table pull_deploy.deployments in exclusive mode');
    const first = await firstMisplaced(tx);
    if (first !== undefined) await moveUp(tx, first);
  });
}

/** The time of the oldest row that stands before an older one. */
async function firstMisplaced(db: Queryable): Promise<string | undefined> {
  const [row] = await db.query<{ first: string | null }>(
    `select min(created_at)::text as first
       from (select created_at, min(created_at) over (order by ordinal desc rows between unbounded preceding and 1 preceding) as later
               from pull_deploy.deployments) d
      where created_at > later + interval '1 minute'`,
  );
  return row?.first ?? undefined;
}

/**
 * Gives new ordinals to all rows from that time on. They are few: what a ledger had got before it was rebuilt, or since the backup
 * that it was restored from, is newer than most that storage told.
 */
async function moveUp(tx: Queryable, first: string): Promise<void> {
  const rows = await tx.query<{ id: string }>(
    'select id from pull_deploy.deployments where created_at >= $1::timestamptz order by created_at, ordinal',
    [first],
  );
  for (const some of chunks(rows.map(({ id }) => id)))
    await tx.query(
      `do $$ declare one uuid;
       begin
         foreach one in array '{${some}}'::uuid[] loop
           update pull_deploy.deployments set ordinal = default where id = one;
         end loop;
       end $$`,
    );
}
