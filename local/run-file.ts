import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fluxEventsKey } from './flux-events-key.ts';
import type { GiteaStandIn } from './gitea/server.ts';
import type { FunctionsHost } from './host/functions-host.ts';
import type { Azurite } from './services/azurite.ts';
import type { Postgres } from './services/postgres.ts';
import { ENVIRONMENTS, STUDIO_ACCOUNT } from './write-settings.ts';

/** Where everything is, for other programs: written to `run.json` in the folder where state is kept. */
export interface RunFile {
  readonly pid: number;
  readonly functionsUrl: string;
  readonly giteaUrl: string;
  readonly postgresUrl: string;
  /** Connection strings. */
  readonly studioStorage: string;
  readonly environments: Readonly<Record<string, string>>;
  /** Master of the keys that clusters' events are signed with. */
  readonly fluxEventsKey: string;
}

export async function readRunFile(directory: string): Promise<RunFile | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, 'run.json'), 'utf8')) as RunFile;
  } catch {
    return undefined;
  }
}

export async function writeRunFile(
  directory: string,
  host: FunctionsHost,
  azurite: Azurite,
  postgres: Postgres,
  gitea: GiteaStandIn,
): Promise<RunFile> {
  const names = Object.keys(ENVIRONMENTS);
  const run = {
    pid: process.pid,
    functionsUrl: host.url,
    giteaUrl: gitea.url,
    postgresUrl: postgres.url,
    studioStorage: azurite.connectionString(STUDIO_ACCOUNT),
    environments: Object.fromEntries(names.map((name) => [name, azurite.connectionString(name)])),
    fluxEventsKey: await fluxEventsKey(directory),
  };
  await writeFile(join(directory, 'run.json'), `${JSON.stringify(run, null, 2)}\n`);
  return run;
}
