const HIDDEN = '***';
/** Shorter ones would be found in any text. */
const MIN_KNOWN_LENGTH = 8;

/** What a secret looks like wherever it stands: the text before it stays. Each is linear in the length of the text. */
const SHAPES: readonly RegExp[] = [
  // In a query: shared access signatures, tokens, codes.
  /([?&](?:sig|signature|token|access_token|code|key|password|client_secret)=)[^&\s"'<>\\]+/gi,
  // `user:password@` in a URL.
  /(:\/\/[^/\s:@"'\\]*:)[^@\s/"'\\]+(?=@)/g,
  // In connection strings.
  /\b((?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|ClientSecret|InstrumentationKey) ?= ?)[^;\s"'\\]+/gi,
  // In headers.
  /\b((?:Bearer|Basic|token) +)[A-Za-z0-9._~+/=-]{16,}/gi,
  /(\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g,
];

/**
 * A text without the secrets in it: those that are known by value, and whatever looks like one. Messages are made without
 * secrets in the first place; this is for those that others make, and for our own mistakes.
 */
export function redact(text: string, known: readonly string[] = []): string {
  let clean = text;
  for (const secret of known) if (secret.length >= MIN_KNOWN_LENGTH) clean = clean.replaceAll(secret, HIDDEN);
  for (const shape of SHAPES) clean = clean.replace(shape, `$1${HIDDEN}`);
  return clean;
}

/** A URL fit for a message: no query string (SAS tokens live there), no user, no password. */
export function redactUrl(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.origin}${parsed.pathname}`;
  } catch {
    return url.split('?')[0] ?? '';
  }
}
