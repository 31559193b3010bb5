import { type ErrorCode, type Problem, problem } from '../errors.ts';

const MAX_DEPTH = 64;
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gy;
const GAP = /[^"{}[\]:,]*/y;

/**
 * Reads JSON that must mean the same to every parser: JSON.parse alone would let the last of two equal keys win.
 * Linear in the text, unlike a YAML parser, since a manifest can list thousands of files.
 */
export function readJson(path: string, content: Buffer, maxBytes: number): { value: unknown; problems: Problem[] } {
  const fail = (code: ErrorCode, message: string) => ({
    value: undefined,
    problems: [problem(code, `${path}: ${message}`, path)],
  });
  if (content.length > maxBytes) return fail('YAML_UNSAFE', `${content.length} bytes: at most ${maxBytes} are taken`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return fail('YAML_INVALID', 'not UTF-8');
  }
  // Before parsing, which is recursive.
  const unsafe = findAmbiguity(text);
  if (unsafe) return fail('YAML_UNSAFE', unsafe);
  try {
    return { value: JSON.parse(text) as unknown, problems: [] };
  } catch (error) {
    return fail('YAML_INVALID', (error as Error).message);
  }
}

/** Walks the tokens only: whether the text is JSON at all is JSON.parse's to say. */
function findAmbiguity(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let previous = '';
  let position = 0;
  while (position < text.length) {
    GAP.lastIndex = position;
    GAP.exec(text);
    TOKEN.lastIndex = GAP.lastIndex;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return undefined;
    position = TOKEN.lastIndex;
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const keys = open.at(-1);
      const key = decodeKey(previous);
      if (keys?.has(key)) return `the key ${previous} stands twice in one object`;
      keys?.add(key);
    }
    if (open.length > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH}`;
    previous = token;
  }
  return undefined;
}

/** `"a"` and `"\u0061"` are one key. */
function decodeKey(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}
