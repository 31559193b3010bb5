import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { TimeLimits } from '../../src/adapters/time-limits.ts';
import { type App, makeApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { connect } from '../../src/connect.ts';
import type { Ports } from '../../src/ports.ts';
import { collectLog, type TestStack } from '../support/stack.ts';
import {
  type FaultProxy,
  type HttpFault,
  startHttpFaultProxy,
  startTcpFaultProxy,
  type TcpFault,
} from './fault-proxy.ts';

/** Fewer than there are builds at once, so that they can all be taken. */
export const FAULTY_CONNECTIONS = 4;

/** As in Azure, but short: a test can't wait half a minute for each hang. */
const LIMITS: TimeLimits = {
  gitea: { callTimeoutMs: 1_000, archiveTimeoutMs: 1_500, retryDelayMs: 5, tries: 3 },
  storage: { callTimeoutMs: 500, tries: 3, retryDelayMs: 5, maxRetryDelayMs: 20 },
  receiver: { callTimeoutMs: 500, pauseMs: 500, atOnce: 8 },
  database: { connectTimeoutMs: 500, statementTimeoutMs: 700, maxConnections: FAULTY_CONNECTIONS, idleMs: 10_000 },
};

/** Which fault the next call meets; undefined: none. */
export interface Faults {
  storage: (method: string, path: string) => HttpFault | undefined;
  gitea: (method: string, path: string) => HttpFault | undefined;
  database: () => TcpFault | undefined;
}

export interface FaultyStack {
  readonly faults: Faults;
  readonly app: App;
  readonly ports: Ports;
  close(): Promise<void>;
}

const NONE: Faults = { storage: () => undefined, gitea: () => undefined, database: () => undefined };

/** The same state as the stack's, reached through proxies that fail on demand. One environment only. */
export async function startFaultyStack(stack: TestStack, environment: string): Promise<FaultyStack> {
  const faults: Faults = { ...NONE };
  const portOf = (url: string | undefined) => Number(new URL(url ?? '').port);
  const storagePort = portOf(/BlobEndpoint=([^;]+)/.exec(stack.env.STUDIO_STORAGE ?? '')?.[1]);
  const [giteaPort, databasePort] = [portOf(stack.env.GITEA_URL), portOf(stack.env.DATABASE_URL)];
  const proxies: FaultProxy[] = await Promise.all([
    startHttpFaultProxy(storagePort, (...call) => faults.storage(...call)),
    startHttpFaultProxy(giteaPort, (...call) => faults.gitea(...call)),
    startTcpFaultProxy(databasePort, () => faults.database()),
  ]);
  const [storage, gitea, database] = proxies.map(({ port }) => port);
  const through = (text: string | undefined, from: number, to: number | undefined) =>
    (text ?? '').replaceAll(`:${from}`, `:${to}`);
  const original = stack.env.ENVIRONMENTS_FILE ?? '';
  const file = join(dirname(original), 'faulty-environments.yaml');
  const { studio, environments } = parse(await readFile(original, 'utf8'));
  // The documents name the account as it is, not the way through the proxy.
  const { storage: account, connectionString } = environments[environment];
  const only = {
    ...environments[environment],
    storage: account,
    connectionString: through(connectionString, storagePort, storage),
  };
  await writeFile(file, stringify({ studio, environments: { [environment]: only } }));
  const loaded = loadConfig({
    ...stack.env,
    ENVIRONMENTS_FILE: file,
    STUDIO_STORAGE: through(stack.env.STUDIO_STORAGE, storagePort, storage),
    GITEA_URL: through(stack.env.GITEA_URL, giteaPort, gitea),
    DATABASE_URL: through(stack.env.DATABASE_URL, databasePort, database),
  });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  const connection = connect(loaded.config, collectLog().log, LIMITS);
  return {
    faults,
    app: makeApp(connection.ports, loaded.config.studio),
    ports: connection.ports,
    async close() {
      await connection.close();
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  };
}

export function noFaults(faults: Faults): void {
  Object.assign(faults, NONE);
}
