import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page of an org's repositories; `cut` ends the connection instead of answering. */
export type Page = readonly unknown[] | { readonly status: number; readonly text: string } | 'cut';

export interface GiteaPages {
  readonly url: string;
  /** Names of the repositories that were looked into, in this order. */
  readonly lookedInto: readonly string[];
  close(): Promise<void>;
}

export interface PagesOptions {
  readonly pages: (org: string, page: number) => Page;
  /** The status for the folder that holds a repository's metadata file; 200 when absent. */
  readonly contents?: (name: string) => number;
  /** The name under which a repository is found now; its own when absent. What the pages leave out is there all the same. */
  readonly renamed?: (name: string) => string;
}

/** Gitea's list of repositories, with pages as a test wants them: right or wrong. */
export async function startGiteaPages({
  pages,
  contents = () => 200,
  renamed = (name) => name,
}: PagesOptions): Promise<GiteaPages> {
  const lookedInto: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://gitea');
    const org = /^\/api\/v1\/orgs\/([^/]+)\/repos$/.exec(pathname)?.[1];
    const name = /^\/api\/v1\/repos\/[^/]+\/([^/]+)\/contents\//.exec(pathname)?.[1];
    if (name !== undefined) {
      lookedInto.push(name);
      const entry = { path: 'App/config/applicationmetadata.json', type: 'file' };
      response.writeHead(contents(name)).end(JSON.stringify([entry]));
      return;
    }
    const [, owner, asked] = /^\/api\/v1\/repos\/([^/]+)\/([^/]+)$/.exec(pathname) ?? [];
    if (owner !== undefined && asked !== undefined) {
      response.writeHead(200).end(JSON.stringify({ full_name: `${owner}/${renamed(asked)}` }));
      return;
    }
    const page = org === undefined ? { status: 404, text: '{}' } : pages(org, Number(searchParams.get('page')));
    if (page === 'cut') response.destroy();
    else if ('status' in page) response.writeHead(page.status).end(page.text);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(page));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lookedInto,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** As much of a repository as is read from a page. */
export const repository = (name: string, updatedAt = '2026-02-01T00:00:00Z', empty = false) => ({
  name,
  updated_at: updatedAt,
  empty,
});
