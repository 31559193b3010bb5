import * as z from 'zod';
import { canonicalJson, SHA256, sha256 } from '../model/digest.ts';
import { isRecord } from '../model/is-record.ts';
import { type AppName, COMMIT, DEPLOYMENT_ID, TAG } from '../model/names.ts';

const envName = z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be the name of an environment, like tt02');
const what = {
  envName,
  tagName: z
    .string()
    .regex(TAG, 'must be 1 to 128 of a-z, 0-9, dot and hyphen, and start with a letter or a digit')
    .optional()
    .describe('Of a succeeded release in Studio; the newest, if several have the tag.'),
  commit: z
    .string()
    .regex(COMMIT, 'must be 40 hex digits in lower case')
    .optional()
    .describe('Asserts which commit the tag names.'),
  fromDeploymentId: z
    .string()
    .regex(DEPLOYMENT_ID, 'must be a UUID in lower case')
    .optional()
    .describe(
      'Instead of a tag: the accepted artifact of that deployment. In its own environment a rollback, in another a promotion of the same commit and inputs.',
    ),
};

/** The two rules below once more, for the document: zod's own checks have no form in JSON Schema. */
const EITHER_OR = {
  oneOf: [
    {
      ...{ title: 'A release', type: 'object', required: ['tagName'] },
      properties: { tagName: { type: 'string' }, fromDeploymentId: false },
    },
    {
      ...{ title: 'An earlier deployment', type: 'object', required: ['fromDeploymentId'] },
      properties: { fromDeploymentId: { type: 'string' }, tagName: false, commit: false },
    },
  ],
};
const oneOfTwo = (body: { tagName?: string | undefined; fromDeploymentId?: string | undefined }) =>
  (body.tagName === undefined) !== (body.fromDeploymentId === undefined);
const ONE_OF_TWO = {
  message: 'give either tagName or fromDeploymentId',
  path: ['tagName'],
  // Told together with what else is wrong.
  when: ({ value }: { value: unknown }) => isRecord(value),
};
const commitWithTag = (body: { tagName?: string | undefined; commit?: string | undefined }) =>
  body.commit === undefined || body.tagName !== undefined;
const COMMIT_WITH_TAG = { message: 'goes with tagName only', path: ['commit'] };

export const reasonSchema = z.string().trim().min(1).max(500).describe('Why, for those who read the history.');

/** The body of `POST …/deployments`. */
export const deployBodySchema = z
  .strictObject({
    ...what,
    ifInputsDigest: z
      .string()
      .regex(SHA256, 'must be the inputsDigest of a preview')
      .optional()
      .describe('Of a preview: what is published is exactly what it showed, the id apart, or the answer is 409.'),
    reason: reasonSchema.optional(),
  })
  .refine(oneOfTwo, ONE_OF_TWO)
  .refine(commitWithTag, COMMIT_WITH_TAG)
  .meta({ id: 'DeployRequest', ...EITHER_OR });

/** The body of `POST …/deployments/preview`. */
export const previewBodySchema = z
  .strictObject(what)
  .refine(oneOfTwo, ONE_OF_TWO)
  .refine(commitWithTag, COMMIT_WITH_TAG)
  .meta({ id: 'PreviewRequest', ...EITHER_OR });

export const undeployBodySchema = z
  .strictObject({ envName, reason: reasonSchema.optional() })
  .meta({ id: 'UndeployRequest' });

/** Who asks: an id that never changes, and the name shown in the history. */
export interface Requester {
  readonly id: string;
  readonly name: string;
}

/** What is to be deployed where. */
export interface DeploySubject extends AppName {
  readonly envName: string;
  /** Exactly one of the two. */
  readonly tagName?: string | undefined;
  readonly fromDeploymentId?: string | undefined;
  readonly commit?: string | undefined;
}

export interface DeployRequest extends DeploySubject {
  readonly caller: Requester;
  readonly idempotencyKey: string | undefined;
  readonly ifInputsDigest?: string | undefined;
  readonly reason?: string | undefined;
  /** W3C trace context. */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** Tells whether two requests with one `Idempotency-Key` ask for the same. */
export function requestDigest(request: DeployRequest): string {
  const { envName, tagName, commit, fromDeploymentId, ifInputsDigest, reason } = request;
  return sha256(
    canonicalJson({
      call: 'deploy',
      envName,
      tagName,
      commit: commit ?? null,
      fromDeploymentId,
      ifInputsDigest,
      reason,
    }),
  );
}
