import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { makeConsoleLog } from '../../src/adapters/console-log.ts';
import { TIME_LIMITS, type TimeLimits } from '../../src/adapters/time-limits.ts';
import { type Config, type Env, loadConfig } from '../../src/config.ts';
import { connect } from '../../src/connect.ts';
import { AppError } from '../../src/errors.ts';
import { type Environment, findEnvironment, type Studio } from '../../src/model/environments.ts';
import type { Ports } from '../../src/ports.ts';
import { showUsage } from './show-usage.ts';

const LOCAL_SETTINGS = fileURLToPath(new URL('../../.local/settings.json', import.meta.url));

/** A connection begins with its token, for which the CLI may take its 20 s. */
const WITH_AZURE_CLI: TimeLimits = {
  ...TIME_LIMITS,
  database: { ...TIME_LIMITS.database, connectTimeoutMs: 30_000 },
};

/** What every operator's command is given. */
export interface Operator {
  readonly config: Config;
  readonly ports: Ports;
  readonly studio: Studio;
  /** The arguments that are no options, of a command for an app. */
  readonly names: readonly string[];
  /** Nothing is changed unless it was asked for. */
  readonly isDryRun: boolean;
}

type Options = NonNullable<ParseArgsConfig['options']>;

const FLAGS = { local: { type: 'boolean' } } as const satisfies Options;
/** Of the commands that change something and sign in for it. */
const FLAGS_OF_WRITERS = {
  ...FLAGS,
  apply: { type: 'boolean' },
  'azure-cli': { type: 'boolean' },
} as const satisfies Options;

interface Taken {
  readonly flags: Options;
  /** Whether there may be arguments that are no options. */
  readonly names: boolean;
}

/** Runs a command for one environment, named by `--environment`; one for an org prints a key of its, and changes nothing. */
export function runCommand(
  usage: string,
  work: (operator: Operator & { readonly environment: Environment; readonly org: string }) => Promise<void>,
  scope: 'for all orgs' | 'for an org' | 'for an app' = 'for all orgs',
): Promise<void> {
  const needsOrg = scope === 'for an org';
  const options = { environment: { type: 'string' }, org: { type: 'string' } } as const satisfies Options;
  const check = ({ environment, org }: { environment?: string; org?: string }) => {
    if (environment === undefined) throw new Error('--environment is missing');
    if ((org !== undefined) !== needsOrg) throw new Error(`--org is ${needsOrg ? 'missing' : 'not taken here'}`);
  };
  const takes = { flags: needsOrg ? FLAGS : FLAGS_OF_WRITERS, names: scope === 'for an app' };
  return run(usage, takes, options, check, async (operator, { environment: name = '', org = '' }) => {
    const { environments } = operator.studio;
    const environment = findEnvironment(operator.studio, name);
    if (environment === undefined)
      throw new Error(`--environment '${name}': must be one of ${environments.map((one) => one.name).join(', ')}`);
    await work({ ...operator, environment, org });
  });
}

/** Runs a command for all environments at once; `installation` is undefined unless `--installation` is given. */
export function runForInstallation(
  usage: string,
  work: (operator: Operator & { readonly installation: string | undefined }) => Promise<void>,
): Promise<void> {
  const options = { installation: { type: 'string' } } as const satisfies Options;
  return run(
    usage,
    { flags: FLAGS_OF_WRITERS, names: false },
    options,
    () => {},
    (operator, { installation }) => work({ ...operator, installation }),
  );
}

/**
 * With the settings of the environment it runs in, or with `--local` those of the last `npm start` that kept its state in
 * `.local`; as the managed identity, or with `--azure-cli` as whoever is signed in there. A command that changes something only
 * tells what it would do unless `--apply` is given.
 */
async function run<O extends Options>(
  usage: string,
  takes: Taken,
  options: O,
  check: (values: { [K in keyof O]?: string }) => void,
  work: (operator: Operator, values: { [K in keyof O]?: string }) => Promise<void>,
): Promise<void> {
  showUsage(usage);
  try {
    const { isLocal, isAzureCli, isDryRun, names, values } = readArguments(usage, takes, options, check);
    const loaded = loadConfig(
      isLocal ? readLocalSettings() : process.env,
      isAzureCli ? { as: 'azure-cli' } : undefined,
    );
    if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
    const { config } = loaded;
    const connection = connect(config, makeConsoleLog(), isAzureCli ? WITH_AZURE_CLI : TIME_LIMITS);
    try {
      await work({ config, ports: connection.ports, studio: config.studio, names, isDryRun }, values);
    } finally {
      await connection.close();
    }
  } catch (error) {
    console.error(error instanceof AppError ? `${error.code}: ${error.message}` : (error as Error).message);
    process.exitCode = 1;
  }
}

function readArguments<O extends Options>(
  usage: string,
  takes: Taken,
  own: O,
  check: (values: { [K in keyof O]?: string }) => void,
) {
  try {
    const parsed = parseArgs({ options: { ...own, ...takes.flags }, allowPositionals: takes.names });
    const { apply, local, 'azure-cli': azureCli, ...values } = parsed.values as Record<string, string | boolean>;
    const given = values as { [K in keyof O]?: string };
    check(given);
    if (local && azureCli) throw new Error('--local and --azure-cli contradict each other');
    return {
      ...{ isLocal: local === true, isAzureCli: azureCli === true, isDryRun: apply !== true },
      ...{ names: parsed.positionals, values: given },
    };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${usage}`);
  }
}

function readLocalSettings(): Env {
  try {
    return JSON.parse(readFileSync(LOCAL_SETTINGS, 'utf8')) as Env;
  } catch {
    throw new Error(`--local: ${LOCAL_SETTINGS} is not there; start a local run with npm start, without --state`);
  }
}
