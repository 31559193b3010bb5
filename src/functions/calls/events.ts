import * as z from 'zod';
import { eventPageSchema } from '../../operate/follow-events.ts';
import { EVENT } from '../examples.ts';
import { appName, defineRoute, idOf, integerText, pageQuerySchema, reply } from '../route.ts';

const MAX_WAIT_SECONDS = 30;
const DEFAULT_EVENTS = 100;
const HEARTBEAT = { description: 'Events in order, without a gap; none when nothing came while it waited.' };

const followQuerySchema = z.strictObject({
  after: integerText(0, Number.MAX_SAFE_INTEGER, 'must be `after` of the page before')
    .optional()
    .describe('The highest event id that was seen; 0 or nothing to begin with.'),
  wait: integerText(0, MAX_WAIT_SECONDS, `must be a number of seconds from 0 to ${MAX_WAIT_SECONDS}`)
    .optional()
    .describe('Seconds to wait for the first event if there is none yet; 0 when left out.'),
  limit: pageQuerySchema.shape.limit.describe('Most events of a page; 100 when left out.'),
});
type FollowQuery = z.infer<typeof followQuerySchema>;

const follow = ({ after = 0, wait = 0, limit = DEFAULT_EVENTS }: FollowQuery) => ({ after, limit, waitSeconds: wait });
const REPLIES = {
  200: { ...HEARTBEAT, schema: eventPageSchema, example: { events: [EVENT], after: EVENT.id, isMore: false } },
};

export const listEvents = defineRoute({
  name: 'listEvents',
  method: 'GET',
  route: 'v1/{org}/{app}/deployments/{id}/events',
  access: 'reader',
  summary: "Follow a deployment's history.",
  query: followQuerySchema,
  replies: REPLIES,
  problems: ['DEPLOYMENT_UNKNOWN'],
  async handle(app, call) {
    const { org } = appName(call);
    await app.findDeployment(appName(call), idOf(call));
    return reply(
      200,
      eventPageSchema,
      await app.followEvents({ org, deploymentId: idOf(call), ...follow(call.query) }),
    );
  },
});

export const listOrgEvents = defineRoute({
  name: 'listOrgEvents',
  method: 'GET',
  route: 'v1/{org}/-/events',
  access: 'reader',
  summary: "Follow the history of all of an org's deployments.",
  query: followQuerySchema,
  replies: REPLIES,
  async handle(app, call) {
    const { org } = appName(call);
    return reply(200, eventPageSchema, await app.followEvents({ org, deploymentId: undefined, ...follow(call.query) }));
  },
});
