import {
  readSources,
  SOURCE_FORM,
  type SourceEntry,
  sourceEntry,
  sourcesDocument,
  sourcesKustomization,
} from '../build/sources-document.ts';
import { AppError } from '../errors.ts';
import type { LedgerRelease } from '../ledger.ts';
import { canonicalJson, sha256 } from '../model/digest.ts';
import { type Environment, findEnvironment, type Studio } from '../model/environments.ts';
import { fluxName, type ReleaseKey, SOURCES_KUSTOMIZATION_BLOB } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { assertOwnContent, assertWasHere } from './assert-own-sources.ts';
import { sourcesPlace } from './document-places.ts';
import { mergeEntries } from './merge-entries.ts';

export interface SourcesOutcome {
  readonly changed: boolean;
  /** In the document, not in the ledger: kept, and reported. */
  readonly unknown: readonly string[];
}

const MAX_ATTEMPTS = 20;

/**
 * Makes the cluster's sources name every app of the org whose release document is there. Only ever adds: an entry the
 * ledger does not know is kept, and one of another form too. An entry of ours that was changed by hand is put right.
 *
 * @throws AppError LEDGER_FOREIGN, LEDGER_STALE, STORAGE_EMPTY: nothing was written; PUBLISH_CONTENDED, *_UNAVAILABLE
 */
export function publishSources(
  ports: Ports,
  studio: Studio,
  org: string,
  environment: string,
): Promise<SourcesOutcome> {
  return rewriteSources(ports, studio, org, environment, (stored, desired) =>
    mergeEntries(stored, desired, 'keep other forms'),
  );
}

/** What an operator asks for: entries written by an earlier version in their form get this version's. */
export function upgradeSources(
  ports: Ports,
  studio: Studio,
  org: string,
  environment: string,
): Promise<SourcesOutcome> {
  return rewriteSources(ports, studio, org, environment, (stored, desired) =>
    mergeEntries(stored, desired, 'bring to this form'),
  );
}

/** The names of the entries that `upgradeSources` would change. Writes nothing. */
export async function planSourcesUpgrade(
  ports: Ports,
  studio: Studio,
  org: string,
  environmentName: string,
): Promise<string[]> {
  const environment = requireEnvironment(studio, environmentName);
  const stored = await ports.documents.read(sourcesPlace(environmentName, org));
  const content = stored && readSources(stored.text, org, studio);
  const releases = await ports.ledger.releases({ org, environment: environmentName });
  const desired = releases.filter(isReady).map((app) => sourceEntry(app, environment, studio));
  const before = new Map(content?.entries.map((entry) => [entry.name, canonicalJson(entry.objects)]));
  const { entries } = mergeEntries(content?.entries ?? [], desired, 'bring to this form');
  return entries.filter((entry) => before.get(entry.name) !== canonicalJson(entry.objects)).map(({ name }) => name);
}

/** What an operator asks for, and nobody else: takes one app's entry out. The app itself is left as it is. */
export function removeSource(ports: Ports, studio: Studio, key: ReleaseKey): Promise<SourcesOutcome> {
  const name = fluxName(key, studio.name);
  return rewriteSources(ports, studio, key.org, key.environment, (stored, desired) =>
    mergeEntries(
      stored.filter((entry) => entry.name !== name),
      desired,
      'keep other forms',
    ),
  );
}

type Merge = (
  stored: readonly SourceEntry[],
  desired: readonly SourceEntry[],
) => { entries: SourceEntry[]; unknown: string[] };

/** The order is as for a release: read, then ask the ledger, then write over exactly what was read; lost: again. */
async function rewriteSources(
  ports: Ports,
  studio: Studio,
  org: string,
  environmentName: string,
  merge: Merge,
): Promise<SourcesOutcome> {
  const environment = requireEnvironment(studio, environmentName);
  const place = sourcesPlace(environmentName, org);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const stored = await ports.documents.read(place);
    const content = stored && readSources(stored.text, org, studio);
    const [installation, releases] = await Promise.all([
      ports.ledger.installation(),
      ports.ledger.releases({ org, environment: environmentName }),
    ]);
    assertOwnContent(content, installation, org, environmentName);
    const ready = releases.filter(isReady);
    await assertWasHere(ports, stored, content, ready, org, environmentName);
    const desired = ready.map((app) => sourceEntry(app, environment, studio));
    const { entries, unknown } = merge(content?.entries ?? [], desired);
    const document = sourcesDocument(org, environment, studio, installation, entries);
    const changed = document !== stored?.text;
    // First the guard, then what it guards.
    if (changed) await ensureKustomization(ports, studio, org, environmentName);
    const written = changed ? await ports.documents.write(place, document, stored?.etag) : stored;
    if (written === undefined) continue;
    if (changed) ports.log.info('sources published', { org, environment: environmentName, apps: entries.length });
    const added = ready.filter((release) => release.sourceSince === undefined).map(({ app }) => app);
    if (added.length > 0) await ports.ledger.recordSources(org, environmentName, added);
    const desiredDigest = digestOfSources(studio, environment, ready);
    await ports.ledger.recordCluster({ org, environment: environmentName, sourcesEtag: written.etag, desiredDigest });
    if (changed)
      ports.clusters.pullNow({ environment: environmentName, org, container: place.container, name: place.container });
    return { changed, unknown };
  }
  throw new AppError(
    'PUBLISH_CONTENDED',
    `sources of ${org} in ${environmentName} changed ${MAX_ATTEMPTS} times while they were written`,
  );
}

/** Its release document is there, and no operator has retired it. */
const isReady = ({ publishedSequence, retiredAt }: LedgerRelease): boolean =>
  publishedSequence !== undefined && !retiredAt;

/** Of what a cluster's sources are to name, without rendering it: equal digests and an equal ETag mean nothing to do. */
export function digestOfSources(studio: Studio, environment: Environment, ready: readonly { app: string }[]): string {
  const { blobEndpoint, name } = environment;
  return sha256(
    canonicalJson([
      SOURCE_FORM,
      studio.name,
      studio.serviceAccountName ?? null,
      name,
      blobEndpoint,
      ready.map(({ app }) => app),
    ]),
  );
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

function requireEnvironment(studio: Studio, name: string): Environment {
  const environment = findEnvironment(studio, name);
  if (environment === undefined) throw new AppError('ENVIRONMENT_UNKNOWN', `environment '${name}' is not configured`);
  return environment;
}
