import { z } from 'zod';
import { canonicalJson, sha256 } from '../model/digest.ts';
import { type AppName, isCommit, isTag } from '../model/names.ts';

/** The body of `POST …/deployments`. */
export const deployBodySchema = z.strictObject({
  envName: z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be the name of an environment, like tt02'),
  tagName: z.string().refine(isTag, 'must be 1 to 128 of a-z, 0-9, dot and hyphen, and start with a letter or a digit'),
  /** Asserts which commit the tag names. */
  commit: z.string().refine(isCommit, 'must be 40 hex digits in lower case').optional(),
});

export type DeployBody = z.infer<typeof deployBodySchema>;

export interface DeployRequest extends AppName {
  readonly envName: string;
  readonly tagName: string;
  readonly commit: string | undefined;
  /** Who asks: an id that never changes, and the name shown in the history. */
  readonly caller: { readonly id: string; readonly name: string };
  readonly idempotencyKey: string | undefined;
  /** W3C trace context. */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** Tells whether two requests with one `Idempotency-Key` ask for the same. */
export function requestDigest({ envName, tagName, commit }: DeployRequest): string {
  return sha256(canonicalJson({ call: 'deploy', envName, tagName, commit: commit ?? null }));
}
