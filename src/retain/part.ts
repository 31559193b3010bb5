import type { Retention } from '../model/policy.ts';
import type { Ports } from '../ports.ts';

/** What each part of a pass works with. */
export interface Part {
  readonly ports: Ports;
  readonly retention: Retention;
  /** Of the whole pass; each part adds its own. */
  readonly counts: RetentionCounts;
  /** From then on nothing new is begun. */
  isLate(): boolean;
}

export interface RetentionCounts {
  idempotencyKeysRemoved: number;
  artifactsRemoved: number;
  /** Storage keeps them: a policy, a legal hold, a lease. */
  artifactsRefused: number;
  rejectedRemoved: number;
  /** Of the part of the archive that was looked at: blobs of no accepted deployment. Nothing removes them. */
  unknownBlobs: number;
  failures: number;
}
