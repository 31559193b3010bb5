import { isIP } from 'node:net';
import { AppError, type AppErrorOptions, redactUrl } from '../errors.ts';
import { isRecord } from '../model/digest.ts';
import { type AppName, isCommit } from '../model/names.ts';
import type { Repositories, Repository } from '../ports.ts';

export interface GiteaConfig {
  /** `https://altinn.studio/repos` */
  readonly url: string;
  readonly token: string | undefined;
}

/** How long and how much an answer may be; the time is that of all tries and redirects together. */
export const GITEA_LIMITS = {
  callTimeoutMs: 10_000,
  // The first archive of a commit is packed when it is asked for.
  archiveTimeoutMs: 60_000,
  maxJsonBytes: 2 ** 20,
  maxArchiveBytes: 50 * 2 ** 20,
  retryDelayMs: 200,
};

const MAX_REDIRECTS = 3;
const ATTEMPTS = 3;
const RETRY_SECONDS = 10;
const MAX_RETRY_SECONDS = 3_600;

/**
 * Gitea's REST API, version 1.2x. The token goes to the configured origin and nowhere else.
 * @throws AppError CONFIGURATION_INVALID for a token or URL that fetch would refuse, and show in its message
 */
export function makeGitea(config: GiteaConfig, changes: Partial<typeof GITEA_LIMITS> = {}): Repositories {
  assertSendable(config);
  const limits = { ...GITEA_LIMITS, ...changes };
  const base = `${config.url.replace(/\/+$/, '')}/api/v1`;
  const repository = ({ org, app }: AppName) => `${base}/repos/${encodeURIComponent(org)}/${encodeURIComponent(app)}`;
  const { token } = config;
  const json = { wanted: 'json', token, timeoutMs: limits.callTimeoutMs, maxBytes: limits.maxJsonBytes } as const;
  const zip = { wanted: 'zip', token, timeoutMs: limits.archiveTimeoutMs, maxBytes: limits.maxArchiveBytes } as const;
  const getJson: GetJson = async (url) => {
    const answer = await askGitea({ ...json, url }, limits.retryDelayMs);
    return answer && parseJson(answer.bytes, url);
  };
  return {
    // A renamed repository is answered for under its new name: not the one that was asked for.
    async exists(name) {
      const found = await getJson(repository(name));
      return isRecord(found) && endsIn(found, 'full_name', `/${fullName(name)}`);
    },

    async resolveCommit(name, ref) {
      // A segment of dots would climb.
      if (/^\.{0,2}$/.test(ref)) return undefined;
      const url = `${repository(name)}/git/commits/${encodeURIComponent(ref)}`;
      const found = await getJson(`${url}?stat=false&verification=false&files=false`);
      if (found === undefined) return undefined;
      const sha = textOf(found, 'sha');
      if (!isCommit(sha)) throw new GiteaFault(url, 'a commit without a valid sha');
      if (isCommit(ref) && sha !== ref) throw new GiteaFault(url, 'another commit than the one asked for');
      return endsIn(found, 'url', `/${fullName(name)}/git/commits/${sha}`) ? sha : undefined;
    },

    async archive(name, commit) {
      const url = `${repository(name)}/archive/${commit}.zip`;
      const answer = await askGitea({ ...zip, url }, limits.retryDelayMs);
      if (answer !== undefined) assertWhole(answer, commit);
      return answer?.bytes;
    },

    async hasFile(name, path) {
      const encoded = path.split('/').map(encodeURIComponent).join('/');
      // A folder's contents are a list.
      return isRecord(await getJson(`${repository(name)}/contents/${encoded}`));
    },

    list: (org) => listRepositories(base, org, getJson),

    async ping() {
      if (textOf(await getJson(`${base}/version`), 'version') === '') throw new GiteaFault(base, 'not a Gitea API');
    },
  };
}

const fullName = ({ org, app }: AppName): string => `${org}/${app}`;

const textOf = (json: unknown, key: string): string =>
  isRecord(json) && typeof json[key] === 'string' ? json[key] : '';

const endsIn = (json: unknown, key: string, ending: string): boolean =>
  textOf(json, key) === '' || `/${textOf(json, key)}`.toLowerCase().endsWith(ending);

