import type { HttpResponseInit } from '@azure/functions';
import { appName, defineRoute, idOf } from '../route.ts';

export const downloadArtifact = defineRoute({
  name: 'downloadArtifact',
  method: 'GET',
  route: 'v1/{org}/{app}/deployments/{id}/artifact',
  access: 'reader',
  summary: 'Download the accepted artifact.',
  headers: { 'If-None-Match': 'The ETag of a copy: answered with 304 while it is that one, and it always is.' },
  replies: {
    200: {
      description: 'The zip, streamed.',
      contentType: 'application/zip',
      headers: {
        ETag: 'The SHA-256 of the zip in hex, in quotes.',
        'Repr-Digest': 'The same, as RFC 9530 writes it: `sha-256=:{base64}:`.',
      },
    },
    304: { description: 'You have it.', headers: { ETag: 'As above.' } },
  },
  problems: ['DEPLOYMENT_UNKNOWN', 'DEPLOYMENT_NOT_ACCEPTED', 'ARTIFACT_REMOVED', 'STORAGE_UNAVAILABLE'],
  async handle(app, call): Promise<HttpResponseInit> {
    const { deployment, sha256, open } = await app.findArtifact(appName(call), idOf(call));
    const etag = `"${sha256}"`;
    // An artifact never changes.
    const caching = { etag, 'cache-control': 'private, max-age=31536000, immutable' };
    if (matches(call.request.headers.get('if-none-match'), etag)) return { status: 304, headers: caching };
    const { bytes, content } = await open();
    return {
      status: 200,
      headers: {
        ...caching,
        'content-type': 'application/zip',
        'content-length': String(bytes),
        'content-disposition': `attachment; filename="${deployment.org}-${deployment.app}-${deployment.id}.zip"`,
        'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
      },
      body: content,
    };
  },
});

const matches = (header: string | null, etag: string): boolean =>
  (header ?? '').split(',').some((one) => ['*', etag, `W/${etag}`].includes(one.trim()));
