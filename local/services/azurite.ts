import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writtenBlob } from './azurite-access-log.ts';
import { freePort } from './free-port.ts';
import { startLinkedChild } from './linked-child.ts';
import { processInfo, waitUntilGone } from './process-info.ts';

type WriteListener = (account: string, container: string, blob: string) => void;

export interface Azurite {
  readonly port: number;
  connectionString(account: string): string;
  blobEndpoint(account: string): string;
  /** Calls the listener after each blob that was written; returns what ends that. */
  onWrite(listener: WriteListener): () => void;
  /** Saves the state and ends the server. Safe to call again. */
  stop(): Promise<void>;
}

export interface AzuriteOptions {
  /** Where state is kept; absent: in memory. */
  readonly directory?: string;
  readonly accounts: readonly string[];
  /** Preferred; a free one if absent or taken. */
  readonly port?: number;
  /** Files for https. Access tokens are taken then: their issuer, audience and times are looked at, not their signature. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

const leftoverTimeoutSeconds = 10;

/** Starts Azurite's blob server on 127.0.0.1. It ends with this process, however that ends. */
export async function startAzurite(options: AzuriteOptions): Promise<Azurite> {
  const directory = options.directory === undefined ? undefined : resolve(options.directory);
  const pidFile = directory && (await takeFolder(directory));
  const listeners = new Set<WriteListener>();
  const child = await startLinkedChild({
    name: 'Azurite',
    nodeArguments: [
      ...['--require', fileURLToPath(new URL('end-with-parent.cjs', import.meta.url)), blobServerScript()],
      ...['--blobHost', '127.0.0.1', '--blobPort', String(options.port ? await freePort(options.port) : 0)],
      // Azurite 3.35 is older than the storage SDK's API version.
      ...['--skipApiVersionCheck', '--disableTelemetry', '--disableProductStyleUrl'],
      ...(options.tls ? ['--oauth', 'basic', '--cert', options.tls.cert, '--key', options.tls.key] : []),
      ...(directory ? ['--location', directory] : ['--inMemoryPersistence']),
    ],
    env: {
      AZURITE_ACCOUNTS: options.accounts.map((account) => `${account}:${accountKey(account)}`).join(';'),
      AZURITE_DB: undefined, // would make it use an SQL database
      AZURITE_PID_FILE: pidFile,
    },
    ready: /successfully listens on https?:\/\/127\.0\.0\.1:(\d+)/,
    onOutput: (line) => {
      const written = writtenBlob(line);
      if (written) for (const listener of listeners) listener(written.account, written.container, written.blob);
    },
  });
  const port = Number(child.ready[1]);
  const protocol = options.tls ? 'https' : 'http';
  const blobEndpoint = (account: string) => `${protocol}://127.0.0.1:${port}/${account}`;
  return {
    port,
    blobEndpoint,
    connectionString: (account) =>
      `DefaultEndpointsProtocol=${protocol};AccountName=${account};AccountKey=${accountKey(account)};BlobEndpoint=${blobEndpoint(account)};`,
    onWrite: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: child.stop,
  };
}

/** Derived from the name, so that a connection string outlives a restart. It protects nothing. */
function accountKey(account: string): string {
  return createHash('sha256').update(account).digest('base64');
}

function blobServerScript(): string {
  return createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
}

/** Waits for an Azurite that still saves its state there: two on one folder would overwrite each other. */
async function takeFolder(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const pidFile = join(directory, 'azurite.pid');
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => '')) || undefined;
  const runs = pid !== undefined && processInfo(pid)?.command.includes('azurite');
  if (runs && !(await waitUntilGone(pid, leftoverTimeoutSeconds))) {
    throw new Error(`${directory}: in use by another Azurite, process ${pid}; stop it or choose another folder`);
  }
  await rm(pidFile, { force: true });
  return pidFile;
}
