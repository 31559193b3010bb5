import { AppError } from '../errors.ts';
import { isRecord } from '../model/is-record.ts';
import { type AppName, isCommit } from '../model/names.ts';
import type { Repositories, Repository } from '../ports.ts';
import { type Answer, askGitea, GiteaFault } from './ask-gitea.ts';
import { TIME_LIMITS } from './time-limits.ts';

export interface GiteaConfig {
  /** `https://altinn.studio/repos` */
  readonly url: string;
  readonly token: string | undefined;
}

/** How long and how much an answer may be. */
export const GITEA_LIMITS = { ...TIME_LIMITS.gitea, maxJsonBytes: 2 ** 20, maxArchiveBytes: 50 * 2 ** 20 };

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
    const answer = await askGitea({ ...json, url }, limits);
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

    async archive(name, commit, signal) {
      const url = `${repository(name)}/archive/${commit}.zip`;
      const answer = await askGitea({ ...zip, url, signal }, limits);
      if (answer !== undefined) assertWhole(answer, commit);
      return answer?.bytes;
    },

    // By the list of its folder: a file's own answer carries its content, which may be larger than any answer we take.
    async hasFile(name, path) {
      const folder = path.split('/').slice(0, -1).map(encodeURIComponent);
      const entries = await getJson([repository(name), 'contents', ...folder].join('/'));
      return Array.isArray(entries) && entries.some((entry) => textOf(entry, 'path') === path && !isFolder(entry));
    },

    list: (org, isTooLate) => listRepositories(base, org, getJson, isTooLate),

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

/** A link or submodule counts as a file: what is wrong with it, the build says in words. */
const isFolder = (entry: unknown): boolean => textOf(entry, 'type') === 'dir';

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
async function listRepositories(
  base: string,
  org: string,
  getJson: GetJson,
  isTooLate: () => boolean = () => false,
): ReturnType<Repositories['list']> {
  const found = new Map<string, Repository>();
  const result = (isComplete: boolean) => ({ repositories: [...found.values()], isComplete });
  let isUnderstood = true;
  for (let page = 1; page <= MAX_PAGES && !isTooLate(); page++) {
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
