import { isScalar, Lexer, Parser, parseDocument, type YAMLMap } from 'yaml';

export const MAX_YAML_DEPTH = 64;
/** Twice what 20,000 values take, the most that an app may have; each costs 5 µs until it is refused. */
const MAX_TOKENS = 150_000;
/** Items of lists and pairs of maps, which are as many as values at most. Those without a name take few tokens, and much memory. */
const MAX_ENTRIES = 25_000;
const BEGINS_ENTRY: ReadonlySet<string> = new Set(['-', ':', ',']);
/** Far more than are shown; each is an error to yaml, and costs more than a token does. */
const MAX_FAULTS = 1_000;

/**
 * Why a text must not reach yaml's composer, which is recursive: a document nested thousands deep ends the process (V8
 * can't compile a regular expression on the last of the stack, and gives up). Looks at tokens only, one at a time.
 * Directives are refused too: `%YAML 1.1` would change how the rest is read.
 */
export function yamlDanger(text: string): string | undefined {
  const parser = new Parser();
  let tokens = 0;
  let entries = 0;
  let faults = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) return `more than ${MAX_TOKENS} tokens`;
    if (BEGINS_ENTRY.has(lexeme) && ++entries > MAX_ENTRIES) return `more than ${MAX_ENTRIES} entries`;
    for (const token of parser.next(lexeme)) {
      if (token.type === 'directive') return 'a directive (%YAML, %TAG)';
      if (token.type === 'error' && ++faults > MAX_FAULTS) return `more than ${MAX_FAULTS} faults`;
    }
    // The document itself, and the scalar within, are on the stack too.
    if (parser.stack.length > MAX_YAML_DEPTH + 2) return `nested deeper than ${MAX_YAML_DEPTH}`;
  }
  return undefined;
}

/**
 * `parseDocument`, for text from anyone: yaml makes an error of each fault, and to take down where it was made would be
 * most of the time and memory that a text full of faults costs.
 */
export const parseQuietly: typeof parseDocument = (text, options) => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return parseDocument(text, options);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};

/** yaml's own check compares each key with each other one; this is linear. */
export function repeatedKeys(map: YAMLMap): string[] {
  const keys = map.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : []));
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}
