import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Bicep as text, as far as it can be read without its compiler: names, who uses them, and what modules are given. */
export interface BicepFile {
  /** Below `infra/`. */
  readonly path: string;
  readonly text: string;
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly keyword: string;
  readonly name: string;
  /** Of a resource its type with version, of a module its path. */
  readonly type: string;
  readonly isExisting: boolean;
  readonly decorators: readonly string[];
  readonly tokens: readonly Token[];
}

export interface Token {
  /** `name` is a reference; `key` a property that is given a value, `member` one that is read; `text` a part of a string. */
  readonly kind: 'name' | 'key' | 'member' | 'text' | 'sign' | 'line';
  readonly text: string;
  readonly line: number;
  readonly depth: number;
}

export const INFRA = fileURLToPath(new URL('../../infra', import.meta.url));
const KEYWORDS = ['targetScope', 'param', 'var', 'resource', 'module', 'output', 'type', 'using'];
const CLOSES: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

export function readBicepFiles(): BicepFile[] {
  const paths = readdirSync(INFRA, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.bicep'));
  return paths.sort().map((path) => readBicep(path));
}

export function readBicep(path: string): BicepFile {
  return parseBicep(path, readFileSync(join(INFRA, path), 'utf8'));
}

/** @throws Error with file and line where a string, comment or bracket is not closed, or a statement is none */
export const parseBicep = (path: string, text: string): BicepFile => ({
  ...{ path, text, statements: toStatements(lex(text, path)) },
});

function lex(text: string, path: string): Token[] {
  const tokens: Token[] = [];
  const open: { sign: string; line: number }[] = [];
  let line = 1;
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`${path}:${line}: ${what}`);
  };
  const add = (kind: Token['kind'], value: string) => tokens.push({ kind, text: value, line, depth: open.length });
  const string = () => {
    at++;
    let value = '';
    while (text[at] !== "'") {
      if (at >= text.length || text[at] === '\n') fail('a string is not closed');
      if (text.startsWith('${', at)) {
        add('text', value);
        value = '';
        at += 2;
        expression('}');
      } else if (text[at] === '\\') {
        if (!/^\\(['\\nrt$]|u\{)/.test(text.slice(at, at + 3))) fail(`${text.slice(at, at + 2)} is no escape`);
        value += text[at + 1];
        at += 2;
      } else value += text[at++];
    }
    add('text', value);
    at++;
  };
  const expression = (until: string | undefined) => {
    const bottom = open.length;
    while (at < text.length) {
      const char = text[at] as string;
      if (char === until && open.length === bottom) {
        at++;
        return;
      }
      if (text.startsWith('//', at) || char === '#') at = endOf('\n', at);
      else if (text.startsWith('/*', at)) {
        const end = endOf('*/', at);
        line += text.slice(at, end).split('\n').length - 1;
        at = end + 2;
      } else if (char === "'") string();
      else if (/[A-Za-z_]/.test(char)) name();
      else {
        if (char === '\n') {
          add('line', '');
          line++;
        } else if ('([{'.includes(char)) {
          add('sign', char);
          open.push({ sign: char, line });
        } else if (char in CLOSES) {
          const last = open.pop();
          if (last?.sign !== CLOSES[char]) fail(`'${char}' closes '${last?.sign}' of line ${last?.line}`);
          add('sign', char);
        } else if (/\S/.test(char)) add('sign', char);
        at++;
      }
    }
    if (until !== undefined || open.length > 0) fail(`'${open.at(-1)?.sign ?? '${'}' is not closed`);
  };
  const endOf = (mark: string, from: number): number => {
    const end = text.indexOf(mark, from);
    return end === -1 ? fail('a comment is not closed') : end;
  };
  const name = () => {
    const word = /^\w+/.exec(text.slice(at))?.[0] as string;
    const before = tokens.at(-1);
    const isMember = /(\.\??|::|@)$/.test(text.slice(Math.max(0, at - 2), at));
    const startsEntry = before === undefined || before.kind === 'line' || ['{', ','].includes(before.text);
    const isKey = startsEntry && /^\w+\s*:(?!:)/.test(text.slice(at));
    add(isMember ? 'member' : isKey ? 'key' : 'name', word);
    at += word.length;
  };
  expression(undefined);
  return tokens;
}

function toStatements(tokens: readonly Token[]): Statement[] {
  const statements: Statement[] = [];
  let decorators: string[] = [];
  let start = 0;
  while (start < tokens.length) {
    const end = tokens.findIndex((token, index) => index >= start && token.kind === 'line' && token.depth === 0);
    let stop = end === -1 ? tokens.length : end;
    // A condition whose branches stand on lines of their own.
    while (['?', ':'].includes(tokens[stop + 1]?.text ?? '') && tokens[stop]?.kind === 'line') {
      const next = tokens.findIndex((token, index) => index > stop && token.kind === 'line' && token.depth === 0);
      stop = next === -1 ? tokens.length : next;
    }
    const part = tokens.slice(start, stop);
    const [first, second] = part;
    if (first?.text === '@') decorators.push(second?.text ?? '');
    else if (first !== undefined) {
      if (!KEYWORDS.includes(first.text)) throw new Error(`line ${first.line}: '${first.text}' begins no statement`);
      const texts = part.filter(({ kind }) => kind === 'text');
      statements.push({
        ...{ keyword: first.text, name: second?.text ?? '', type: texts[0]?.text ?? '', decorators, tokens: part },
        isExisting: part.some(({ text, depth }) => text === 'existing' && depth === 0),
      });
      decorators = [];
    }
    start = stop + 1;
  }
  return statements;
}

/** What a statement refers to: names that are neither its own, nor a type's, a function's or a loop's. */
export function referencesOf({ tokens }: Statement): Token[] {
  const own = new Set(declaredIn(tokens));
  return tokens.filter(
    (token, index) =>
      token.kind === 'name' &&
      index > 0 &&
      !own.has(token.text) &&
      !isWord(token.text) &&
      tokens[index + 1]?.text !== '(',
  );
}

/** Functions that are called. */
export const callsOf = ({ tokens }: Statement): string[] =>
  tokens.flatMap((token, index) =>
    token.kind === 'name' && tokens[index + 1]?.text === '(' && !isWord(token.text) ? [token.text] : [],
  );

/** The statement's own name, those of resources in it, and its loops' variables. */
function declaredIn(tokens: readonly Token[]): string[] {
  return tokens.flatMap(({ text }, index) => {
    if (index === 0) return [tokens[1]?.text ?? ''];
    if (text === 'resource') return [tokens[index + 1]?.text ?? ''];
    if (text !== 'for') return [];
    const end = tokens.findIndex((token, place) => place > index && token.text === 'in');
    return tokens.slice(index + 1, end).flatMap((token) => (token.kind === 'name' ? [token.text] : []));
  });
}

const WORDS = 'true false null string int bool object array for in if existing resource'.split(' ');
const isWord = (text: string): boolean => WORDS.includes(text) || /^\d/.test(text);

/** The keys of the object that is the value of `key` at the statement's first level. */
export function keysBelow({ tokens }: Statement, key: string): string[] {
  const start = tokens.findIndex(({ kind, text }) => kind === 'key' && text === key);
  if (start === -1) return [];
  const depth = (tokens[start] as Token).depth;
  const end = tokens.findIndex((token, index) => index > start + 1 && token.depth === depth && token.text === '}');
  return tokens
    .slice(start, end)
    .filter((token) => token.kind === 'key' && token.depth === depth + 1)
    .map(({ text }) => text);
}
