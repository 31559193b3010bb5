import type { HttpRequest } from '@azure/functions';
import { AppError } from '../errors.ts';
import { readJson } from '../model/read-json.ts';

const MAX_BODY_BYTES = 64 * 1024;
/** Far more than any documented body has. */
const MAX_DEPTH = 8;
const MAX_MESSAGE = 500;
const UTF8 = /^"?utf-?8"?$/i;

/**
 * The JSON that a request brings, if it means the same to everyone: UTF-8, no key twice, no NUL, no `__proto__`.
 * @throws AppError REQUEST_INVALID, REQUEST_TOO_LARGE, CONTENT_TYPE_UNSUPPORTED
 */
export async function readJsonBody(request: HttpRequest): Promise<unknown> {
  assertJson(request.headers);
  const bytes = await readBytes(request);
  if (bytes.length === 0) throw invalid('empty: send JSON');
  if (bytes.subarray(0, 3).equals(Buffer.from('\ufeff'))) throw invalid('starts with a byte order mark: leave it out');
  const read = readJson(bytes, { maxBytes: MAX_BODY_BYTES, maxDepth: MAX_DEPTH, maxTokens: MAX_BODY_BYTES });
  if (read.fault) throw invalid(read.fault === 'invalid' ? `not JSON: ${read.message}` : read.message);
  const unfit = findUnfit(read.value);
  if (unfit) throw invalid(unfit);
  return read.value;
}

function assertJson(headers: HttpRequest['headers']): void {
  const given = headers.get('content-type') ?? '';
  const [type = '', ...parameters] = given.split(';').map((part) => part.trim());
  if (type.toLowerCase() !== 'application/json') throw unsupported('Content-Type', given, 'application/json');
  const charsets = parameters.flatMap((parameter) => /^charset\s*=\s*(.*)$/i.exec(parameter)?.[1] ?? []);
  if (!charsets.every((charset) => UTF8.test(charset)))
    throw unsupported('Content-Type', given, 'application/json in UTF-8');
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') throw unsupported('Content-Encoding', encoding, 'left out');
}

/** Counts while reading: where the platform streams, no more than the limit is ever taken. */
export async function readBytes({ headers, body }: HttpRequest, maxBytes = MAX_BODY_BYTES): Promise<Buffer> {
  if (Number(headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body ?? []) {
      size += (chunk as Uint8Array).length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk as Uint8Array);
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('REQUEST_INVALID', `body: broke off after ${size} bytes`, { path: 'body', cause });
  }
  return Buffer.concat(chunks);
}

/** What no field may hold: PostgreSQL has no NUL, and half a surrogate pair would come back as another character. */
function findUnfit(value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (value.includes('\0')) return 'a string with a NUL character';
    return /\p{Surrogate}/u.test(value) ? 'a string with half of a surrogate pair' : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') return "the key '__proto__'";
    const found = findUnfit(key) ?? findUnfit(inner);
    if (found) return found;
  }
  return undefined;
}

/** Cut: it may quote a key of the body. */
const invalid = (message: string) =>
  new AppError('REQUEST_INVALID', `body: ${message}`.slice(0, MAX_MESSAGE), { path: 'body' });

const tooLarge = (maxBytes: number) => new AppError('REQUEST_TOO_LARGE', `the body is over ${maxBytes} bytes`);

const unsupported = (header: string, found: string, allowed: string) =>
  new AppError('CONTENT_TYPE_UNSUPPORTED', `${header} '${found}': must be ${allowed}`, { path: header });
