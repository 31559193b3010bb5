import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Ports } from '../ports.ts';
import { eventSchema, viewEvent } from './deployment-view.ts';

export interface FollowRequest {
  readonly org: string;
  /** Undefined: of all the org's deployments. */
  readonly deploymentId: string | undefined;
  /** The highest id that was seen; 0 to begin with. */
  readonly after: number;
  readonly limit: number;
  /** How long to wait for the first one, 0 to 30. */
  readonly waitSeconds: number;
}

export const eventPageSchema = z
  .object({
    events: z.array(eventSchema).readonly(),
    after: z.int().describe('To ask with for what comes next, also when there was nothing.'),
    isMore: z.boolean().describe('More are there already: ask again at once.'),
  })
  .meta({ id: 'EventPage' });
export type EventPage = z.infer<typeof eventPageSchema>;

/** Between two looks into the database while a caller waits. */
const LOOK_EVERY_MS = 400;
/** Of one process. More than that are answered at once, and come again. */
const MAX_WAITING = 200;
let waiting = 0;

/** Events in order and without a gap. Waits for the first if there is none yet, so that nobody has to ask again and again. */
export async function followEvents(ports: Ports, request: FollowRequest): Promise<EventPage> {
  const { org, deploymentId, after, limit } = request;
  const look = () => ports.ledger.events({ org, deploymentId, after, limit: limit + 1 });
  const waitUntil = performance.now() + (waiting < MAX_WAITING ? request.waitSeconds * 1_000 : 0);
  waiting++;
  try {
    let found = await look();
    while (found.length === 0 && performance.now() + LOOK_EVERY_MS <= waitUntil) {
      await sleep(LOOK_EVERY_MS);
      found = await look();
    }
    const events = found.slice(0, limit);
    return { events: events.map(viewEvent), after: events.at(-1)?.position ?? after, isMore: found.length > limit };
  } finally {
    waiting--;
  }
}