function assertSendable({ url, token }: GiteaConfig): void {
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new AppError('CONFIGURATION_INVALID', 'GITEA_TOKEN: must be visible ASCII characters, without a line break');
  const { username, password } = new URL(url);
  if (username !== '' || password !== '')
    throw new AppError('CONFIGURATION_INVALID', 'GITEA_URL: must hold no user and password; set GITEA_TOKEN');
}

const PAGE = 50;
/** More than any org will have; a server that pages in circles is left after it. */
const MAX_PAGES = 200;

/** undefined: 404. */
type GetJson = (url: string) => Promise<unknown>;

/**
 * All pages. Gitea tells no total that can be trusted while repositories come and go: complete means that an empty page
 * came, that no repository came twice, and that each was understood.
 */
async function listRepositories(base: string, org: string, getJson: GetJson): ReturnType<Repositories['list']> {
  const found = new Map<string, Repository>();
  const result = (isComplete: boolean) => ({ repositories: [...found.values()], isComplete });
  let isUnderstood = true;
  for (let page = 1; page <= MAX_PAGES; page++) {
    const url = `${base}/orgs/${encodeURIComponent(org)}/repos?page=${page}&limit=${PAGE}`;
    const items = await getJson(url);
    if (items === undefined) return result(false);
    if (!Array.isArray(items)) throw new GiteaFault(url, 'not a list of repositories');
    if (items.length === 0) return result(isUnderstood);
    const read = items.flatMap((item) => readRepository(item) ?? []);
    isUnderstood &&= read.length === items.length;
    const before = found.size;
    for (const repository of read) found.set(repository.name, repository);
    if (found.size - before < Math.max(1, read.length)) return result(false);
  }
  return result(false);
}

function readRepository(item: unknown): Repository | undefined {
  const name = textOf(item, 'name');
  const updatedAt = new Date(textOf(item, 'updated_at'));
  if (name === '' || Number.isNaN(updatedAt.getTime())) return undefined;
  return { name, updatedAt, isEmpty: isRecord(item) && item.empty === true };
}

/**
 * `git archive` ends a zip with its end record (APPNOTE 4.3.16), whose comment is the commit: a cut archive, or another
 * commit's, does not. Gitea's own link to the archive names the commit too.
 */
function assertWhole({ bytes, headers }: Answer, commit: string): void {
  const end = bytes.length - 22 - commit.length;
  const isWhole =
    end >= 0 &&
    bytes.readUInt32LE(end) === 0x06054b50 &&
    bytes.readUInt16LE(end + 20) === commit.length &&
    bytes.toString('latin1', end + 22) === commit;
  const links = (headers.get('link') ?? '').matchAll(/<([^>]*)>[^,<]*\brel="?immutable\b/g);
  if (isWhole && [...links].every(([, link]) => link?.includes(commit))) return;
  throw new AppError(
    'GITEA_ARCHIVE_INVALID',
    `the archive of ${commit} was cut short, or is of another commit (${bytes.length} bytes)`,
    { retryAfterSeconds: 5 },
  );
}

function parseJson(bytes: Buffer, url: string): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    // Without its cause, which quotes the answer.
    throw new GiteaFault(url, 'not JSON');
  }
}

interface Question {
  readonly url: string;
  readonly wanted: 'json' | 'zip';
  readonly token: string | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

interface Answer {
  readonly bytes: Buffer;
  readonly headers: Headers;
}

/** Names the URL that was asked for, never one that an answer gave. */
class GiteaFault extends AppError {
  /** A second try may mend it. */
  readonly isPassing: boolean;
  constructor(url: string, what: string, options: AppErrorOptions & { isPassing?: boolean } = {}) {
    super('GITEA_UNAVAILABLE', `${redactUrl(url)}: ${what}`, { retryAfterSeconds: RETRY_SECONDS, ...options });
    this.isPassing = options.isPassing ?? false;
  }
}

/** undefined: 404. All tries together get the time of one. */
async function askGitea(question: Question, retryDelayMs: number): Promise<Answer | undefined> {
  const { url, timeoutMs } = question;
  const signal = AbortSignal.timeout(timeoutMs);
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOnce(question, signal);
    } catch (cause) {
      if (signal.aborted) throw new GiteaFault(url, `no whole answer within ${timeoutMs / 1000} s`, { cause });
      if (!(cause instanceof GiteaFault && cause.isPassing) || attempt === ATTEMPTS) throw cause;
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs * attempt));
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
