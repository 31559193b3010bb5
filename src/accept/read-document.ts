import { isAlias, isCollection, isMap, isScalar, type Node, visit } from 'yaml';
import { isUnprintable, MAX_YAML_DEPTH, MAX_YAML_KEY, parseGuarded, repeatedKeys } from '../build/guard-yaml.ts';
import type { ErrorCode } from '../error-codes.ts';
import { type Problem, problem } from '../errors.ts';

const MAX_BYTES = 1024 * 1024;
const MAX_PROBLEMS = 100;

/** Whether a document is too large to be read, which can be told before it is inflated. */
export function documentSizeProblems(path: string, size: number): Problem[] {
  return size > MAX_BYTES
    ? [problem('YAML_UNSAFE', `${path}: ${size} bytes: at most ${MAX_BYTES} are taken`, path)]
    : [];
}

/**
 * Reads a YAML document that must mean the same to every parser, ours and the cluster's: no anchors, aliases, tags or
 * merge keys, string keys only, one document. Checked on the syntax tree, before any value is made of it.
 */
export function readDocument(path: string, content: Buffer): { value: unknown; problems: Problem[] } {
  const fail = (code: ErrorCode, message: string) => ({
    value: undefined,
    problems: [problem(code, `${path}: ${message}`, path)],
  });
  const tooLarge = documentSizeProblems(path, content.length);
  if (tooLarge.length > 0) return { value: undefined, problems: tooLarge };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return fail('YAML_INVALID', 'not UTF-8');
  }
  if (isUnprintable(text)) return fail('YAML_UNSAFE', 'control characters');
  const parsed = parseGuarded(text);
  if (parsed.danger !== undefined) return fail('YAML_UNSAFE', parsed.danger);
  const { document, lineOf } = parsed;
  const problems = [...document.errors, ...document.warnings]
    .slice(0, MAX_PROBLEMS)
    .map((error) => problem('YAML_INVALID', `${path}, ${lineOf(error.pos[0])}: ${error.message}`, path));
  visit(document, {
    Node: (_key, node: Node, parents) => {
      const reason = parents.length > 2 * MAX_YAML_DEPTH ? `nested deeper than ${MAX_YAML_DEPTH}` : unsafeNode(node);
      if (isMap(node))
        for (const key of repeatedKeys(node).slice(0, MAX_PROBLEMS))
          problems.push(problem('YAML_INVALID', `${path}: the key '${key}' is not unique in its map`, path));
      if (reason) problems.push(problem('YAML_UNSAFE', `${path}, ${lineOf(node.range?.[0] ?? 0)}: ${reason}`, path));
    },
    Pair: (_key, { key }) => {
      if (isScalar(key) && typeof key.value === 'string' && key.value !== '<<') {
        if (key.value.length > MAX_YAML_KEY)
          problems.push(problem('YAML_UNSAFE', `${path}: a key over ${MAX_YAML_KEY} characters`, path));
        return;
      }
      const what = isScalar(key) ? `the key '${String(key.value)}'` : 'a key that is not a string';
      problems.push(problem('YAML_UNSAFE', `${path}: ${what}: only strings, and no merge keys, are taken`, path));
    },
  });
  return problems.length > 0
    ? { value: undefined, problems: problems.slice(0, MAX_PROBLEMS) }
    : { value: document.toJS({ maxAliasCount: 0 }), problems };
}

function unsafeNode(node: Node): string | undefined {
  if (isAlias(node)) return 'an alias';
  if (!isScalar(node) && !isCollection(node)) return undefined;
  if (node.anchor) return 'an anchor';
  if (node.tag) return `the tag ${node.tag}`;
  if (isScalar(node) && typeof node.value === 'string' && isUnprintable(node.value))
    return 'control characters, or half of a surrogate pair';
  if (!isScalar(node) || typeof node.value !== 'number') return undefined;
  if (!Number.isFinite(node.value)) return 'a number that JSON lacks';
  return Number.isInteger(node.value) && !Number.isSafeInteger(node.value) ? 'an integer beyond 2^53' : undefined;
}
