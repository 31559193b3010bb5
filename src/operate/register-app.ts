import { METADATA_FILE } from '../build/check-app.ts';
import { AppError, type Problem, throwIfAny, toAppError } from '../errors.ts';
import type { Studio } from '../model/environments.ts';
import type { AppName } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { publishRelease } from '../publish/publish-release.ts';
import { publishSources } from '../publish/publish-sources.ts';
import { type AppView, showApp } from './show-apps.ts';

/**
 * Makes one app ready to be deployed, at once: its container, first release and source, in every environment where its
 * org has a cluster. Safe to ask again.
 * @throws AppError APP_UNKNOWN, CLUSTER_UNKNOWN; `unavailable` with a problem for each environment that is not ready
 */
export async function registerApp(
  ports: Ports,
  studio: Studio,
  name: AppName,
): Promise<{ view: AppView; isNew: boolean }> {
  const environments = studio.environments.filter(({ orgs }) => orgs.includes(name.org));
  if (environments.length === 0)
    throw new AppError('CLUSTER_UNKNOWN', `org '${name.org}' has no cluster in any environment`, { path: 'org' });
  // The file alone is not enough: Gitea hands it out under a repository's old name too.
  const [isThere, isApp] = await Promise.all([
    ports.repositories.exists(name),
    ports.repositories.hasFile(name, METADATA_FILE),
  ]);
  if (!isThere || !isApp)
    throw new AppError('APP_UNKNOWN', `Gitea has no repository ${name.org}/${name.app} with ${METADATA_FILE}`, {
      path: 'app',
    });
  const isNew = await ports.ledger.registerApp(name);
  const problems = await Promise.all(
    environments.map(({ name: environment }) => prepare(ports, studio, { ...name, environment })),
  );
  throwIfAny(problems.flat());
  return { view: await showApp(ports, studio, name), isNew };
}

async function prepare(ports: Ports, studio: Studio, key: AppName & { environment: string }): Promise<Problem[]> {
  try {
    await publishRelease(ports, studio, key);
    await publishSources(ports, studio, key.org, key.environment);
    return [];
  } catch (thrown) {
    return toAppError(thrown).problems.map((found) => ({ ...found, path: key.environment }));
  }
}
