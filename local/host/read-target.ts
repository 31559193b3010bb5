import type { IncomingMessage } from 'node:http';
import { AppError } from '../../src/errors.ts';

/**
 * The URL that a request asks for. What `URL` would not take for a path is refused: in `//x` and `/\x` it sees the host x.
 * @throws AppError REQUEST_INVALID
 */
export function readTarget({ url: target = '/', headers }: IncomingMessage): URL {
  const base = `http://${headers.host ?? '127.0.0.1'}`;
  if (!/^\/(?![/\\])/.test(target) || !URL.canParse(target, base))
    throw new AppError('REQUEST_INVALID', `'${target.slice(0, 100)}' is no path of a URL: ask for one below /api/`);
  return new URL(target, base);
}

/** @throws AppError REQUEST_INVALID */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new AppError('REQUEST_INVALID', `'${segment.slice(0, 100)}' is not UTF-8 in percent encoding`);
  }
}
