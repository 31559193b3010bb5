import {
  isOtherForm,
  readSources,
  SOURCE_FORM,
  type SourceEntry,
  type SourcesContent,
  sourceEntry,
  sourcesDocument,
  sourcesKustomization,
} from '../build/sources-document.ts';
import { AppError } from '../errors.ts';
import type { LedgerRelease, ReleaseStatus } from '../ledger.ts';
import { canonicalJson, sha256 } from '../model/digest.ts';
import { type Environment, findEnvironment, type Studio } from '../model/environments.ts';
import {
  appContainer,
  clusterContainer,
  fluxName,
  RELEASE_BLOB,
  type ReleaseKey,
  SOURCES_BLOB,
  SOURCES_KUSTOMIZATION_BLOB,
} from '../model/names.ts';
import type { DocumentPlace, Ports, StoredDocument } from '../ports.ts';

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
    assertOwn(content, installation, org, environmentName);
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

/** A ledger that says more was there than is, or less, is not to be followed. */
async function assertWasHere(
  ports: Ports,
  stored: StoredDocument | undefined,
  content: SourcesContent | undefined,
  ready: readonly LedgerRelease[],
  org: string,
  environment: string,
): Promise<void> {
  if (stored && !content && ready.length === 0)
    throw new AppError(
      'LEDGER_STALE',
      `sources of ${org} in ${environment} are damaged, and the database knows no app`,
    );
  const known = ready.filter(({ sourceSince }) => sourceSince !== undefined);
  if (stored || known.length === 0) return;
  for (const key of known)
    if (await ports.documents.etag({ environment, container: appContainer(key), blob: RELEASE_BLOB })) return;
  throw new AppError(
    'STORAGE_EMPTY',
    `${environment}: neither the sources of ${org} nor any release of its ${known.length} apps is there; nothing was written`,
  );
}

/**
 * Looks at the cluster's sources before a document is made that is not there.
 * @throws AppError LEDGER_FOREIGN when another installation wrote them; STORAGE_EMPTY when they should be there and are not
 */
export async function assertOwnSources(
  ports: Ports,
  studio: Studio,
  key: ReleaseKey,
  { installation, publishedSequence, sourcesEtag }: ReleaseStatus,
): Promise<void> {
  const place = sourcesPlace(key.environment, key.org);
  // As we left them, so they are ours: those of an org with thousands of apps are megabytes, and each new app comes here.
  if (sourcesEtag !== undefined && (await ports.documents.etag(place)) === sourcesEtag) return;
  const stored = await ports.documents.read(place);
  assertOwn(stored && readSources(stored.text, key.org, studio), installation, key.org, key.environment);
  if (stored === undefined && publishedSequence !== undefined)
    throw new AppError(
      'STORAGE_EMPTY',
      `${key.environment}: neither the release of ${key.org}/${key.app} nor the sources of ${key.org} are there; nothing was written`,
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

/** What we wrote is in the order in which we write it: so mostly there is nothing to sort. */
const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b) || canonicalJson(a) === canonicalJson(b);

/** Pure. What stands in the document stays, what the ledger knows is added or put right. */
export function mergeEntries(
  stored: readonly SourceEntry[],
  desired: readonly SourceEntry[],
  otherForms: 'keep other forms' | 'bring to this form',
): { entries: SourceEntry[]; unknown: string[] } {
  const entries = new Map(stored.map((entry) => [entry.name, entry]));
  for (const entry of desired) {
    const existing = entries.get(entry.name);
    const isWhole = existing !== undefined && existing.objects.length === entry.objects.length;
    const keep = isWhole && isOtherForm(existing) && otherForms === 'keep other forms';
    const same = isWhole && isSame(existing.objects, entry.objects);
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
