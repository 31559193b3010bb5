import { type Problem, toAppError } from '../errors.ts';
import type { Studio } from '../model/environments.ts';
import type { Ports } from '../ports.ts';

export interface HealthCheck {
  readonly name: string;
  readonly status: 'ok' | 'failing';
  readonly message?: string;
  readonly durationMs: number;
}

export interface Health {
  /** `degraded`: some of it works; what does not is among the checks. */
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly checks: readonly HealthCheck[];
  /** What is wrong with the configuration. */
  readonly problems: readonly Problem[];
}

/** Without these nothing can be deployed at all; the others are one environment's, or only new deployments'. */
const ESSENTIAL: readonly string[] = ['database', 'studio storage'];
const CHECK_TIMEOUT_MS = 5_000;

export async function checkHealth(ports: Ports, studio: Studio): Promise<Health> {
  const checks = await Promise.all([
    check('database', () => ports.ledger.ping()),
    check('studio storage', () => ports.artifacts.ping()),
    check('gitea', () => ports.repositories.ping()),
    ...studio.environments.map(({ name }) => check(`storage ${name}`, () => ports.documents.ping(name))),
  ]);
  const failing = checks.filter(({ status }) => status === 'failing');
  const unhealthy = failing.some(({ name }) => ESSENTIAL.includes(name));
  return { status: unhealthy ? 'unhealthy' : failing.length > 0 ? 'degraded' : 'healthy', checks, problems: [] };
}

export function misconfigured(problems: readonly Problem[]): Health {
  return { status: 'unhealthy', checks: [], problems };
}

async function check(name: string, ping: () => Promise<void>): Promise<HealthCheck> {
  const started = performance.now();
  const durationMs = () => Math.round(performance.now() - started);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('timeout')), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([ping(), timeout]);
    return { name, status: 'ok', durationMs: durationMs() };
  } catch (error) {
    const message =
      error instanceof Error && error.message === 'timeout'
        ? `no answer within ${CHECK_TIMEOUT_MS} ms`
        : toAppError(error).message;
    return { name, status: 'failing', message, durationMs: durationMs() };
  } finally {
    clearTimeout(timer);
  }
}
