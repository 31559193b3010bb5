import { isRecord } from '../model/is-record.ts';
import type { StudioDatabase, StudioRelease } from '../ports.ts';
import type { Database } from './postgres.ts';

type ReleaseRow = { result: string | null; target: string | null; scopes: unknown; sequenceno: string };

/**
 * Studio's tables, schema `designer`: read only. Letter case of status values varies between old rows and new. Nothing is prepared:
 * Studio's migrations may change a column's type, after which a prepared statement fails for as long as its connection lives.
 */
export function makeStudioDatabase(db: Database): StudioDatabase {
  return {
    async findRelease({ org, app }, tagName): Promise<StudioRelease | undefined> {
      const [row] = await db.query<ReleaseRow>(
        `select sequenceno, buildresult as result, entity::jsonb ->> 'targetCommitish' as target,
                entity::jsonb -> 'buildInputs' -> 'maskinportenScopes' as scopes
           from designer.releases
          where (org, app, tagname) = ($1, $2, $3)
          order by (lower(buildresult) = 'succeeded') desc nulls last, sequenceno desc
          limit 1`,
        [org, app, tagName],
      );
      if (row === undefined) return undefined;
      const result = row.result ?? 'unknown';
      return {
        succeeded: result.toLowerCase() === 'succeeded' && row.target !== null,
        result,
        version: row.sequenceno,
        targetCommitish: row.target ?? '',
        scopes: row.scopes === null ? undefined : scopeNames(row.scopes),
      };
    },

    async scopes({ org, app }) {
      const [row] = await db.query<{ scopes: unknown; version: string }>(
        'select scopes, xmin::text as version from designer.app_scopes where (org, app) = ($1, $2)',
        [org, app],
      );
      return { names: scopeNames(row?.scopes), version: row?.version };
    },
  };
}

/** Studio keeps `[{"scope": "…", "description": "…"}]`; a list of plain names is taken too. */
function scopeNames(scopes: unknown): string[] {
  if (!Array.isArray(scopes)) return [];
  return scopes.flatMap((item: unknown) => {
    const name = isRecord(item) ? item.scope : item;
    return typeof name === 'string' && name !== '' ? [name] : [];
  });
}
