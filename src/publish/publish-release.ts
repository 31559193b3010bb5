import { bareRelease } from '../build/release-document.ts';
import { AppError } from '../errors.ts';
import type { ReleaseStatus } from '../ledger.ts';
import { sha256 } from '../model/digest.ts';
import type { Studio } from '../model/environments.ts';
import { appContainer, fluxName, isDeploymentId, type ReleaseKey, releaseKey } from '../model/names.ts';
import { type ReleaseMarker, readMarker } from '../model/release.ts';
import type { Ports, StoredDocument } from '../ports.ts';
import { readArchivedRelease } from './archived-release.ts';
import { assertOwnSources } from './assert-own-sources.ts';
import { releasePlace } from './document-places.ts';

export interface PublishOutcome {
  readonly changed: boolean;
  /** Whether the cluster's sources name the app already. */
  readonly hasSource: boolean;
}

/** What the ledger was held against, and said. */
export interface LedgerFit {
  readonly published: StoredDocument | undefined;
  readonly status: ReleaseStatus;
}

/** What the caller knows already, and need not be asked for again. */
export interface KnownRelease {
  /** From before it asked for the deployment to be wanted. */
  readonly fit: LedgerFit;
  /** Is wanted since then. */
  readonly wanted: { readonly sequence: number; readonly deploymentId: string };
  /** That it has archived for it. */
  readonly document: string;
}

/** More than ever needed: each loss means that someone else has just written the document. */
const MAX_ATTEMPTS = 20;

/**
 * Makes the app's release document what the ledger wants. Takes no deployment to publish: whoever calls it, whenever, the newest
 * wanted one is published.
 *
 * - read the document with its ETag, THEN what is wanted: whatever was written since then makes the write fail, and its writer
 *   wanted something newer. How long ago that was doesn't matter, nor that something newer is wanted by now: who wants it writes it
 * - refuse where the document tells that this ledger is not the one that wrote it, or is older than it
 * - write the wanted bytes over exactly what was read; lost the race: start again
 * - record what is published now
 *
 * @throws AppError LEDGER_STALE, LEDGER_FOREIGN, STORAGE_EMPTY: nothing was written; PUBLISH_CONTENDED, STORAGE_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export async function publishRelease(
  ports: Ports,
  studio: Studio,
  key: ReleaseKey,
  known?: KnownRelease,
): Promise<PublishOutcome> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const isKnown = known !== undefined && attempt === 0;
    const { stored, marker, status } = isKnown ? readKnown(studio, key, known) : await readState(ports, studio, key);
    assertNotBehind(key, marker, status);
    const sequence = status.wanted?.sequence ?? 0;
    if (stored === undefined) await assertOwnSources(ports, studio, key, status);
    const wanted = await wantedDocument(ports, studio, key, status, stored, marker, known);
    const changed = wanted !== stored?.text;
    const written = changed ? await ports.documents.write(releasePlace(key), wanted, stored?.etag) : stored;
    if (written === undefined) continue;
    await ports.ledger.recordPublished(key, {
      sequence,
      deploymentId: status.wanted?.deploymentId,
      digest: sha256(wanted),
      etag: written.etag,
    });
    if (changed && status.hasSource)
      ports.clusters.pullNow({
        environment: key.environment,
        org: key.org,
        container: appContainer(key),
        name: fluxName(key, studio.name),
      });
    if (changed)
      ports.log.info('release published', { ...releaseKey(key), sequence, deploymentId: status.wanted?.deploymentId });
    return { changed, hasSource: status.hasSource };
  }
  throw new AppError(
    'PUBLISH_CONTENDED',
    `${describe(key)}: the release document changed ${MAX_ATTEMPTS} times while it was written`,
  );
}

/**
 * Refuses before anything is wanted from a ledger that is not the one that storage was written from.
 * @throws AppError LEDGER_STALE, LEDGER_FOREIGN, STORAGE_EMPTY
 */
export async function assertLedgerFits(ports: Ports, studio: Studio, key: ReleaseKey): Promise<LedgerFit> {
  const { stored, status } = await readState(ports, studio, key);
  if (stored === undefined) await assertOwnSources(ports, studio, key, status);
  return { published: stored, status };
}

