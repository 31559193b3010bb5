import { type ScalarTag, stringify } from 'yaml';

/** Text that only Go takes for a number: quoted, since a plain scalar that a tag's test matches is. */
const GO_NUMBER: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: /^[-+]?_*[0-9][0-9_]*(?:[bBoOxX][0-9a-fA-F_]*|[eE][-+0-9_]*)?$/,
  resolve: (text) => text,
};

/**
 * YAML that every parser reads alike: no anchors, no folding, and strings that YAML 1.1 (Go's, in the cluster) would
 * take for something else (`no`, `on`, `0400`, dates) in quotes. Those of several lines too: in a block, one that is
 * nothing but spaces and line breaks is read as another.
 */
export function toYaml(value: unknown): string {
  return stringify(value, {
    version: '1.2',
    compat: 'yaml-1.1',
    customTags: (tags) => [...tags, GO_NUMBER],
    lineWidth: 0,
    blockQuote: false,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
    aliasDuplicateObjects: false,
  });
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
