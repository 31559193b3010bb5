import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../model/is-record.ts';

/** A place where two JSON trees differ; a side is undefined where it has nothing. */
export interface TreeChange {
  /** `spec.values.image.environment[1].value` */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Every leaf that differs. A branch that only one side has is one change. */
export function compareTrees(before: unknown, after: unknown, path = ''): TreeChange[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) =>
      compareTrees(own(before, key), own(after, key), path === '' ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(before) && Array.isArray(after))
    return Array.from({ length: Math.max(before.length, after.length) }, (_, index) =>
      compareTrees(before[index], after[index], `${path}[${index}]`),
    ).flat();
  return isDeepStrictEqual(before, after) ? [] : [{ path, before, after }];
}

const own = (record: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(record, key) ? record[key] : undefined;
