import * as z from 'zod';
import { healthSchema } from '../../operate/check-health.ts';
import { HEALTH } from '../examples.ts';
import { defineRoute, reply } from '../route.ts';

export const health = defineRoute({
  name: 'health',
  method: 'GET',
  route: 'health',
  access: 'anonymous',
  summary: 'Whether the service and what it needs are well, and what is held.',
  replies: {
    200: { description: 'Healthy, or degraded: some of it works.', schema: healthSchema, example: HEALTH },
    503: { description: 'Nothing can be deployed.', schema: healthSchema },
  },
  async handle(app) {
    const found = await app.checkHealth();
    return reply(found.status === 'unhealthy' ? 503 : 200, healthSchema, found);
  },
});

/** Its handler is the table's: the document is made of the table. */
export const openapi = defineRoute({
  name: 'openapi',
  method: 'GET',
  route: 'openapi.json',
  access: 'anonymous',
  summary: 'This document.',
  replies: {
    200: {
      description: 'OpenAPI 3.1.',
      schema: z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) }),
    },
  },
  async handle() {
    throw new Error('served by the table');
  },
});
