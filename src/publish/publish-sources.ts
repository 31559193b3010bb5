import {
  isCurrentForm,
  readSources,
  type SourceEntry,
  type SourcesContent,
  sourceEntry,
  sourcesDocument,
  sourcesKustomization,
} from '../build/sources-document.ts';
import { AppError } from '../errors.ts';
import { canonicalJson } from '../model/digest.ts';
import { type Environment, findEnvironment, type Studio } from '../model/environments.ts';
import { clusterContainer, SOURCES_BLOB, SOURCES_KUSTOMIZATION_BLOB } from '../model/names.ts';
import type { DocumentPlace, Ports } from '../ports.ts';

export interface SourcesOutcome {
  readonly changed: boolean;
  /** In the document, not in the ledger: kept, and reported. */
  readonly unknown: readonly string[];
}

const MAX_ATTEMPTS = 20;

export const sourcesPlace = (environment: string, org: string): DocumentPlace => ({
  environment,
  container: clusterContainer(org),
  blob: SOURCES_BLOB,
});

/**
 * Makes the cluster's sources name every app of the org whose release document is there. Only ever adds: an entry the
 * ledger does not know is kept, and one of another form too. An entry of ours that was changed by hand is put right.
 *
 * The order is as for a release: read, then ask the ledger, then write over exactly what was read.
 * @throws AppError LEDGER_FOREIGN, LEDGER_STALE: nothing was written; PUBLISH_CONTENDED, STORAGE_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export async function publishSources(
  ports: Ports,
  studio: Studio,
  org: string,
  environmentName: string,
): Promise<SourcesOutcome> {
  const environment = requireEnvironment(studio, environmentName);
  const place = sourcesPlace(environmentName, org);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const stored = await ports.documents.read(place);
    const content = stored && readSources(stored.text, org, studio);
    const installation = await ports.ledger.installation();
    assertOwn(content, installation, org, environmentName);
    const releases = await ports.ledger.releases({ org, environment: environmentName });
    const ready = releases.filter((release) => release.publishedSequence !== undefined);
    if (stored && !content && ready.length === 0)
      throw new AppError(
        'LEDGER_STALE',
        `sources of ${org} in ${environmentName} are damaged, and the database knows no app`,
      );
    const desired = ready.map((app) => sourceEntry(app, environment, studio));
    const { entries, unknown } = mergeEntries(content?.entries ?? [], desired);
    const document = sourcesDocument(org, environment, studio, installation, entries);
    const changed = document !== stored?.text;
    if (changed) {
      // First the guard, then what it guards.
      await ensureKustomization(ports, studio, org, environmentName);
      if ((await ports.documents.write(place, document, stored?.etag)) === undefined) continue;
      ports.log.info('sources published', { org, environment: environmentName, apps: entries.length });
    }
    const added = ready.filter((release) => release.sourceSince === undefined).map(({ app }) => app);
    if (added.length > 0) await ports.ledger.recordSources(org, environmentName, added);
    return { changed, unknown };
  }
  throw new AppError(
    'PUBLISH_CONTENDED',
    `sources of ${org} in ${environmentName} changed ${MAX_ATTEMPTS} times while they were written`,
  );
}

/** @throws AppError LEDGER_FOREIGN when the cluster's sources were written by another installation */
export async function assertOwnSources(
  ports: Ports,
  studio: Studio,
  org: string,
  environmentName: string,
  installation: string,
): Promise<void> {
  const stored = await ports.documents.read(sourcesPlace(environmentName, org));
  assertOwn(stored && readSources(stored.text, org, studio), installation, org, environmentName);
}

/** Rewrites the guard beside the sources where it is missing or was changed. */
export async function ensureKustomization(
  ports: Ports,
  studio: Studio,
  org: string,
  environment: string,
): Promise<boolean> {
  const place = { ...sourcesPlace(environment, org), blob: SOURCES_KUSTOMIZATION_BLOB };
  const wanted = sourcesKustomization(org, studio);
  const stored = await ports.documents.read(place);
  if (stored?.text === wanted) return false;
  // Losing this race means that somebody has written the same bytes, or that the next pass will.
  return (await ports.documents.write(place, wanted, stored?.etag)) !== undefined;
}

/** Pure. What stands in the document stays, what the ledger knows is added or put right. */
export function mergeEntries(
  stored: readonly SourceEntry[],
  desired: readonly SourceEntry[],
): { entries: SourceEntry[]; unknown: string[] } {
  const entries = new Map(stored.map((entry) => [entry.name, entry]));
  for (const entry of desired) {
    const existing = entries.get(entry.name);
    const keep = existing !== undefined && existing.objects.length === entry.objects.length && !isCurrentForm(existing);
    const same = existing !== undefined && canonicalJson(existing.objects) === canonicalJson(entry.objects);
    if (!keep && !same) entries.set(entry.name, entry);
  }
  const known = new Set(desired.map(({ name }) => name));
  return { entries: [...entries.values()], unknown: [...entries.keys()].filter((name) => !known.has(name)) };
}

function assertOwn(content: SourcesContent | undefined, installation: string, org: string, environment: string): void {
  const of = content?.writtenFor;
  if (of !== undefined && (of.installation !== installation || of.environment !== environment))
    throw new AppError(
      'LEDGER_FOREIGN',
      `sources of ${org} in ${environment} belong to installation ${of.installation}, environment ${of.environment}; this is ${installation}; nothing was written`,
    );
}

function requireEnvironment(studio: Studio, name: string): Environment {
  const environment = findEnvironment(studio, name);
  if (environment === undefined) throw new AppError('ENVIRONMENT_UNKNOWN', `environment '${name}' is not configured`);
  return environment;
}
