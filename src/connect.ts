import { makeArtifactStore } from './adapters/artifact-store.ts';
import { openStorage } from './adapters/blob-storage.ts';
import { makeClusterDocuments } from './adapters/cluster-documents.ts';
import { makeFluxReceiver } from './adapters/flux-receiver.ts';
import { makeGitea } from './adapters/gitea.ts';
import { makeLedger } from './adapters/ledger/make-ledger.ts';
import { openDatabase } from './adapters/postgres.ts';
import { makeStudioDatabase } from './adapters/studio-database.ts';
import { TIME_LIMITS, type TimeLimits } from './adapters/time-limits.ts';
import type { Config } from './config.ts';
import { measurePorts } from './measure/measure-ports.ts';
import type { Log, Ports } from './ports.ts';
import { NO_TELEMETRY, type Telemetry } from './telemetry.ts';

export interface Connection {
  readonly ports: Ports;
  close(): Promise<void>;
}

/** The real adapter behind every port. Opens no connection: each does at its first use. */
export function connect(
  config: Config,
  log: Log,
  limits: TimeLimits = TIME_LIMITS,
  telemetry: Telemetry = NO_TELEMETRY,
): Connection {
  const database = openDatabase(config.database, log, limits.database);
  const accounts = new Map(
    [...config.environmentStorage].map(([name, storage]) => [name, openStorage(storage, limits.storage)]),
  );
  const maxArchiveBytes = config.studio.policy.limits.maxZipMebibytes * 2 ** 20;
  const ports: Ports = {
    ledger: makeLedger(database),
    studio: makeStudioDatabase(database),
    repositories: makeGitea(config.gitea, { ...limits.gitea, maxArchiveBytes }),
    artifacts: makeArtifactStore(openStorage(config.studioStorage, limits.storage)),
    documents: makeClusterDocuments(accounts),
    clusters: makeFluxReceiver(config.studio, config.fluxEventsKeys, log, limits.receiver),
    log,
    telemetry,
  };
  return { ports: telemetry.isOn ? measurePorts(ports) : ports, close: () => database.close() };
}
