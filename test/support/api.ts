import type { DeploymentDetails } from '../../src/operate/deployment-view.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they need
  readonly body: any;
}

export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return call(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text });
}

export const get = (url: string): Promise<Answer> => call(url, {});

export async function call(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

const IN_PROGRESS = ['accepted', 'building', 'uploaded'];

/** Waits until a deployment has ended, or been published. */
export async function waitForEnd(url: string, timeoutMs = 20_000): Promise<DeploymentDetails> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    const { body } = await get(url);
    if (!IN_PROGRESS.includes(body.state)) return body as DeploymentDetails;
    if (Date.now() > giveUpAt) throw new Error(`still ${body.state} after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
