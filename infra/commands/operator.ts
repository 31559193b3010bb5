import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { makeConsoleLog } from '../../src/adapters/console-log.ts';
import { type Config, type Env, loadConfig } from '../../src/config.ts';
import { connect } from '../../src/connect.ts';
import { AppError } from '../../src/errors.ts';
import { type Environment, findEnvironment, type Studio } from '../../src/model/environments.ts';
import type { Ports } from '../../src/ports.ts';

const LOCAL_SETTINGS = fileURLToPath(new URL('../../.local/settings.json', import.meta.url));

export interface Operator {
  readonly config: Config;
  readonly ports: Ports;
  readonly studio: Studio;
  readonly environment: Environment;
  /** Empty for a command that takes none. */
  readonly org: string;
  /** The arguments that are no options. */
  readonly names: readonly string[];
  /** Nothing is changed unless it was asked for. */
  readonly isDryRun: boolean;
}

/**
 * Runs an operator's command with the settings of the environment, or with `--local` those of the last `npm start`.
 * Every command names an environment, and only tells what it would do unless `--apply` is given.
 */
export async function runCommand(
  usage: string,
  work: (operator: Operator) => Promise<void>,
  scope: 'for all orgs' | 'for an org' = 'for all orgs',
): Promise<void> {
  try {
    const { values, positionals } = readArguments(usage, scope === 'for an org');
    const loaded = loadConfig(values.local ? readLocalSettings() : process.env);
    if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
    const { studio } = loaded.config;
    const environment = findEnvironment(studio, values.environment);
    if (environment === undefined)
      throw new Error(
        `--environment '${values.environment}': must be one of ${studio.environments.map(({ name }) => name).join(', ')}`,
      );
    const connection = connect(loaded.config, makeConsoleLog());
    try {
      await work({
        ...{ config: loaded.config, ports: connection.ports, studio, environment },
        ...{ org: values.org, names: positionals, isDryRun: !values.apply },
      });
    } finally {
      await connection.close();
    }
  } catch (error) {
    console.error(error instanceof AppError ? `${error.code}: ${error.message}` : (error as Error).message);
    process.exitCode = 1;
  }
}

function readArguments(usage: string, needsOrg: boolean) {
  const options = {
    environment: { type: 'string' },
    org: { type: 'string' },
    apply: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    local: { type: 'boolean', default: false },
  } as const satisfies ParseArgsConfig['options'];
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (values.environment === undefined) throw new Error('--environment is missing');
    if ((values.org !== undefined) !== needsOrg) throw new Error(`--org is ${needsOrg ? 'missing' : 'not taken here'}`);
    if (values.apply && values['dry-run']) throw new Error('--apply and --dry-run contradict each other');
    return { values: { ...values, environment: values.environment, org: values.org ?? '' }, positionals };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${usage}`);
  }
}

function readLocalSettings(): Env {
  try {
    return JSON.parse(readFileSync(LOCAL_SETTINGS, 'utf8')) as Env;
  } catch {
    throw new Error('--local: there is no local run; start one with npm start');
  }
}
