import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type AppErrorOptions } from '../errors.ts';
import { redactUrl } from '../model/redact.ts';
import type { TimeLimits } from './time-limits.ts';

const MAX_REDIRECTS = 3;
const RETRY_SECONDS = 10;
const MAX_RETRY_SECONDS = 3_600;

export interface Question {
  readonly url: string;
  readonly wanted: 'json' | 'zip';
  readonly token: string | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Ends it, whatever has come by then. */
  readonly signal?: AbortSignal | undefined;
}

type Retries = Pick<TimeLimits['gitea'], 'tries' | 'retryDelayMs'>;

export interface Answer {
  readonly bytes: Buffer;
  readonly headers: Headers;
}

/** Names the URL that was asked for, never one that an answer gave. */
export class GiteaFault extends AppError {
  /** A second try may mend it. */
  readonly isPassing: boolean;
  constructor(url: string, what: string, options: AppErrorOptions & { isPassing?: boolean } = {}) {
    super('GITEA_UNAVAILABLE', `${redactUrl(url)}: ${what}`, { retryAfterSeconds: RETRY_SECONDS, ...options });
    this.isPassing = options.isPassing ?? false;
  }
}

/**
 * One answer of Gitea, whole and of the kind wanted; undefined: 404. All tries together get the time of one.
 * @throws AppError GITEA_UNAVAILABLE, GITEA_DENIED; ZIP_LIMIT for a zip that is too large
 */
export async function askGitea(question: Question, { tries, retryDelayMs }: Retries): Promise<Answer | undefined> {
  const { url, timeoutMs } = question;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = question.signal ? AbortSignal.any([question.signal, timeout]) : timeout;
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOnce(question, signal);
    } catch (cause) {
      if (question.signal?.aborted) throw new GiteaFault(url, 'broken off: not wanted any more', { cause });
      if (timeout.aborted) throw new GiteaFault(url, `no whole answer within ${timeoutMs / 1000} s`, { cause });
      if (!(cause instanceof GiteaFault && cause.isPassing) || attempt >= tries) throw cause;
      await sleep(retryDelayMs * attempt);
    }
  }
}

async function askOnce(question: Question, signal: AbortSignal): Promise<Answer | undefined> {
  const home = new URL(question.url).origin;
  let url = new URL(question.url);
  let isHome = true;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    // An archive may be redirected to object storage, which must not see the token, nor send us back with it.
    isHome &&= url.origin === home;
    const response = await send(question, url, isHome, signal);
    const outcome = judge(question, response, isHome);
    if (outcome === 'answer') return readAnswer(question, response);
    await response.body?.cancel().catch(() => {});
    if (outcome === 'missing') return undefined;
    if (outcome !== 'redirect') throw outcome;
    url = nextUrl(question, response.headers.get('location') ?? '', url);
  }
  throw new GiteaFault(question.url, `more than ${MAX_REDIRECTS} redirects`);
}

async function send(question: Question, url: URL, isHome: boolean, signal: AbortSignal): Promise<Response> {
  const authorization = question.token !== undefined && isHome ? { authorization: `token ${question.token}` } : {};
  const headers = { 'accept-encoding': 'identity', ...authorization };
  return fetch(url, { headers, redirect: 'manual', signal }).catch((cause) => {
    throw new GiteaFault(question.url, 'no answer', { cause, isPassing: true });
  });
}

/** What to do with an answer, by its status and headers. */
function judge(question: Question, { status, headers }: Response, isHome: boolean) {
  const { url, wanted, maxBytes } = question;
  const fault = (what: string, options?: ConstructorParameters<typeof GiteaFault>[2]) =>
    new GiteaFault(url, isHome ? what : `${what} after a redirect`, options);
  if ([301, 302, 303, 307, 308].includes(status) && headers.has('location')) return 'redirect';
  if (isHome && (status === 401 || status === 403))
    return new AppError('GITEA_DENIED', `${redactUrl(url)}: Gitea answered ${status}`);
  // 422 is Gitea's word for what can't be the name of a commit.
  const isMissing = isHome && (status === 404 || status === 422);
  if (status !== 200 && !isMissing) {
    const retryAfterSeconds = readRetryAfter(headers.get('retry-after'));
    if (retryAfterSeconds !== undefined) return fault(`answered ${status}`, { retryAfterSeconds });
    return fault(`answered ${status}`, { isPassing: status >= 500 });
  }
  const type = headers.get('content-type') ?? '';
  if (/\bhtml\b/i.test(type)) return fault(`answered ${status} with a page for people: not Gitea's API`);
  if (isMissing) return 'missing';
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') return fault('answered compressed, which was not asked for');
  const isJson = /\bjson\b/i.test(type);
  if (type !== '' && (wanted === 'json' ? !isJson : isJson || /\b(text|xml)\b/i.test(type)))
    return fault(`answered with something else than ${wanted}`);
  return Number(headers.get('content-length')) > maxBytes ? tooLarge(question) : 'answer';
}

/** In seconds; a date is taken too (RFC 9110, 10.2.3). */
function readRetryAfter(text: string | null): number | undefined {
  const seconds = /^\d+$/.test(text ?? '') ? Number(text) : Math.ceil((Date.parse(text ?? '') - Date.now()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 1), MAX_RETRY_SECONDS);
}

/**
 * Away from Gitea only over https, to a name: what can be reached by address alone is the inside of a network
 * (169.254.169.254), and there https can't tell who answers.
 */
function nextUrl({ url: asked }: Question, location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) throw new GiteaFault(asked, 'redirects to what is no URL');
  const next = new URL(location, from.href);
  if (next.username !== '' || next.password !== '') throw new GiteaFault(asked, 'redirects to a URL with a user');
  if (next.origin === new URL(asked).origin) return next;
  if (next.protocol !== 'https:') throw new GiteaFault(asked, 'redirects away from https');
  const host = next.hostname.replace(/^\[|\]$|\.$/g, '');
  if (isIP(host) !== 0 || /(^|\.)localhost$/.test(host))
    throw new GiteaFault(asked, 'redirects to an address instead of a name');
  return next;
}

async function readAnswer(question: Question, { body, headers }: Response): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body ?? []) {
      size += chunk.length;
      // Leaving the loop ends the connection.
      if (size > question.maxBytes) throw tooLarge(question);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new GiteaFault(question.url, `the answer broke off after ${size} bytes`, { cause, isPassing: true });
  }
  return { bytes: Buffer.concat(chunks, size), headers };
}

function tooLarge({ url, wanted, maxBytes }: Question): AppError {
  if (wanted === 'json') return new GiteaFault(url, `answered with over ${maxBytes} bytes`);
  return new AppError('ZIP_LIMIT', `the archive from Gitea has over ${maxBytes} bytes`);
}
