import { runGit } from './git.ts';

export interface Signature {
  readonly name: string;
  readonly email: string;
  /** RFC 3339, in the zone it was made in. */
  readonly date: string;
}

export interface Commit {
  readonly id: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

/** Git's own rules for the name of a ref. They leave no way to write an expression such as `a~1`, `a:path`, `a..b`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const NOT_A_REF = /[\x00-\x20\x7f\\~^:?*[]|^[/.]|\/\.|\.lock(?:$|\/)|\.\.|\/\/|@\{|[/.]$|^@?$/;

export const isRefName = (name: string): boolean => !NOT_A_REF.test(name);

const FULL_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const MOST_KEPT = 1_000;
/** By git directory and full id: what these name never changes, and each start of git holds up everything in this process. */
const kept = new Map<string, Commit>();

/** The commit that a branch, a tag, or a full or abbreviated id names; undefined when there is none. */
export async function readCommit(gitDirectory: string, ref: string): Promise<Commit | undefined> {
  const known = FULL_ID.test(ref) ? kept.get(`${gitDirectory} ${ref}`) : undefined;
  if (known !== undefined) return known;
  const commit = await askForCommit(gitDirectory, ref);
  if (commit === undefined) return undefined;
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(`${gitDirectory} ${commit.id}`, commit);
  return commit;
}

async function askForCommit(gitDirectory: string, ref: string): Promise<Commit | undefined> {
  if (!isRefName(ref) || ref.startsWith('-')) return undefined;
  // The name goes in on stdin: it can't be taken for an option.
  const output = await runGit(gitDirectory, ['cat-file', '--batch'], { input: `${ref}^{commit}\n` });
  const lineEnd = output.indexOf('\n');
  const [id, type, size] = output.toString('utf8', 0, lineEnd).split(' ');
  if (id === undefined || type !== 'commit') return undefined; // `{ref} missing`, `{ref} ambiguous`
  return parseCommit(id, output.toString('utf8', lineEnd + 1, lineEnd + 1 + Number(size)));
}

function parseCommit(id: string, text: string): Commit {
  const headEnd = text.indexOf('\n\n');
  const headers = text.slice(0, headEnd).split('\n');
  const values = (name: string): string[] =>
    headers.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  return {
    id,
    parents: values('parent'),
    author: parseSignature(values('author')[0] ?? ''),
    committer: parseSignature(values('committer')[0] ?? ''),
    message: text.slice(headEnd + 2),
  };
}

/** `Name <email> seconds zone` */
function parseSignature(text: string): Signature {
  const [, name = text, email = '', seconds = '0', zone = '+0000'] =
    /^(.*?) ?<(.*?)> (-?\d+) ([+-]\d{4})$/.exec(text) ?? [];
  return { name, email, date: formatDate(Number(seconds), zone) };
}

function formatDate(seconds: number, zone: string): string {
  const sign = zone.startsWith('-') ? -1 : 1;
  const offsetMinutes = sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3)));
  const local = new Date((seconds + offsetMinutes * 60) * 1000).toISOString().slice(0, 19);
  return offsetMinutes === 0 ? `${local}Z` : `${local}${zone.slice(0, 3)}:${zone.slice(3)}`;
}
