import { type Problem, toAppError } from '../errors.ts';
import type { Hold } from '../ledger.ts';
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
  /** What is not written, and why: the first of them, the longest held first. */
  readonly holds: readonly Hold[];
  readonly holdCount: number;
  /** What is wrong with the configuration. */
  readonly problems: readonly Problem[];
}

const SHOWN_HOLDS = 20;

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
  // A database that is down is told by its own check.
  const holds = await ports.ledger.holds().catch(() => []);
  const failing = checks.filter(({ status }) => status === 'failing');
  const unhealthy = failing.some(({ name }) => ESSENTIAL.includes(name));
  const isDegraded = failing.length > 0 || holds.length > 0;
  return {
    status: unhealthy ? 'unhealthy' : isDegraded ? 'degraded' : 'healthy',
    checks,
    holds: holds.slice(0, SHOWN_HOLDS),
    holdCount: holds.length,
    problems: [],
  };
}

export function misconfigured(problems: readonly Problem[]): Health {
  return { status: 'unhealthy', checks: [], holds: [], holdCount: 0, problems };
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
