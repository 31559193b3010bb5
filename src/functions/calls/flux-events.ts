import * as z from 'zod';
import { MAX_FLUX_EVENT_BYTES } from '../../operate/read-flux-event.ts';
import { readBytes } from '../read-json-body.ts';
import { defineRoute, reply } from '../route.ts';

const outcomeSchema = z
  .object({
    outcome: z
      .enum(['moved', 'kept', 'repeated', 'ignored'])
      .describe(
        "`moved`: the deployment's state has changed. `kept`: in its history only. `ignored`: not about a deployment of this service.",
      ),
    deploymentId: z.uuid().optional(),
    state: z.string().optional(),
  })
  .meta({ id: 'FluxEventOutcome' });

export const receiveFluxEvent = defineRoute({
  name: 'receiveFluxEvent',
  method: 'POST',
  route: 'v1/flux-events/{envName}/{org}',
  access: 'signed',
  summary: "Take an event of an org's cluster; for Flux's notification-controller.",
  description:
    'A Provider of type `generic-hmac` sends it, signed with the key that `npm run webhook-key` prints for the cluster. Every event that is signed is acknowledged, or Flux would send it again.',
  headers: { 'X-Signature': '`sha256=` and the HMAC-SHA256 of the raw body in hex.' },
  replies: {
    200: {
      description: 'It was taken.',
      schema: outcomeSchema,
      example: { outcome: 'moved', deploymentId: '3f0f2c1e-6d8b-4a2f-9b1d-0c5a7e9f2b11', state: 'applied' },
    },
  },
  problems: ['REQUEST_TOO_LARGE'],
  async handle(app, { request }) {
    const body = await readBytes(request, MAX_FLUX_EVENT_BYTES);
    const signature = request.headers.get('x-signature') ?? undefined;
    const { envName = '', org = '' } = request.params;
    return reply(200, outcomeSchema, await app.receiveFluxEvent({ envName, org, body, signature }));
  },
});
