import type { Ports } from '../../src/ports.ts';
import type { Fault } from './faulty-ports.ts';

/** A call that goes out, or whose answer has come. */
export type Pass = Pick<Fault, 'call' | 'when'>;

/** Each place where a process can die, in the order in which it came to them. */
export function everyPoint(passes: readonly Pass[]): Fault[] {
  const seen = new Map<string, number>();
  return passes.map(({ call, when }) => {
    const nth = (seen.get(`${when} ${call}`) ?? 0) + 1;
    seen.set(`${when} ${call}`, nth);
    return { call, when, nth };
  });
}

/**
 * One of all that leave the same behind: between an answer and the next call nothing happens outside, and what only reads
 * changes nothing. While a call that writes is on its way, each point is one of its own.
 */
export function distinctPoints(passes: readonly Pass[]): Fault[] {
  let writing = 0;
  let mayDiffer = true;
  return everyPoint(passes).filter(({ call, when }) => {
    const isWrite = !READS.has(call);
    if (isWrite && when === 'after') mayDiffer = true;
    const isKept = mayDiffer;
    if (isWrite) writing += when === 'before' ? 1 : -1;
    mayDiffer = writing > 0;
    return isKept;
  });
}

type Names = { readonly [Port in keyof Ports]?: readonly (keyof Ports[Port])[] };

/** Whatever is not among them is taken for a call that writes. */
const READ_ONLY: Names = {
  studio: ['findRelease', 'scopes'],
  repositories: ['exists', 'resolveCommit', 'archive', 'hasFile', 'list', 'ping'],
  artifacts: ['readIncoming', 'listIncoming', 'readRelease', 'readArtifact', 'archivedIds', 'refusal', 'ping'],
  documents: ['read', 'etag', 'containers', 'ping'],
  ledger: [
    ...(['deployment', 'deployments', 'findRequest', 'releaseStatus', 'releases', 'appsAndReleases'] as const),
    ...(['clusters', 'holds', 'apps', 'attemptReason', 'backlog'] as const),
  ],
};
const READS: ReadonlySet<string> = new Set(
  Object.entries(READ_ONLY).flatMap(([port, names]) => names.map((name) => `${port}.${name}`)),
);
