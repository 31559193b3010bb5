import type { paths } from './api-types.ts';

/** What fetch does, with the answer read. */
export type Send = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string },
) => Promise<{ status: number; headers: Headers; body: unknown }>;

type Method = 'get' | 'put' | 'post';
type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends { [K in M]: object } ? P : never;
}[keyof paths];
type OperationOf<M extends Method, P extends keyof paths> = paths[P][M];

/** What a call takes: its path's names, query, headers and body, each where it has them. */
type Sent<Operation> = PartOf<Operation, 'path'> &
  PartOf<Operation, 'query'> &
  PartOf<Operation, 'header'> &
  (Operation extends { requestBody: JsonBody<infer Body> }
    ? { body: Body }
    : Operation extends { requestBody?: infer Content }
      ? { body?: Content extends JsonBody<infer Body> ? Body : never }
      : never);
type JsonBody<Body> = { content: { 'application/json': Body } };
type PartOf<Operation, Part extends string> = Operation extends { parameters: infer Parameters }
  ? Pick<Parameters, Part & keyof Parameters>
  : never;

/** One for each status, told apart by it. */
type Answer<Operation> = Operation extends { responses: infer Responses }
  ? { [S in keyof Responses]: { status: S; headers: Headers; body: BodyOf<Responses[S]> } }[keyof Responses]
  : never;
type BodyOf<Response> = Response extends { content: infer Content extends object } ? Content[keyof Content] : undefined;

interface Parts {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly header?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A client that knows of the API what the generated types say, and nothing else. `base` is where `/api` is. */
export function makeClient(base: string, send: Send) {
  return async function call<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    sent: Sent<OperationOf<M, P>>,
  ): Promise<Answer<OperationOf<M, P>>> {
    const { path: names = {}, query = {}, header = {}, body } = sent as Parts;
    const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(names[name] ?? ''));
    const search = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, `${value}`]),
    );
    const headers = { ...header, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const answer = await send(`${base}/api${filled}?${search}`.replace(/\?$/, ''), {
      method: method.toUpperCase(),
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answer as Answer<OperationOf<M, P>>;
  };
}