interface ReleaseState {
  readonly stored: StoredDocument | undefined;
  readonly marker: ReleaseMarker | undefined;
  readonly status: ReleaseStatus;
}

/** @throws AppError LEDGER_STALE, LEDGER_FOREIGN */
async function readState(ports: Ports, studio: Studio, key: ReleaseKey): Promise<ReleaseState> {
  const stored = await ports.documents.read(releasePlace(key));
  const marker = stored && readMarker(stored.text, key, studio.name);
  const named =
    marker?.deploymentId === undefined ? undefined : { deploymentId: marker.deploymentId, sequence: marker.sequence };
  const status = await ports.ledger.releaseStatus(key, named);
  assertLedgerKnows(key, marker, status);
  return { stored, marker, status };
}

function readKnown(studio: Studio, key: ReleaseKey, { fit, wanted }: KnownRelease): ReleaseState {
  const { published: stored, status } = fit;
  return { stored, marker: stored && readMarker(stored.text, key, studio.name), status: { ...status, wanted } };
}

function assertLedgerKnows(key: ReleaseKey, marker: ReleaseMarker | undefined, status: ReleaseStatus): void {
  if (marker === undefined) return;
  if (marker.environment !== key.environment)
    throw new AppError(
      'LEDGER_FOREIGN',
      `${describe(key)}: the account holds documents of '${marker.environment}'; nothing was written`,
    );
  if (marker.installation !== status.installation)
    throw new AppError(
      'LEDGER_FOREIGN',
      `${describe(key)}: the document belongs to installation ${marker.installation}, this is ${status.installation}; nothing was written`,
    );
  if (marker.deploymentId !== undefined && !status.knowsStored)
    throw new AppError(
      'LEDGER_STALE',
      `${describe(key)}: storage has deployment ${marker.deploymentId} with sequence ${marker.sequence}, which the database does not know; nothing was written`,
    );
}

/** What is wanted only ever moves up, and before it is published: a lower one means that the database went back. */
function assertNotBehind(key: ReleaseKey, marker: ReleaseMarker | undefined, status: ReleaseStatus): void {
  const wanted = status.wanted?.sequence ?? 0;
  if (marker !== undefined && marker.sequence > wanted)
    throw new AppError(
      'LEDGER_STALE',
      `${describe(key)}: storage has sequence ${marker.sequence}, the database wants ${wanted}; nothing was written`,
    );
}

async function wantedDocument(
  ports: Ports,
  studio: Studio,
  key: ReleaseKey,
  status: ReleaseStatus,
  stored: StoredDocument | undefined,
  marker: ReleaseMarker | undefined,
  known: KnownRelease | undefined,
): Promise<string> {
  const deploymentId = status.wanted?.deploymentId;
  if (deploymentId !== undefined) {
    if (known?.wanted.deploymentId === deploymentId) return known.document;
    return readArchivedRelease(ports, studio, { ...key, id: deploymentId, sequence: status.wanted?.sequence ?? 0 });
  }
  // Nothing was ever deployed, says the ledger: then storage must say so too.
  const bare = bareRelease(key, status.installation, studio);
  if (stored?.text === bare) return bare;
  const wasBare = marker?.state === 'none' || status.publishedSequence === 0;
  if ((stored !== undefined && !wasBare) || (await hasUnknownArtifacts(ports, key)))
    throw new AppError(
      'LEDGER_STALE',
      `${describe(key)}: storage has a release or artifacts, the database has none; nothing was written`,
    );
  return bare;
}

/** An archive that holds what the ledger has never heard of tells that the ledger was emptied, or is another one. */
async function hasUnknownArtifacts(ports: Ports, key: ReleaseKey): Promise<boolean> {
  const ids = await ports.artifacts.archivedIds(key);
  const known = await Promise.all(ids.map((id) => (isDeploymentId(id) ? ports.ledger.deployment(id) : undefined)));
  return known.some((deployment) => deployment === undefined);
}

function describe(key: ReleaseKey): string {
  return `${key.org}/${key.app} in ${key.environment}`;
}
