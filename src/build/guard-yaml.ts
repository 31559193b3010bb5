import { isScalar, Lexer, Parser, type YAMLMap } from 'yaml';

export const MAX_YAML_DEPTH = 64;
/** Twice what 20,000 values take, the most that an app may have; each costs 5 µs until it is refused. */
const MAX_TOKENS = 150_000;

/**
 * Why a text must not reach yaml's composer, which is recursive: a document nested thousands deep ends the process (V8
 * can't compile a regular expression on the last of the stack, and gives up). Looks at tokens only, one at a time.
 * Directives are refused too: `%YAML 1.1` would change how the rest is read.
 */
export function yamlDanger(text: string): string | undefined {
  const parser = new Parser();
  let tokens = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) return `more than ${MAX_TOKENS} tokens`;
    for (const token of parser.next(lexeme)) if (token.type === 'directive') return 'a directive (%YAML, %TAG)';
    // The document itself, and the scalar within, are on the stack too.
    if (parser.stack.length > MAX_YAML_DEPTH + 2) return `nested deeper than ${MAX_YAML_DEPTH}`;
  }
  return undefined;
}

/** yaml's own check compares each key with each other one; this is linear. */
export function repeatedKeys(map: YAMLMap): string[] {
  const keys = map.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : []));
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}
