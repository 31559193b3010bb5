export interface JsonLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Strings, brackets, commas and colons. */
  readonly maxTokens: number;
}

/** `invalid`: not JSON. `unsafe`: JSON that another parser may read otherwise, or that costs too much. */
export type JsonReading =
  | { readonly value: unknown; readonly fault?: never }
  | { readonly fault: 'invalid' | 'unsafe'; readonly message: string };

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gy;
const GAP = /[^"{}[\]:,]*/y;

/**
 * Reads JSON that must mean the same to every parser: JSON.parse alone would let the last of two equal keys win.
 * Linear in the text, unlike a YAML parser, since a manifest can list thousands of files.
 */
export function readJson(content: Uint8Array, limits: JsonLimits): JsonReading {
  if (content.length > limits.maxBytes)
    return { fault: 'unsafe', message: `${content.length} bytes: at most ${limits.maxBytes} are taken` };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return { fault: 'invalid', message: 'not UTF-8' };
  }
  // Before parsing, which is recursive.
  const message = findAmbiguity(text, limits);
  if (message) return { fault: 'unsafe', message };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { fault: 'invalid', message: (error as Error).message };
  }
}

/** Walks the tokens only: whether the text is JSON at all is JSON.parse's to say. */
function findAmbiguity(text: string, { maxDepth, maxTokens }: JsonLimits): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let previous = '';
  let position = 0;
  let tokens = 0;
  while (position < text.length) {
    GAP.lastIndex = position;
    GAP.exec(text);
    TOKEN.lastIndex = GAP.lastIndex;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return undefined;
    position = TOKEN.lastIndex;
    if (++tokens > maxTokens) return `more than ${maxTokens} tokens`;
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const keys = open.at(-1);
      const key = decodeKey(previous);
      if (keys?.has(key)) return `the key ${previous} stands twice in one object`;
      keys?.add(key);
    }
    if (open.length > maxDepth) return `nested deeper than ${maxDepth}`;
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
