import * as z from 'zod';
import { type AppError, type Problem, toAppError } from '../errors.ts';
import type { Hold } from '../ledger.ts';
import { problemSchema, timeSchema } from '../model/api-schemas.ts';
import type { Studio } from '../model/environments.ts';
import type { Log, Ports } from '../ports.ts';

const checkSchema = z.object({
  name: z.string(),
  status: z.enum(['ok', 'failing']),
  message: z.string().optional(),
  durationMs: z.int(),
});

const holdSchema = z.object({
  envName: z.string(),
  org: z.string(),
  app: z.string().describe("Empty for a cluster's sources."),
  code: z.string(),
  message: z.string(),
  since: timeSchema,
});

export const healthSchema = z
  .object({
    status: z
      .enum(['healthy', 'degraded', 'unhealthy'])
      .describe('`degraded`: some of it works; what does not is among the checks.'),
    checks: z.array(checkSchema).readonly(),
    holds: z.array(holdSchema).readonly().describe('What is not written, and why: the longest held first, at most 20.'),
    holdCount: z.int(),
    problems: z.array(problemSchema).readonly().describe('What is wrong with the configuration.'),
  })
  .meta({ id: 'Health' });

type HealthCheck = z.infer<typeof checkSchema>;
export type Health = z.infer<typeof healthSchema>;

const SHOWN_HOLDS = 20;

/** Without these nothing can be deployed at all; the others are one environment's, or only new deployments'. */
const ESSENTIAL: readonly string[] = ['database', 'studio storage'];
const CHECK_TIMEOUT_MS = 5_000;

export async function checkHealth(ports: Ports, studio: Studio): Promise<Health> {
  const checks = await Promise.all([
    check(ports.log, 'database', () => ports.ledger.ping()),
    check(ports.log, 'studio storage', () => ports.artifacts.ping()),
    check(ports.log, 'gitea', () => ports.repositories.ping()),
    ...studio.environments.map(({ name }) => check(ports.log, `storage ${name}`, () => ports.documents.ping(name))),
  ]);
  // A database that is down is told by its own check.
  const { holds, count } = await ports.ledger.longestHolds(SHOWN_HOLDS).catch((thrown) => {
    failure(ports.log, 'holds', thrown);
    return { holds: [], count: 0 };
  });
  const failing = checks.filter(({ status }) => status === 'failing');
  const unhealthy = failing.some(({ name }) => ESSENTIAL.includes(name));
  const isDegraded = failing.length > 0 || count > 0;
  return {
    status: unhealthy ? 'unhealthy' : isDegraded ? 'degraded' : 'healthy',
    checks,
    holds: holds.map(viewHold),
    holdCount: count,
    problems: [],
  };
}

const viewHold = ({ environment, since, ...hold }: Hold) => ({
  envName: environment,
  ...hold,
  since: since.toISOString(),
});

export function misconfigured(problems: readonly Problem[]): Health {
  return { status: 'unhealthy', checks: [], holds: [], holdCount: 0, problems };
}

/** Ends at the time limit at the latest, whatever the service does. */
async function check(log: Log, name: string, ping: () => Promise<void>): Promise<HealthCheck> {
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${CHECK_TIMEOUT_MS} ms`), CHECK_TIMEOUT_MS);
  });
  const pinged = ping().then(
    () => undefined,
    (thrown) => failure(log, name, thrown).message,
  );
  const message = await Promise.race([pinged, late]);
  clearTimeout(timer);
  const durationMs = Math.round(performance.now() - started);
  return message === undefined ? { name, status: 'ok', durationMs } : { name, status: 'failing', message, durationMs };
}

/** What was thrown, as an AppError. An answer tells nothing of what is unforeseen, so the log does. */
function failure(log: Log, check: string, thrown: unknown): AppError {
  const error = toAppError(thrown);
  if (error.kind === 'internal') log.error('health check failed', { check, error: error.cause });
  return error;
}
