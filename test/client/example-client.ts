import type { components } from './api-types.ts';
import { makeClient, type Send } from './typed-client.ts';

/** As somebody else would write it; `client.test.ts` compiles it, and wrong ones made of it. */
export async function deployAndFollow(base: string, send: Send): Promise<string> {
  const call = makeClient(base, send);
  const path = { org: 'ttd', app: 'parking-permit' };
  const asked = await call('post', '/v1/{org}/{app}/deployments', {
    path,
    header: { 'Idempotency-Key': 'build-77' },
    body: { envName: 'tt02', tagName: '8', reason: 'The new form.' },
  });
  if (asked.status !== 202) throw new Error(explain(asked.body));
  const { id } = asked.body;

  let after = 0;
  for (;;) {
    const followed = await call('get', '/v1/{org}/{app}/deployments/{id}/events', {
      path: { ...path, id },
      query: { after, wait: 30 },
    });
    if (followed.status !== 200) throw new Error(explain(followed.body));
    if (followed.body.events.some(({ type }) => type === 'published' || type === 'failed')) break;
    after = followed.body.after;
  }

  const listed = await call('get', '/v1/{org}/-/deployments', {
    path: { org: 'ttd' },
    query: { envName: 'tt02', state: 'published', limit: 1 },
  });
  if (listed.status !== 200) throw new Error(explain(listed.body));
  return listed.body.deployments[0]?.state ?? 'nothing';
}

const explain = ({ code, detail, problems }: components['schemas']['Problem']): string =>
  [code satisfies string, detail, ...problems.map(({ path, message }) => `${path ?? ''} ${message}`)].join('\n');
