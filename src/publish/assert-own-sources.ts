import { readSources, type SourcesContent } from '../build/sources-document.ts';
import { AppError } from '../errors.ts';
import type { LedgerRelease, ReleaseStatus } from '../ledger.ts';
import type { Studio } from '../model/environments.ts';
import type { ReleaseKey } from '../model/names.ts';
import type { Ports, StoredDocument } from '../ports.ts';
import { releasePlace, sourcesPlace } from './document-places.ts';

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
  assertOwnContent(stored && readSources(stored.text, key.org, studio), installation, key.org, key.environment);
  // Read before the ledger was asked, the release may be there by now: someone else's, who has yet to write the sources.
  const wasEmptied = stored === undefined && publishedSequence !== undefined && !(await hasRelease(ports, key));
  if (wasEmptied)
    throw new AppError(
      'STORAGE_EMPTY',
      `${key.environment}: neither the release of ${key.org}/${key.app} nor the sources of ${key.org} are there; nothing was written`,
    );
}

/** Sources that another installation wrote, or for another environment, are never touched. */
export function assertOwnContent(
  content: SourcesContent | undefined,
  installation: string,
  org: string,
  environment: string,
): void {
  const of = content?.writtenFor;
  if (of !== undefined && (of.installation !== installation || of.environment !== environment))
    throw new AppError(
      'LEDGER_FOREIGN',
      `sources of ${org} in ${environment} belong to installation ${of.installation}, environment ${of.environment}; this is ${installation}; nothing was written`,
    );
}

/** A ledger that says more was there than is, or less, is not to be followed. */
export async function assertWasHere(
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
  for (const key of known) if (await hasRelease(ports, key)) return;
  throw new AppError(
    'STORAGE_EMPTY',
    `${environment}: neither the sources of ${org} nor any release of its ${known.length} apps is there; nothing was written`,
  );
}

const hasRelease = async (ports: Ports, key: ReleaseKey): Promise<boolean> =>
  (await ports.documents.etag(releasePlace(key))) !== undefined;
