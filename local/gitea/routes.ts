import { type Answer, GiteaError, notFound, ok } from './answers.ts';
import type { AppRepository } from './app-folders.ts';
import { describeCommit } from './describe-commit.ts';
import { describeRepository } from './describe-repository.ts';
import { listRepositories } from './list-repositories.ts';
import { readContents } from './read-contents.ts';
import { findRepository, type Site } from './site.ts';
import { streamArchive } from './stream-archive.ts';

const VERSION = '1.24.0';

/**
 * Answers a GET of `target` (path and query, as the client sent them), or throws a GiteaError.
 * The path is taken apart before it is decoded, and nothing in it is resolved: `..` and `%2f` are letters like others.
 */
export async function answerRequest(site: Site, target: string): Promise<Answer> {
  const [path = '', search = ''] = splitOnce(target, '?');
  const query = new URLSearchParams(search);
  const [first, api, version, kind, ...rest] = path.replace(/\/$/, '').split('/').map(decodeSegment);
  if (first !== '' || api !== 'api' || version !== 'v1') throw notFound();

  if (kind === 'version' && rest.length === 0) return ok({ version: VERSION });
  const [org, second, ...more] = rest;
  if (org === undefined || second === undefined) throw notFound();
  if (kind === 'orgs' && second === 'repos' && more.length === 0) return listRepositories(site, path, query, org);
  if (kind === 'repos') return answerRepository(site, findRepository(site, org, second), more, query);
  throw notFound();
}

async function answerRepository(
  site: Site,
  repository: AppRepository,
  segments: readonly string[],
  query: URLSearchParams,
): Promise<Answer> {
  const [what, ...rest] = segments;
  if (what === undefined) return ok(await describeRepository(site, repository));
  if (what === 'contents') return readContents(site, repository, rest.join('/'), query);
  if (what === 'archive' && rest.length > 0) return streamArchive(site, repository, rest.join('/'));
  // One segment, as in Gitea: the slash of a branch's name comes as %2F.
  const [commits, ref, ...more] = rest;
  if (what === 'git' && commits === 'commits' && ref !== undefined && more.length === 0)
    return describeCommit(site, repository, ref);
  throw notFound();
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new GiteaError(400, `invalid URL escape in '${segment}'`);
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
