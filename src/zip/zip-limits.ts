import type { SizeLimits } from '../model/policy.ts';

export interface ZipLimits {
  readonly maxZipBytes: number;
  readonly maxInflatedBytes: number;
  readonly maxEntries: number;
  readonly maxDirectoryBytes: number;
  /** Inflated to compressed bytes, for entries over 1 MiB. */
  readonly maxRatio: number;
}

const MEBIBYTE = 2 ** 20;
const MIN_DIRECTORY_BYTES = 2 * MEBIBYTE;
/** Room for long paths; most take a quarter of it. */
const DIRECTORY_BYTES_PER_ENTRY = 400;

/** The policy's limits as the zip's records count. */
export function zipLimits(limits: SizeLimits): ZipLimits {
  return {
    maxZipBytes: limits.maxZipMebibytes * MEBIBYTE,
    maxInflatedBytes: limits.maxInflatedMebibytes * MEBIBYTE,
    maxEntries: limits.maxFiles,
    maxDirectoryBytes: Math.max(MIN_DIRECTORY_BYTES, limits.maxFiles * DIRECTORY_BYTES_PER_ENTRY),
    maxRatio: limits.maxRatio,
  };
}
