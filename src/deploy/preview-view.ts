import * as z from 'zod';
import { digestSchema, problemSchema } from '../model/api-schemas.ts';
import { DEPLOYMENT_KINDS } from '../model/deployment.ts';

const causeSchema = z
  .object({
    kind: z.enum(['repository', 'studio', 'configuration', 'deployment', 'service']),
    text: z.string().describe('Where the new value comes from, for people.'),
    file: z.string().optional(),
    commit: z.string().optional(),
    table: z.string().optional(),
    version: z.string().optional().describe("Of the table's row."),
    deploymentId: z.string().optional(),
  })
  .meta({ id: 'Cause' });

const changeSchema = z
  .object({
    document: z.string().describe('`deploy/helmrelease.yaml`'),
    path: z.string().describe('`spec.values.image.tag`; empty for a whole document.'),
    before: z.unknown().optional().describe('Any JSON; absent where there was nothing.'),
    after: z.unknown().optional().describe('Any JSON; absent where there is nothing any more.'),
    text: z.string().describe('`spec.values.image.tag: "7" → "8"`'),
    cause: causeSchema,
  })
  .meta({ id: 'Change' });

/** What a deployment would publish, and how that differs from what is published now. */
export const previewSchema = z
  .object({
    org: z.string(),
    app: z.string(),
    envName: z.string(),
    kind: z.enum(DEPLOYMENT_KINDS),
    tagName: z.string().optional(),
    commit: z.string().optional(),
    fromDeploymentId: z.string().optional(),
    inputsDigest: digestSchema.describe('Give it as `ifInputsDigest` to deploy exactly this.'),
    inputs: z.record(z.string(), z.unknown()).describe('What the digest is over: the digest or value of each input.'),
    documents: z
      .array(z.object({ path: z.string(), content: z.string() }))
      .readonly()
      .describe("As they would be, the deployment's id written as zeros."),
    published: z
      .object({ deploymentId: z.string(), tagName: z.string().optional(), sequence: z.int() })
      .optional()
      .describe('What Flux reads now; absent when the app is not deployed there.'),
    isSame: z.boolean().describe('Nothing would change but the id.'),
    changes: z.array(changeSchema).readonly().describe('At most 500.'),
    changeCount: z.int(),
    diff: z.string().describe('Unified, over the documents, ids left out. Empty when nothing changes.'),
    warnings: z.array(problemSchema).readonly(),
  })
  .meta({ id: 'Preview' });

export type Preview = z.infer<typeof previewSchema>;
export type Change = z.infer<typeof changeSchema>;
export type Cause = z.infer<typeof causeSchema>;
