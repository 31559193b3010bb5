import { parseArgs } from 'node:util';
import type { Preview } from '../../src/deploy/preview-view.ts';
import type { Health } from '../../src/operate/check-health.ts';
import { showUsage } from './show-usage.ts';

const USAGE = `npm run smoke -- --url URL [--org ORG --app APP --env ENV --tag TAG]

Asks a live installation whether it works, and changes nothing: its health, its description, that a call without a token is refused,
and, where an app is named, what a deployment of its tag would be. The access token is taken from SMOKE_TOKEN. Ends with exit code 0 if all is well, else 1.`;

const TIMEOUT_MS = 60_000;

interface Check {
  readonly name: string;
  /** What was found. @throws Error that says what is wrong */
  readonly run: () => Promise<string>;
}

interface Target {
  readonly url: string;
  readonly isLocal: boolean;
  readonly token: string | undefined;
  /** What to preview; undefined: nothing. */
  readonly app: Readonly<Record<'org' | 'app' | 'env' | 'tag', string>> | undefined;
}

async function main(): Promise<boolean> {
  const target = readTarget(process.env.SMOKE_TOKEN?.trim() || undefined);
  let failures = 0;
  for (const { name, run } of checksOf(target)) {
    const started = performance.now();
    const [mark, found] = await run().then(
      (text) => ['ok  ', text],
      (error: Error) => ['FAIL', error.message],
    );
    if (mark === 'FAIL') failures++;
    console.log(
      `${mark}  ${name.padEnd(22)} ${String(Math.round(performance.now() - started)).padStart(6)} ms  ${found}`,
    );
  }
  return failures === 0;
}

function readTarget(token: string | undefined): Target {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({ options: { url: text, org: text, app: text, env: text, tag: text } });
    const url = readUrl(values.url);
    const isLocal = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
    if (token !== undefined && url.protocol === 'http:' && !isLocal)
      throw new Error('--url is not https: the token would be sent in clear');
    const named = [values.org, values.app, values.env, values.tag];
    const [org, app, env, tag] = named;
    if (named.some((one) => one !== undefined) && !(org && app && env && tag))
      throw new Error('--org, --app, --env and --tag belong together');
    return {
      // With or without the /api that the template's output has.
      url: `${url.origin}${url.pathname.replace(/(\/api)?\/*$/, '')}`,
      isLocal,
      token,
      app: org && app && env && tag ? { org, app, env, tag } : undefined,
    };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function readUrl(text: string | undefined): URL {
  if (text === undefined) throw new Error('--url is missing');
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
    throw new Error(`--url '${text}': must be an http or https URL`);
  return new URL(text);
}

function checksOf(target: Target): Check[] {
  const { app, isLocal } = target;
  return [
    { name: 'health', run: () => checkHealth(target) },
    { name: 'description', run: () => checkDescription(target) },
    // The local run takes calls without a token.
    ...(isLocal ? [] : [{ name: 'refusal without token', run: () => checkRefusal(target) }]),
    ...(app ? [{ name: `preview ${app.org}/${app.app}`, run: () => checkPreview(target, app) }] : []),
  ];
}

async function checkHealth(target: Target): Promise<string> {
  const { status, body } = await ask(target, '/api/health');
  const { checks, problems, holdCount, status: health } = body as Health;
  if (checks === undefined) throw new Error(`answered ${status} and no health: is it this service?`);
  const wrong = [
    ...checks.filter((check) => check.status === 'failing').map(({ name, message }) => `${name}: ${message}`),
    ...problems.map(({ message }) => message),
    ...(holdCount > 0 ? [`${holdCount} held, see /api/health`] : []),
  ];
  const text = [health, ...wrong].join('\n        ');
  if (status !== 200) throw new Error(text);
  return text;
}

async function checkDescription(target: Target): Promise<string> {
  const { status, body } = await ask(target, '/api/openapi.json');
  if (status !== 200) throw new Error(describe(status, body));
  const { info, paths } = body as { info: { version: string }; paths: object };
  return `version ${info.version}, ${Object.keys(paths).length} paths`;
}

async function checkRefusal(target: Target): Promise<string> {
  const { org, app } = target.app ?? { org: 'smoke', app: 'smoke' };
  const { status } = await ask({ ...target, token: undefined }, `/api/v1/${org}/${app}/deployments`);
  if (status !== 401) throw new Error(`answered ${status}: anyone may call it`);
  return '401';
}

async function checkPreview(target: Target, { org, app, env, tag }: NonNullable<Target['app']>): Promise<string> {
  const request = { envName: env, tagName: tag };
  const { status, body } = await ask(target, `/api/v1/${org}/${app}/deployments/preview`, request);
  if (status !== 200) throw new Error(describe(status, body));
  const { documents, changeCount, published, inputsDigest } = body as Preview;
  const now = published ? `${changeCount} changes to what is published` : 'nothing is published there yet';
  return `${documents.length} documents, ${now}; inputs ${inputsDigest.slice(0, 12)}`;
}

async function ask({ url, token }: Target, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    body: body ? JSON.stringify(body) : null,
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error) => {
    const { code, message } = (error.cause ?? error) as { code?: string | number; message: string };
    // Of a time-out the code is a number.
    throw new Error(`no answer from ${url}: ${typeof code === 'string' ? code : message}`);
  });
  const text = await answer.text();
  try {
    return { status: answer.status, body: JSON.parse(text) ?? {} };
  } catch {
    return { status: answer.status, body: {} };
  }
}

/** A problem document (RFC 9457), all of it. */
function describe(status: number, body: unknown): string {
  const { code, problems = [] } = body as { code?: string; problems?: readonly { message: string }[] };
  return [`answered ${status}${code ? ` ${code}` : ''}`, ...problems.map(({ message }) => message)].join('\n        ');
}

showUsage(USAGE);
try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
