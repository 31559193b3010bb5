import * as z from 'zod';
import { DEPLOYMENT_KINDS, DEPLOYMENT_STATES } from '../../model/deployment.ts';
import { TAG } from '../../model/names.ts';
import type { ListRequest } from '../../operate/show-deployments.ts';
import { pageQuerySchema } from '../route.ts';

const time = z.iso.datetime({ offset: true, error: 'must be a time, like 2026-01-31T12:00:00Z' });

/** What a list of deployments can be filtered by. */
export const listQuerySchema = pageQuerySchema.extend({
  envName: z.string().min(1).max(40).optional(),
  state: z.enum(DEPLOYMENT_STATES).optional(),
  kind: z.enum(DEPLOYMENT_KINDS).optional(),
  tagName: z.string().regex(TAG, 'must be a tag').optional(),
  createdBy: z.string().min(1).max(200).optional(),
  createdFrom: time.optional().describe('Created at this time or later.'),
  createdTo: time.optional().describe('Created before this time.'),
});

export function toFilter(query: z.infer<typeof listQuerySchema>): Omit<ListRequest, 'org' | 'app'> {
  const { envName, createdBy, createdFrom, createdTo, ...same } = query;
  return {
    ...same,
    environment: envName,
    creator: createdBy,
    createdFrom: createdFrom === undefined ? undefined : new Date(createdFrom),
    createdTo: createdTo === undefined ? undefined : new Date(createdTo),
  };
}
