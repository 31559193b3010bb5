import { startAzurite } from '../local/services/azurite.ts';
import { ENVIRONMENTS, STUDIO_ACCOUNT } from '../local/write-settings.ts';
import { makeArtifactStore } from '../src/adapters/artifact-store.ts';
import { openStorage } from '../src/adapters/blob-storage.ts';
import { makeClusterDocuments } from '../src/adapters/cluster-documents.ts';
import { makeLedger } from '../src/adapters/ledger/make-ledger.ts';
import type { LedgerRelease } from '../src/ledger.ts';
import type { Studio } from '../src/model/environments.ts';
import type { DocumentPlace, Ports } from '../src/ports.ts';
import { releasePlace } from '../src/publish/document-places.ts';
import { publishSources } from '../src/publish/publish-sources.ts';
import { shareOf } from '../src/reconcile/observe.ts';
import { NO_TELEMETRY } from '../src/telemetry.ts';
import { recordStatements } from '../test/support/explain.ts';
import { startFilledLedger } from '../test/support/filled-ledger.ts';
import { collectLog, type LogLine } from '../test/support/stack.ts';

export interface Calls {
  statements: number;
  /** Reads, HEADs and writes of documents of a cluster, and of an app. */
  cluster: number;
  app: number;
  writes: number;
  mostAtOnce: number;
}

export interface Site {
  readonly ports: Ports;
  readonly calls: Calls;
  readonly lines: readonly LogLine[];
  sql(statement: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** PostgreSQL with so many apps, each in six environments, and empty storage; every call counted. */
export async function startSite(apps: number): Promise<Site> {
  const [filled, azurite] = await Promise.all([
    startFilledLedger({ apps, deployments: 0 }),
    startAzurite({ accounts: [STUDIO_ACCOUNT, ...Object.keys(ENVIRONMENTS)] }),
  ]);
  const account = (name: string) => openStorage({ connectionString: azurite.connectionString(name) });
  const { db, statements } = recordStatements(filled.database);
  const { log, lines } = collectLog();
  const calls = { cluster: 0, app: 0, writes: 0, mostAtOnce: 0, statements: 0 };
  Object.defineProperty(calls, 'statements', { get: () => statements.length, set: () => (statements.length = 0) });
  const accounts = new Map(Object.keys(ENVIRONMENTS).map((name) => [name, account(name)]));
  const ports = {
    ledger: makeLedger(db),
    artifacts: makeArtifactStore(account(STUDIO_ACCOUNT)),
    documents: countCalls(makeClusterDocuments(accounts), calls),
    clusters: { pullNow() {}, settled: async () => {} },
    telemetry: NO_TELEMETRY,
    log,
  } as unknown as Ports;
  return {
    ports,
    calls,
    lines,
    sql: (statement) => filled.database.query(statement),
    async stop() {
      await azurite.stop();
      await filled.stop();
    },
  };
}

function countCalls(documents: Ports['documents'], calls: Calls): Ports['documents'] {
  let underWay = 0;
  const counted = async <T>({ container }: DocumentPlace, call: Promise<T>): Promise<T> => {
    calls[container.startsWith('cluster-') ? 'cluster' : 'app']++;
    calls.mostAtOnce = Math.max(calls.mostAtOnce, ++underWay);
    return call.finally(() => underWay--);
  };
  return {
    ...documents,
    read: (place) => counted(place, documents.read(place)),
    etag: (place) => counted(place, documents.etag(place)),
    write(place, text, replaces) {
      calls.writes++;
      return counted(place, documents.write(place, text, replaces));
    },
  };
}

/**
 * Storage as after years of passes, as far as pass 0 looks: the releases of its share and each cluster's first, and all
 * sources. The others' documents are never asked for, and would take minutes to write.
 */
export async function seedStorage({ ports, sql }: Site, studio: Studio): Promise<void> {
  const { releases } = await ports.ledger.appsAndReleases();
  const firsts = releases.filter(
    ({ org, environment }, i) => i < 6 || releases[i - 6]?.org !== org || releases[i - 6]?.environment !== environment,
  );
  // A few more: the share moves on by some when apps are added.
  const looked = releases.slice(0, shareOf(releases, 0).length + 20);
  for (const release of new Set([...looked, ...firsts])) {
    const written = await ports.documents.write(releasePlace(release), 'looked at by its ETag alone', undefined);
    await sql(updateEtag(release, written?.etag ?? ''));
  }
  for (const { name, orgs } of studio.environments)
    for (const org of orgs) await publishSources(ports, studio, org, name);
}

const updateEtag = ({ org, app, environment }: LedgerRelease, etag: string): string =>
  `update pull_deploy.releases set published_etag = '${etag}'
    where (org, app, environment) = ('${org}', '${app}', '${environment}')`;
