import { isAlias, isScalar, type ScalarTag, visit } from 'yaml';
import { AppError, type Problem, problem, throwIfAny } from '../errors.ts';
import { isRecord } from '../model/is-record.ts';
import { isUnprintable, MAX_YAML_DEPTH, MAX_YAML_KEY, parseGuarded, repeatedKeys } from './guard-yaml.ts';

export const VALUES_FILE = 'deployment/values.yaml';

/** A Helm values tree: plain JSON. */
export type Values = Record<string, unknown>;

/** Below what acceptance takes, since the HelmRelease holds the values two levels deeper, and more beside them. */
const MAX_BYTES = 512 * 1024;
const MAX_DEPTH = MAX_YAML_DEPTH - 4;
const MAX_NODES = 20_000;
/** For each of them yaml looks through the document from its start. */
const MAX_ALIASES = 1_000;
const MAX_PROBLEMS = 100;

/**
 * Integers as Go's yaml.v3 reads them (its `resolve` hands the text, underscores taken out, to `strconv.ParseInt` with
 * base 0): `0400` and `0o400` are octal, `0x1f` and `0b11` what they look like, `1_000` is a thousand.
 */
const GO_INTEGER: ScalarTag = {
  identify: (value) => typeof value === 'number' && Number.isInteger(value),
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: /^(?=[-+0-9])[-+]?_*(?:0_*[bB]_*[01][01_]*|0_*[oO]_*[0-7][0-7_]*|0_*[xX]_*[0-9a-fA-F][0-9a-fA-F_]*|0[0-7_]*|[1-9][0-9_]*)$/,
  resolve: (text, onError) => {
    const [, sign, digits] = /^([-+]?)(.*)$/.exec(text.replaceAll('_', '')) ?? [];
    const octal = /^0[0-7]+$/.test(digits ?? '') ? `0o${digits?.slice(1)}` : digits;
    const value = Number(octal?.toLowerCase()) * (sign === '-' ? -1 : 1);
    if (!Number.isSafeInteger(value)) onError(`the integer ${text} is beyond 2^53`);
    return value;
  },
};

/** Floats likewise, which take underscores too. The core schema's own tag covers all others. */
const GO_FLOAT: ScalarTag = {
  identify: (value) => typeof value === 'number',
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: /^(?=[-+.0-9])[-+]?(?:\.[0-9][0-9_]*|_*[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE]_*[-+]?_*[0-9][0-9_]*)?$/,
  resolve: (text) => Number(text.replaceAll('_', '')),
};

/**
 * An app's own `deployment/values.yaml`, as the Helm values it stands for. No file means no values; children of a top
 * key `deployment` belong to the root, where keys that are already there win.
 * `yes`, `on` and dates stay strings; aliases and merge keys are expanded.
 * @throws AppError VALUES_INVALID, with the line of each problem
 */
export function readValues(text: string | undefined): Values {
  const root = text === undefined ? {} : parseValues(text);
  const { deployment, ...rest } = root;
  if (deployment === undefined || deployment === null || deployment === false) return rest;
  if (!isRecord(deployment)) throw invalid("the key 'deployment' must hold a map");
  return mergeValues(deployment, rest);
}

/** Maps merge, arrays and scalars are replaced, `over` wins. Neither input is changed. */
export function mergeValues(base: Values, over: Values): Values {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    merged.set(key, isRecord(below) && isRecord(value) ? mergeValues(below, value) : value);
  }
  return Object.fromEntries(merged);
}

function parseValues(text: string): Values {
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalid(`over ${MAX_BYTES} bytes`);
  const parsed = parseGuarded(text, { merge: true, customTags: (tags) => [GO_INTEGER, GO_FLOAT, ...tags] });
  if (parsed.danger !== undefined) throw invalid(parsed.danger);
  const { document, lineOf } = parsed;
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) =>
    problem('VALUES_INVALID', `${VALUES_FILE}, ${lineOf(error.pos[0])}: ${error.message}`, VALUES_FILE),
  );
  let aliases = 0;
  visit(document, {
    Alias: () => {
      if (++aliases <= MAX_ALIASES) return undefined;
      problems.push(problem('VALUES_INVALID', `${VALUES_FILE}: more than ${MAX_ALIASES} aliases`, VALUES_FILE));
      return visit.BREAK;
    },
    Map: (_key, map) => {
      for (const key of repeatedKeys(map))
        problems.push(
          problem(
            'VALUES_INVALID',
            `${VALUES_FILE}, ${lineOf(map.range?.[0] ?? 0)}: the key '${key}' stands twice in one map`,
            VALUES_FILE,
          ),
        );
    },
    Pair: (_key, pair) => {
      const reason = keyProblem(isAlias(pair.key) ? pair.key.resolve(document) : pair.key);
      if (reason === undefined) return undefined;
      problems.push(problem('VALUES_INVALID', `${VALUES_FILE}: ${reason}`, VALUES_FILE));
      return visit.SKIP;
    },
  });
  throwIfAny(problems.slice(0, MAX_PROBLEMS));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_NODES });
  } catch (cause) {
    throw invalid((cause as Error).message, cause);
  }
  if (value === null || value === undefined) return {};
  if (!isRecord(value)) throw invalid('must hold a map');
  checkTree(value);
  return value;
}

/** Go's JSON has only text for keys. A merge key that counts as one has a symbol for its value. */
function keyProblem(key: unknown): string | undefined {
  if (!isScalar(key) || !['string', 'symbol'].includes(typeof key.value))
    return `a key must be text: put ${isScalar(key) ? String(key.value) : 'it'} in quotes`;
  if (typeof key.value !== 'string') return undefined;
  if (key.value === '<<') return "the key '<<' in quotes is a merge key to other parsers";
  return key.value.length > MAX_YAML_KEY
    ? `a key of ${key.value.length} characters: at most ${MAX_YAML_KEY} are taken`
    : undefined;
}

/** Aliases are expanded by now: what a few lines of text can blow up is counted here. Only JSON's types may be left. */
function checkTree(root: Values): void {
  let nodes = 0;
  let characters = 0;
  const walk = (value: unknown, depth: number): void => {
    if (++nodes > MAX_NODES) throw invalid(`more than ${MAX_NODES} values with its aliases expanded`);
    if (depth > MAX_DEPTH) throw invalid(`nested deeper than ${MAX_DEPTH}`);
    if (Array.isArray(value)) for (const inner of value) walk(inner, depth + 1);
    else if (isPlainMap(value))
      for (const [key, inner] of Object.entries(value)) [key, inner].map((v) => walk(v, depth + 1));
    else checkScalar(value);
    if (typeof value === 'string') characters += value.length;
    if (characters > MAX_BYTES) throw invalid(`over ${MAX_BYTES} characters with its aliases expanded`);
  };
  walk(root, 0);
}

function checkScalar(value: unknown): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw invalid('.inf and .nan are not values for Helm');
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw invalid(`the number ${value} is beyond 2^53`);
  if (typeof value === 'string' && isUnprintable(value))
    throw invalid(`${JSON.stringify(value.slice(0, 40))} has control characters, or half of a surrogate pair`);
  if (value !== null && !['string', 'number', 'boolean'].includes(typeof value))
    throw invalid('an explicit tag (!!binary, !!set, …) makes a value that Helm does not know');
}

function isPlainMap(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && Object.getPrototypeOf(value) === Object.prototype;
}

function invalid(message: string, cause?: unknown): AppError {
  return new AppError('VALUES_INVALID', `${VALUES_FILE}: ${message}`, { cause, path: VALUES_FILE });
}
