import {
  Composer,
  type CST,
  type Document,
  type DocumentOptions,
  isScalar,
  Lexer,
  LineCounter,
  type ParseOptions,
  Parser,
  type SchemaOptions,
  type YAMLMap,
  YAMLParseError,
} from 'yaml';

export const MAX_YAML_DEPTH = 64;
/** Go's parser sees no key where it is over 1,024 characters with its quotes. */
export const MAX_YAML_KEY = 1_000;
/** And U+0085, U+2028, U+2029: kustomize takes them for line breaks, even when they were written as escapes. */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff\p{Surrogate}]/u;
/** Twice what 20,000 values take, the most that an app may have; each costs 5 µs until it is refused. */
const MAX_TOKENS = 150_000;
/** Items of lists and pairs of maps, which are as many as values at most. Those without a name take few tokens, and much memory. */
const MAX_ENTRIES = 25_000;
const BEGINS_ENTRY: ReadonlySet<string> = new Set(['-', ':', ',']);
/** Far more than are shown; each is an error to yaml, and costs more than a token does. */
const MAX_FAULTS = 1_000;

/** What yaml makes of a text, or why it was kept from it. */
export type GuardedYaml =
  | {
      readonly document: Document.Parsed;
      /** `line 3`, of an offset in the text. */
      readonly lineOf: (offset: number) => string;
      readonly danger?: undefined;
    }
  | { readonly danger: string; readonly document?: undefined };

/** Control characters, and halves of surrogate pairs. */
export const isUnprintable = (text: string): boolean => UNPRINTABLE.test(text);

/**
 * `parseDocument`, for text from anyone: its tokens are looked at one at a time before yaml's composer sees them, which is
 * recursive. A document nested thousands deep would end the process (V8 can't compile a regular expression on the last of
 * the stack, and gives up). Directives are refused too: `%YAML 1.1` would change how the rest is read.
 */
export function parseGuarded(text: string, options: Options = {}): GuardedYaml {
  const tokens: CST.Token[] = [];
  const lines = new LineCounter();
  lines.addNewLine(0);
  const danger = readTokens(text, new Parser(lines.addNewLine), tokens);
  if (danger !== undefined) return { danger };
  const document = compose(tokens, text, { ...OPTIONS, ...options, lineCounter: lines });
  return { document, lineOf: (offset) => `line ${lines.linePos(offset).line}` };
}

type Options = ParseOptions & DocumentOptions & SchemaOptions;

/** Keys are compared by `repeatedKeys`: yaml compares each with each. */
const OPTIONS = { version: '1.2', strict: true, uniqueKeys: false, prettyErrors: false } as const;

function readTokens(text: string, parser: Parser, tokens: CST.Token[]): string | undefined {
  let lexemes = 0;
  let entries = 0;
  let faults = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > MAX_TOKENS) return `more than ${MAX_TOKENS} tokens`;
    if (BEGINS_ENTRY.has(lexeme) && ++entries > MAX_ENTRIES) return `more than ${MAX_ENTRIES} entries`;
    for (const token of parser.next(lexeme)) {
      if (token.type === 'directive') return 'a directive (%YAML, %TAG)';
      if (token.type === 'error' && ++faults > MAX_FAULTS) return `more than ${MAX_FAULTS} faults`;
      tokens.push(token);
    }
    // The document itself, and the scalar within, are on the stack too.
    if (parser.stack.length > MAX_YAML_DEPTH + 2) return `nested deeper than ${MAX_YAML_DEPTH}`;
  }
  tokens.push(...parser.end());
  return undefined;
}

/** As `parseDocument` does, with one change: yaml makes an error of each fault, and to take down where would cost the most. */
function compose(tokens: readonly CST.Token[], text: string, options: Options): Document.Parsed {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const [document, second] = new Composer(options).compose(tokens, true, text.length);
    if (second)
      document?.errors.push(
        new YAMLParseError(
          [second.range[0], second.range[1]],
          'MULTIPLE_DOCS',
          'multiple documents: only one is taken',
        ),
      );
    return document as Document.Parsed;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** yaml's own check compares each key with each other one; this is linear. */
export function repeatedKeys(map: YAMLMap): string[] {
  const keys = map.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : []));
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}
