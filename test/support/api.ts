import { setTimeout as sleep } from 'node:timers/promises';
import type { DeploymentDetails } from '../../src/operate/deployment-view.ts';
import { assertDocumented } from './api-document.ts';

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

/** Every answer is held against the OpenAPI document. What is no JSON comes as a Buffer. */
export async function call(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const { status, headers } = response;
  const contentType = headers.get('content-type');
  const bytes = Buffer.from(await response.arrayBuffer());
  const body = contentType?.includes('json') ? JSON.parse(bytes.toString()) : bytes;
  assertDocumented({ method: init.method ?? 'GET', url, status, contentType, body, requestBody: init.body });
  return { status, headers, body };
}

const IN_PROGRESS = ['accepted', 'building', 'uploaded'];

/** Waits until a deployment has ended, or been published. */
export async function waitForEnd(url: string, timeoutMs = 20_000): Promise<DeploymentDetails> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    const { body } = await get(url);
    if (!IN_PROGRESS.includes(body.state)) return body as DeploymentDetails;
    if (Date.now() > giveUpAt) throw new Error(`still ${body.state} after ${timeoutMs} ms`);
    await sleep(20);
  }
}
