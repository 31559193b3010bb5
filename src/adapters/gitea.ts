import { AppError, redactUrl } from '../errors.ts';
import { isRecord } from '../model/digest.ts';
import { isCommit } from '../model/names.ts';
import type { Repositories, Repository } from '../ports.ts';

export interface GiteaConfig {
  /** `https://altinn.studio/repos` */
  readonly url: string;
  readonly token: string | undefined;
}

const CALL_TIMEOUT_MS = 10_000;
/** The first archive of a commit is packed when it is asked for. */
const ARCHIVE_TIMEOUT_MS = 60_000;
const MAX_ARCHIVE_BYTES = 50 * 2 ** 20;
const MAX_REDIRECTS = 3;
const ATTEMPTS = 3;
const RETRY_DELAY_MS = 200;

/** Gitea's REST API, version 1.2x. The token goes to the configured origin and nowhere else. */
export function makeGitea(config: GiteaConfig): Repositories {
  const base = `${config.url.replace(/\/+$/, '')}/api/v1`;
  const repository = (name: { org: string; app: string }) =>
    `${base}/repos/${encodeURIComponent(name.org)}/${encodeURIComponent(name.app)}`;
  const get = (url: string, timeoutMs = CALL_TIMEOUT_MS, maxBytes = 2 ** 20) =>
    fetchBytes(url, config.token, timeoutMs, maxBytes);
  return {
    exists: async (name) => (await get(repository(name))) !== undefined,

    async resolveCommit(name, ref) {
      if (ref === '') return undefined;
      const query = '?stat=false&verification=false&files=false';
      const answer = await get(`${repository(name)}/git/commits/${encodeURIComponent(ref)}${query}`);
      if (answer === undefined) return undefined;
      const sha = readJson(answer, base).sha;
      if (typeof sha !== 'string' || !isCommit(sha)) throw unavailable(`${base}: a commit without a valid sha`);
      return sha;
    },

    async archive(name, commit) {
      const bytes = await get(`${repository(name)}/archive/${commit}.zip`, ARCHIVE_TIMEOUT_MS, MAX_ARCHIVE_BYTES);
      if (bytes !== undefined) assertWhole(bytes, commit);
      return bytes;
    },

    async hasFile(name, path) {
      const encoded = path.split('/').map(encodeURIComponent).join('/');
      return (await get(`${repository(name)}/contents/${encoded}`)) !== undefined;
    },

    list: (org) => listRepositories(base, org, get),

    async ping() {
      if ((await get(`${base}/version`)) === undefined) throw unavailable(`${redactUrl(base)}: not a Gitea API`);
    },
  };
}

const PAGE = 50;
/** More than any org will have; a server that pages in circles is left after it. */
const MAX_PAGES = 200;

type Get = (url: string) => Promise<Buffer | undefined>;

/**
 * All pages. Gitea tells no total that can be trusted while repositories come and go: complete means that a page came
 * that was not full, and that no repository came twice.
 */
async function listRepositories(base: string, org: string, get: Get): ReturnType<Repositories['list']> {
  const found = new Map<string, Repository>();
  for (let page = 1; page <= MAX_PAGES; page++) {
    const answer = await get(`${base}/orgs/${encodeURIComponent(org)}/repos?page=${page}&limit=${PAGE}`);
    const items = answer === undefined ? [] : readRepositories(answer, base);
    const before = found.size;
    for (const repository of items) found.set(repository.name, repository);
    const isNew = found.size - before === items.length;
    if (!isNew) return { repositories: [...found.values()], isComplete: false };
    if (items.length === 0) return { repositories: [...found.values()], isComplete: answer !== undefined };
  }
  return { repositories: [...found.values()], isComplete: false };
}

function readRepositories(bytes: Buffer, url: string): Repository[] {
  const items = parseJson(bytes, url);
  if (!Array.isArray(items)) throw unavailable(`${redactUrl(url)}: not a list of repositories`);
  return items.filter(isRecord).flatMap(({ name, updated_at, empty }) => {
    const updatedAt = new Date(String(updated_at));
    if (typeof name !== 'string' || Number.isNaN(updatedAt.getTime())) return [];
    return [{ name, updatedAt, isEmpty: empty === true }];
  });
}

/** `git archive` ends a zip with a comment that is the commit: a cut archive, or another commit's, does not. */
function assertWhole(zip: Buffer, commit: string): void {
  if (zip.subarray(-commit.length).toString('latin1') === commit) return;
  throw new AppError(
    'GITEA_ARCHIVE_INVALID',
    `the archive of ${commit} was cut short, or is of another commit (${zip.length} bytes)`,
    {
      retryAfterSeconds: 5,
    },
  );
}

/** undefined: 404. Tries again what a second try may mend. */
async function fetchBytes(
  url: string,
  token: string | undefined,
  timeoutMs: number,
  maxBytes: number,
): Promise<Buffer | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchOnce(url, token, timeoutMs, maxBytes);
    } catch (error) {
      const passing = error instanceof AppError && error.code === 'GITEA_UNAVAILABLE';
      if (!passing || attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS * attempt));
    }
  }
}

async function fetchOnce(
  start: string,
  token: string | undefined,
  timeoutMs: number,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  const origin = new URL(start).origin;
  let url = start;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    // An archive may be redirected to object storage, which must not see the token.
    const mine = new URL(url).origin === origin;
    const headers: Record<string, string> = token && mine ? { authorization: `token ${token}` } : {};
    const response = await fetch(url, { headers, redirect: 'manual', signal }).catch((cause) => {
      throw unavailable(
        `${redactUrl(url)}: ${signal.aborted ? `no answer within ${timeoutMs / 1000} s` : 'no answer'}`,
        cause,
      );
    });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location) {
      await response.body?.cancel();
      url = nextUrl(location, url);
      continue;
    }
    if (response.ok) return readBody(response, url, maxBytes);
    await response.body?.cancel();
    if (response.status === 404 && mine) return undefined;
    if ((response.status === 401 || response.status === 403) && mine)
      throw new AppError('GITEA_DENIED', `${redactUrl(url)}: Gitea answered ${response.status}`);
    throw unavailable(`${redactUrl(url)}: answered ${response.status}`);
  }
  throw unavailable(`${redactUrl(start)}: more than ${MAX_REDIRECTS} redirects`);
}

function nextUrl(location: string, from: string): string {
  const next = new URL(location, from);
  const sameOrigin = next.origin === new URL(from).origin;
  if (next.protocol !== 'https:' && !sameOrigin) throw unavailable(`${redactUrl(from)}: redirects away from https`);
  return next.href;
}

async function readBody(response: Response, url: string, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maxBytes) throw new AppError('ZIP_LIMIT', `the archive from Gitea has over ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw unavailable(`${redactUrl(url)}: the answer broke off after ${size} bytes`, cause);
  }
  const declared = Number(response.headers.get('content-length') ?? Number.NaN);
  if (!response.headers.has('content-encoding') && !Number.isNaN(declared) && declared !== size)
    throw unavailable(`${redactUrl(url)}: ${size} bytes instead of ${declared}`);
  return Buffer.concat(chunks, size);
}

function readJson(bytes: Buffer, url: string): Record<string, unknown> {
  const parsed = parseJson(bytes, url);
  return isRecord(parsed) ? parsed : {};
}

function parseJson(bytes: Buffer, url: string): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    throw unavailable(`${redactUrl(url)}: not JSON`, cause);
  }
}

function unavailable(message: string, cause?: unknown): AppError {
  return new AppError('GITEA_UNAVAILABLE', message, { cause, retryAfterSeconds: 10 });
}
