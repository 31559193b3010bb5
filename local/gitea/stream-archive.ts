import { type Answer, GiteaError } from './answers.ts';
import type { AppRepository } from './app-folders.ts';
import { streamGit } from './git.ts';
import { readCommit } from './read-commit.ts';
import { apiUrl, type Site } from './site.ts';

const FORMATS = ['zip', 'tar.gz'] as const;

/** `GET /repos/{org}/{app}/archive/{ref}.zip` or `.tar.gz` */
export async function streamArchive(site: Site, repository: AppRepository, archive: string): Promise<Answer> {
  const format = FORMATS.find((one) => archive.endsWith(`.${one}`));
  if (!format) throw new GiteaError(400, `unknown format: ${archive}`);
  const ref = archive.slice(0, -`.${format}`.length);
  const commit = await readCommit(repository.gitDirectory, ref);
  if (!commit) throw new GiteaError(404, `unrecognized repository reference: ${ref}`);

  // Gitea names the top folder after the repository's folder on disk, which is in lower case.
  const prefix = `${repository.app.toLowerCase()}/`;
  // The id, not the ref: git writes it into the zip's comment or the tar's header.
  const args = ['archive', `--format=${format}`, `--prefix=${prefix}`, commit.id];
  return {
    status: 200,
    headers: archiveHeaders(
      apiUrl(site, repository),
      commit.id,
      format,
      `${repository.app}-${archive.replaceAll('/', '-')}`,
    ),
    body: { stream: (destination) => streamGit(repository.gitDirectory, args, destination) },
  };
}

function archiveHeaders(api: string, commit: string, format: string, fileName: string) {
  const quoted = fileName.replaceAll(/["\\]/g, '\\$&').replaceAll(/[^\x20-\x7e]/g, '_');
  return {
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${quoted}"; filename*=UTF-8''${encodeURIComponent(fileName)}`,
    'Access-Control-Expose-Headers': 'Content-Disposition',
    'X-Content-Type-Options': 'nosniff',
    Link: `<${api}/archive/${commit}.${format}?rev=${commit}>; rel="immutable"`,
  };
}
