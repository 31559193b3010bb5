import type { SourceEntry } from '../build/sources-document.ts';
import { AppError } from '../errors.ts';
import type { Studio } from '../model/environments.ts';
import { fluxName, type ReleaseKey, releaseKey } from '../model/names.ts';
import type { Archive, ArchivedDeployment } from './read-archive.ts';
import type { Published, PublishedDocument, PublishedSources } from './read-published.ts';

/** Of one app in one environment. */
export interface ReleaseFacts {
  readonly key: ReleaseKey;
  readonly archived: ArchivedDeployment[];
  document: PublishedDocument | undefined;
  sources: PublishedSources | undefined;
}

/** All that is known of each app in each environment; what belongs to another installation is left out, and told. */
export function collectFacts(
  archive: Archive,
  published: Published,
  studio: Studio,
  installation: string,
): { releases: readonly ReleaseFacts[]; problems: readonly string[] } {
  const problems: string[] = [];
  const releases = new Map<string, ReleaseFacts>();
  const isOurs = (of: string | undefined) => of === undefined || of === installation;
  const factsOf = (key: ReleaseKey): ReleaseFacts => {
    const name = nameOf(key);
    const known = releases.get(name) ?? { key: releaseKey(key), archived: [], document: undefined, sources: undefined };
    releases.set(name, known);
    return known;
  };
  for (const one of archive.deployments)
    if (isOurs(one.release?.marker.installation)) factsOf(one).archived.push(one);
    else problems.push(`artifacts of ${nameOf(one)}: ${one.deploymentId} is of another installation, and left out`);
  for (const document of published.releases)
    if (isOurs(document.marker?.installation) && isHere(document)) {
      if (document.stored) factsOf(document).document = document;
    } else problems.push(describeForeign(document));
  for (const sources of published.sources) {
    const { org, environment, content } = sources;
    const about = `sources of ${org} in ${environment}`;
    if (content === undefined) problems.push(`${about}: damaged; written again by the timer`);
    else if (!isOurs(content.writtenFor?.installation)) problems.push(`${about}: belong to another installation`);
    else
      for (const entry of content.entries)
        for (const app of appOf(entry, org, studio)) factsOf({ ...app, environment });
    for (const facts of releases.values())
      if (facts.key.org === org && facts.key.environment === environment) facts.sources = sources;
  }
  return { releases: [...releases.values()], problems };
}

const isHere = ({ marker, environment }: PublishedDocument): boolean =>
  (marker?.environment ?? environment) === environment;

function describeForeign(document: PublishedDocument): string {
  const { installation, environment, deploymentId } = document.marker ?? {};
  const about = `release of ${nameOf(document)}: belongs to installation ${installation}, ${environment}`;
  return deploymentId ? about : `${about}; it deploys nothing: delete it, and it is made again`;
}

/** The one that storage names; documents that deploy nothing don't count: a new database makes such for new apps. */
export function chooseInstallation(archive: Archive, published: Published, chosen: string | undefined): string {
  const named = [
    ...archive.deployments.map(({ release }) => release?.marker.installation),
    ...published.releases.map(({ marker }) => (marker?.deploymentId === undefined ? undefined : marker.installation)),
  ].filter((id) => id !== undefined);
  const sources = published.sources.map(({ content }) => content?.writtenFor?.installation);
  const found = new Set(named.length > 0 ? named : sources.filter((id) => id !== undefined));
  if (chosen !== undefined && !found.has(chosen))
    throw new AppError('LEDGER_FOREIGN', `storage names no installation '${chosen}': it names ${list(found)}`);
  if (chosen === undefined && found.size > 1)
    throw new AppError('LEDGER_FOREIGN', `storage names several installations, ${list(found)}: say which to rebuild`);
  const installation = chosen ?? [...found][0];
  if (installation === undefined)
    throw new AppError('STORAGE_EMPTY', 'storage names no installation: there is nothing to rebuild from');
  return installation;
}

const list = (ids: ReadonlySet<string>): string => [...ids].join(', ') || 'none';

/** The app of a source, whose name is `{org}-{app}-{studio}`; none of a stranger's. */
function appOf({ name }: SourceEntry, org: string, studio: Studio): { org: string; app: string }[] {
  const app = name.slice(org.length + 1, -(studio.name.length + 1));
  return app !== '' && fluxName({ org, app }, studio.name) === name ? [{ org, app }] : [];
}

export const nameOf = ({ org, app, environment }: ReleaseKey): string => `${org}/${app} in ${environment}`;
