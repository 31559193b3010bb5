import { stringify } from 'yaml';

/**
 * YAML that every parser reads alike: no anchors, no folding, and strings that YAML 1.1 (Go's, in the cluster) would
 * take for something else (`no`, `on`, `0400`, dates) in quotes.
 */
export function toYaml(value: unknown): string {
  return stringify(value, { version: '1.2', compat: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

/** What YAML's grammar forbids or turns into line breaks, though JSON allows it raw. */
const NOT_IN_YAML = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * JSON that is YAML too, since Flux takes only `*.yaml`. It ends with its closing brace, so that no part of it that
 * was cut off at the end parses.
 */
export function toJsonDocument(value: unknown): string {
  const toEscape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, null, 2).replace(NOT_IN_YAML, toEscape);
}
