import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GiteaError, sendAnswer, sendError } from './answers.ts';
import type { AppRepository } from './app-folders.ts';
import { answerRequest } from './routes.ts';
import { makeSite, type Site } from './site.ts';

export interface GiteaStandIn {
  /** Where it answers, without a slash at its end. */
  readonly url: string;
  setRepositories(repositories: readonly AppRepository[]): void;
  /** Ends open connections too. May be called twice. */
  close(): Promise<void>;
}

export interface GiteaOptions {
  readonly repositories: readonly AppRepository[];
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** When set, every call must bring it. */
  readonly token?: string;
  /** 127.0.0.1 when absent. */
  readonly host?: string;
}

/** Answers Gitea's REST API, as much of it as a client that reads apps needs, from git repositories on this machine. */
export async function startGitea(options: GiteaOptions): Promise<GiteaStandIn> {
  const host = options.host ?? '127.0.0.1';
  let site: Site;
  const server = createServer((request, response) => void respond(request, response, site, options.token));
  const port = await listen(server, host, options.port ?? 0);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  site = makeSite(url, options.repositories);
  return {
    url,
    setRepositories: (repositories) => {
      site = makeSite(url, repositories);
    },
    close: () => close(server),
  };
}

async function respond(request: IncomingMessage, response: ServerResponse, site: Site, token: string | undefined) {
  try {
    checkMethod(request);
    checkToken(request, token);
    await sendAnswer(response, await answerRequest(site, request.url ?? ''), request.method === 'HEAD');
  } catch (error) {
    sendError(response, error, site.url);
  }
}

function checkMethod({ method }: IncomingMessage): void {
  if (method !== 'GET' && method !== 'HEAD') throw new GiteaError(405, 'Method Not Allowed');
}

/** `Authorization: token …` or `Bearer …`, in any case, as Gitea takes both. */
function checkToken({ headers }: IncomingMessage, token: string | undefined): void {
  if (token === undefined) return;
  if (!headers.authorization) throw new GiteaError(401, 'token is required');
  const [, given] = /^(?:token|bearer) (.+)$/i.exec(headers.authorization) ?? [];
  if (given !== token) throw new GiteaError(401, 'invalid username, password or token');
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const found = cause.code === 'EADDRINUSE' ? 'the port is taken; choose another' : cause.message;
      reject(new Error(`Gitea's stand-in can't listen on ${host}, port ${port}: ${found}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // Its only error is that the server is closed already.
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
