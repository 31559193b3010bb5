/** A rule of a Traefik router, `Host(…) && (PathPrefix(…) || !Method(…))`, taken apart. */
export type RouteRule =
  | { readonly kind: 'any' | 'all'; readonly of: readonly RouteRule[] }
  | { readonly kind: 'not'; readonly of: RouteRule }
  | Matcher;

export interface Matcher {
  readonly kind: 'matcher';
  readonly name: string;
  readonly values: readonly string[];
}

/** What an app may look at, of Traefik 2 and 3. Exactly so written, though Traefik takes other cases too. */
const MATCHERS: readonly string[] = [
  ...['Host', 'Path', 'PathPrefix', 'PathRegexp', 'Method', 'Query', 'QueryRegexp', 'ClientIP'],
  ...['Header', 'Headers', 'HeaderRegexp', 'HeadersRegexp'],
];
const MAX_DEPTH = 20;
/** Strings as in Go, but without escapes: in single quotes there are none. */
const TOKEN = /\s*(?:(?<sign>&&|\|\||[!(),])|(?<name>[A-Za-z]+)|`(?<raw>[^`]*)`|"(?<quoted>[^"\\]*)"|(?<end>$))/y;

type Token = { readonly at: number; readonly text: string; readonly is: 'sign' | 'name' | 'value' | 'end' };

interface Cursor {
  readonly tokens: readonly Token[];
  next: number;
}

/** @throws Error what is expected where, when it is no such rule or one that is not taken */
export function readRouteRule(text: string): RouteRule {
  const cursor: Cursor = { tokens: readTokens(text), next: 0 };
  const rule = readAny(cursor, 0);
  if (peek(cursor).is !== 'end') throw expected(cursor, "'&&' or '||'");
  return rule;
}

function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined)
      throw new Error(`can't be read at character ${at + 1}: ${JSON.stringify(text.slice(at, at + 20))}`);
    const { sign, name, raw, quoted } = groups;
    if (sign !== undefined) tokens.push({ at, text: sign, is: 'sign' });
    else if (name !== undefined) tokens.push({ at, text: name, is: 'name' });
    else if (raw !== undefined || quoted !== undefined) tokens.push({ at, text: raw ?? quoted ?? '', is: 'value' });
    else return [...tokens, { at, text: 'the end', is: 'end' }];
  }
}

/** `||` binds least, then `&&`, then `!`. */
function readAny(cursor: Cursor, depth: number): RouteRule {
  if (depth > MAX_DEPTH) throw new Error(`is nested deeper than ${MAX_DEPTH}`);
  const of = [readAll(cursor, depth)];
  while (takeSign(cursor, '||')) of.push(readAll(cursor, depth));
  return { kind: 'any', of };
}

function readAll(cursor: Cursor, depth: number): RouteRule {
  const of = [readOne(cursor, depth)];
  while (takeSign(cursor, '&&')) of.push(readOne(cursor, depth));
  return { kind: 'all', of };
}

function readOne(cursor: Cursor, depth: number): RouteRule {
  if (takeSign(cursor, '!')) {
    if (peek(cursor).text === '!') throw expected(cursor, 'no second');
    return { kind: 'not', of: readOne(cursor, depth) };
  }
  if (!takeSign(cursor, '(')) return readMatcher(cursor);
  const rule = readAny(cursor, depth + 1);
  if (!takeSign(cursor, ')')) throw expected(cursor, "')'");
  return rule;
}

function readMatcher(cursor: Cursor): Matcher {
  const { text: name, is } = peek(cursor);
  if (is !== 'name' || !MATCHERS.includes(name)) throw expected(cursor, `one of ${MATCHERS.join(', ')}`);
  cursor.next++;
  if (!takeSign(cursor, '(')) throw expected(cursor, "'('");
  const values: string[] = [];
  do values.push(takeValue(cursor));
  while (takeSign(cursor, ','));
  if (!takeSign(cursor, ')')) throw expected(cursor, "')'");
  return { kind: 'matcher', name, values };
}

function takeValue(cursor: Cursor): string {
  const { text, is } = peek(cursor);
  if (is !== 'value') throw expected(cursor, 'text in `…` or "…"');
  cursor.next++;
  return text;
}

function takeSign(cursor: Cursor, sign: string): boolean {
  const { text, is } = peek(cursor);
  if (is !== 'sign' || text !== sign) return false;
  cursor.next++;
  return true;
}

/** The last token is the end, and is never taken. */
const peek = ({ tokens, next }: Cursor): Token => tokens[next] as Token;

function expected(cursor: Cursor, what: string): Error {
  const { at, text } = peek(cursor);
  return new Error(
    `can't be read at character ${at + 1}: expected ${what}, found ${JSON.stringify(text.slice(0, 100))}`,
  );
}
