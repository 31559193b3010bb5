import { type Answer, ok } from './answers.ts';
import { describeRepository } from './describe-repository.ts';
import { findOrganization, type Site } from './site.ts';

/** Gitea's DEFAULT_PAGING_NUM and MAX_RESPONSE_ITEMS. */
const DEFAULT_LIMIT = 30;
const MAX_LIMIT = 50;

/** `GET /orgs/{org}/repos?page&limit` */
export async function listRepositories(site: Site, path: string, query: URLSearchParams, org: string): Promise<Answer> {
  const all = [...findOrganization(site, org).repositories.values()].sort((a, b) => (a.app < b.app ? -1 : 1));
  const limit = Math.min(positive(query.get('limit')) ?? DEFAULT_LIMIT, MAX_LIMIT);
  const page = positive(query.get('page')) ?? 1;
  const shown = all.slice((page - 1) * limit, page * limit);
  const links = pageLinks(`${site.url}${path}`, query, page, Math.max(1, Math.ceil(all.length / limit)));
  return ok(await Promise.all(shown.map((repository) => describeRepository(site, repository))), {
    'X-Total-Count': String(all.length),
    'Access-Control-Expose-Headers': links === '' ? 'X-Total-Count' : 'Link, X-Total-Count',
    ...(links === '' ? {} : { Link: links }),
  });
}

/** A page past the last has the links of the last, as Gitea's paginator has it. */
function pageLinks(url: string, query: URLSearchParams, page: number, lastPage: number): string {
  const current = Math.min(page, lastPage);
  const link = (target: number, relation: string): string => {
    const changed = new URLSearchParams(query);
    changed.set('page', String(target));
    changed.sort();
    return `<${url}?${changed}>; rel="${relation}"`;
  };
  const after = current < lastPage ? [link(current + 1, 'next'), link(lastPage, 'last')] : [];
  const before = current > 1 ? [link(1, 'first'), link(current - 1, 'prev')] : [];
  return [...after, ...before].join(',');
}

function positive(text: string | null): number | undefined {
  const number = /^\d{1,9}$/.test(text ?? '') ? Number(text) : 0;
  return number > 0 ? number : undefined;
}
