import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';

/** What a route answers: JSON, or bytes that it writes itself as they come. */
export interface Answer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body: { readonly json: unknown } | { readonly stream: (destination: Writable) => Promise<void> };
}

export const ok = (json: unknown, headers: OutgoingHttpHeaders = {}): Answer => ({
  status: 200,
  headers,
  body: { json },
});

/** A refusal in Gitea's form; the `url` that each carries is added when it is sent. */
export class GiteaError extends Error {
  override readonly name = 'GiteaError';
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/**
 * Gitea 1.2x's 404. Its message is a sentence, a function's name or what was asked for: clients go by the status.
 * Source: `APIContext.NotFound` in Gitea's services/context/api.go, and its callers.
 */
export function notFound(
  message = "The target couldn't be found.",
  errors: readonly string[] | null = null,
): GiteaError {
  return new GiteaError(404, message, { errors });
}

export async function sendAnswer(response: ServerResponse, answer: Answer, headOnly: boolean): Promise<void> {
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    if (value !== undefined) response.setHeader(name, value);
  }
  response.setHeader('Cache-Control', 'max-age=0, private, must-revalidate, no-transform');
  if ('json' in answer.body) {
    const text = Buffer.from(`${JSON.stringify(answer.body.json)}\n`);
    response.setHeader('Content-Type', 'application/json;charset=utf-8');
    response.setHeader('Content-Length', text.length);
    response.end(text);
    return;
  }
  if (!headOnly) await answer.body.stream(response);
  response.end();
}

/** Answers an error. When the answer has begun, cutting it off is the only way left to tell the client. */
export function sendError(response: ServerResponse, error: unknown, siteUrl: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  const refusal = error instanceof GiteaError ? error : new GiteaError(500, String(error));
  const json = { ...refusal.details, message: refusal.message, url: `${siteUrl}/api/swagger` };
  const headers = refusal.status === 405 ? { Allow: 'GET, HEAD' } : {};
  void sendAnswer(response, { status: refusal.status, headers, body: { json } }, false);
}
