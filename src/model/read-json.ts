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

/**
 * Walks the tokens only: whether the text is JSON at all is JSON.parse's to say. Character by character, and without a
 * copy of any string but keys: regular expressions took three times as long, a twentieth of an artifact's acceptance.
 */
function findAmbiguity(text: string, { maxDepth, maxTokens }: JsonLimits): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let tokens = 0;
  // Of the last token, where it is a string.
  let start = 0;
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      start = at;
      end = endOfString(text, at);
      // JSON.parse will say so.
      if (end === 0) return undefined;
      at = end - 1;
    } else if (char === ':') {
      const keys = end > 0 ? open.at(-1) : undefined;
      const key = decodeKey(text.slice(start, end));
      if (keys?.has(key)) return `the key ${text.slice(start, end)} stands twice in one object`;
      keys?.add(key);
      end = 0;
    } else if (char === '{' || char === '[' || char === '}' || char === ']' || char === ',') {
      if (char === '{' || char === '[') open.push(char === '{' ? new Set() : undefined);
      else if (char !== ',') open.pop();
      end = 0;
    } else continue;
    if (++tokens > maxTokens) return `more than ${maxTokens} tokens`;
    if (open.length > maxDepth) return `nested deeper than ${maxDepth}`;
  }
  return undefined;
}

/** Behind the quote that ends the string that begins at `start`; 0 when none does. */
function endOfString(text: string, start: number): number {
  let quote = start;
  let backslashes: number;
  do {
    quote = text.indexOf('"', quote + 1);
    backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
  } while (backslashes % 2 === 1);
  return quote + 1;
}

/** `"a"` and `"\u0061"` are one key. */
function decodeKey(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}
