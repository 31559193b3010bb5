import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import type { AppName } from '../../src/model/names.ts';

export interface SampleRelease extends AppName {
  readonly tagName: string;
  readonly commit: string;
  /** As Studio writes it; letter case varied over the years. */
  readonly result: 'succeeded' | 'Succeeded' | 'failed';
  readonly scopes?: readonly string[];
}

export interface SampleScopes extends AppName {
  readonly scopes: readonly string[];
}

/** Makes Studio's tables and rows such as Studio would have written. Safe to run again: only what is new is added. */
export async function seedStudio(
  url: string,
  releases: readonly SampleRelease[],
  scopes: readonly SampleScopes[],
): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(await readFile(new URL('tables.sql', import.meta.url), 'utf8'));
    for (const release of releases) await insertRelease(client, release);
    for (const { org, app, scopes: names } of scopes)
      await client.query(
        `insert into designer.app_scopes (org, app, scopes, created_by) values ($1, $2, $3, 'developer')
         on conflict (org, app) do nothing`,
        [org, app, JSON.stringify(names.map((scope) => ({ scope, description: `Sample scope ${scope}` })))],
      );
  } finally {
    await client.end();
  }
}

async function insertRelease(
  client: Client,
  { org, app, tagName, commit, result, scopes }: SampleRelease,
): Promise<void> {
  const entity = {
    tagName,
    name: tagName,
    targetCommitish: commit,
    build: { id: `${app}-${tagName}`, status: 'completed', result },
    ...(scopes === undefined
      ? {}
      : { buildInputs: { maskinportenScopes: scopes.map((scope) => ({ scope, description: scope })) } }),
    ...{ org, app, createdBy: 'developer' },
  };
  await client.query(
    `insert into designer.releases (buildid, tagname, org, app, buildstatus, buildresult, created, entity)
     select $1::text, $2::text, $3::text, $4::text, 'completed', $5::text, now(), $6::text
      where not exists (
        select 1 from designer.releases r
         where (r.org, r.app, r.tagname, r.buildresult) = ($3, $4, $2, $5) and r.entity::jsonb ->> 'targetCommitish' = $7
           and r.sequenceno = (select max(sequenceno) from designer.releases where (org, app, tagname) = ($3, $4, $2)))`,
    [`${app}-${tagName}`, tagName, org, app, result, JSON.stringify(entity), commit],
  );
}
