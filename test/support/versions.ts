import { writeApp } from './app-folder.ts';
import type { TestStack } from './stack.ts';

/** A new commit of an app's folder, and a succeeded release of it in Studio. Returns the commit. */
export async function releaseVersion(
  stack: TestStack,
  folder: string,
  app: string,
  tagName: string,
  files: Record<string, string>,
): Promise<string> {
  await writeApp(folder, 'ttd', app, files);
  await stack.rescan();
  // The rescan made a release `1` of the new commit; the test is about another tag.
  const [row] = await stack.sql<{ entity: string; sequenceno: string }>(
    `delete from designer.releases
      where sequenceno = (select max(sequenceno) from designer.releases where (org, app, tagname) = ('ttd', $1, '1'))
      returning entity, sequenceno`,
    [app],
  );
  const entity = { ...JSON.parse(row?.entity ?? '{}'), tagName };
  await stack.sql(
    `insert into designer.releases (buildid, tagname, org, app, buildstatus, buildresult, created, entity)
     values ($1, $2, 'ttd', $3, 'completed', 'succeeded', now(), $4)`,
    [`${app}-${tagName}`, tagName, app, JSON.stringify(entity)],
  );
  return entity.targetCommitish;
}

export async function setScopes(stack: TestStack, app: string, scopes: readonly string[]): Promise<void> {
  await stack.sql(
    `insert into designer.app_scopes (org, app, scopes, created_by) values ('ttd', $1, $2, 'tester')
     on conflict (org, app) do update set scopes = excluded.scopes`,
    [app, JSON.stringify(scopes.map((scope) => ({ scope, description: scope })))],
  );
}
