import { hash } from 'node:crypto';

/** SHA-256 in lower-case hex. */
export function sha256(content: string | Uint8Array): string {
  return hash('sha256', content);
}

export interface FileDigest {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** One digest for a set of files, whatever their order: over lines of `sha256  path`, sorted by path. */
export function filesDigest(files: readonly FileDigest[]): string {
  const lines = [...files].sort((a, b) => byCodePoint(a.path, b.path)).map((file) => `${file.sha256}  ${file.path}\n`);
  return sha256(lines.join(''));
}

/** JSON with sorted keys, so that equal values have equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => byCodePoint(a, b))) : inner,
  );
}

/** Halves of characters beyond U+FFFF: the only ones that JavaScript sorts another way than UTF-8 does. */
const SURROGATE = /[\ud800-\udfff]/;

/** Sorts as UTF-8 bytes do, on any machine and in any locale. */
export function byCodePoint(a: string, b: string): number {
  // Sorting thousands of paths, buffers would take 50 times as long.
  if (!SURROGATE.test(a) && !SURROGATE.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
