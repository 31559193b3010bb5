import * as z from 'zod';
import { toDotPath } from 'zod/v4/core';
import { AppError, problem, throwIfAny } from '../errors.ts';
import { readJson } from '../model/read-json.ts';

/** Helm's messages are long when a chart fails; what is kept of one is cut. */
export const MAX_FLUX_EVENT_BYTES = 256 * 1024;
const MAX_DEPTH = 32;
const MAX_TOKENS = 20_000;
/** Of what is kept; a diff of drifted objects can be longer. */
const MAX_MESSAGE_BYTES = 4096;
const MAX_PROBLEMS = 20;
const MAX_PROBLEM = 500;

/** Kubernetes allows no longer ones. */
const name = z.string().min(1).max(253);

/** What is used of an event of notification-controller; whatever else it holds is left alone. */
const schema = z.object({
  involvedObject: z.object({ kind: name, namespace: name, name }),
  severity: z.enum(['trace', 'info', 'error']),
  timestamp: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  message: z.string().transform(cleanMessage),
  reason: z.string().regex(/^[A-Za-z][A-Za-z0-9_,:]{0,127}$/, 'must be a reason of Kubernetes'),
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type FluxEvent = z.output<typeof schema>;

/** @throws AppError REQUEST_INVALID with every problem; none quotes what the event says */
export function readFluxEvent(body: Uint8Array): FluxEvent {
  const read = readJson(body, { maxBytes: MAX_FLUX_EVENT_BYTES, maxDepth: MAX_DEPTH, maxTokens: MAX_TOKENS });
  if (read.fault === 'invalid') throw new AppError('REQUEST_INVALID', 'body: not JSON', { path: 'body' });
  if (read.fault)
    throw new AppError('REQUEST_INVALID', 'body: too large, too deep, or with a key twice', { path: 'body' });
  const parsed = schema.safeParse(read.value);
  if (parsed.success) return parsed.data;
  throwIfAny(
    parsed.error.issues.slice(0, MAX_PROBLEMS).map((issue) => {
      const path = toDotPath(issue.path[0] === 'metadata' ? ['metadata'] : issue.path) || 'body';
      return problem('REQUEST_INVALID', `${path}: ${issue.message}`.slice(0, MAX_PROBLEM), path.slice(0, MAX_PROBLEM));
    }),
  );
  throw parsed.error;
}

/** Without control characters but line breaks and tabs, and without what turns the direction of writing. */
function cleanMessage(text: string): string {
  const bytes = Buffer.from(
    text
      .replace(/\r\n?/g, '\n')
      .replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '')
      .trim(),
  );
  if (bytes.length <= MAX_MESSAGE_BYTES) return bytes.toString();
  const end = '…';
  const cut = bytes.subarray(0, MAX_MESSAGE_BYTES - Buffer.byteLength(end)).toString();
  return `${cut.replace(/\ufffd$/, '')}${end}`;
}

const ID_KEY = /^(?:[a-z0-9.-]+\/)?deployment-id$/;
const LABEL_KEY = /^(?:[a-z0-9.-]+\/)?build-id$/;

/** The deployment that the object says it is of: from its annotation, else from its label. */
export function readDeploymentId({ metadata }: FluxEvent): string | undefined {
  const entries = Object.entries(metadata ?? {});
  const find = (key: RegExp) => entries.find(([one]) => isOurKey(one) && key.test(one))?.[1];
  return find(ID_KEY) ?? find(LABEL_KEY);
}

/** Older versions keep the prefix of the annotation, `event.toolkit.fluxcd.io/` or one like it. */
function isOurKey(key: string): boolean {
  const [prefix, ...rest] = key.split('/');
  return rest.length === 0 || prefix === 'altinn.studio' || /(^|\.)toolkit\.fluxcd\.io$/.test(prefix ?? '');
}
