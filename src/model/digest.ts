import { hash } from 'node:crypto';
import { byCodePoint } from './by-code-point.ts';
import { isRecord } from './is-record.ts';

export const SHA256 = /^[0-9a-f]{64}$/;

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
