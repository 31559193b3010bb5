export interface WrittenBlob {
  readonly account: string;
  readonly container: string;
  readonly blob: string;
}

// 127.0.0.1 - - [01/Jan/2026:00:00:00 +0000] "PUT /account/container/path%2Fto%2Fblob?sig=… HTTP/1.1" 201 -
const writeLine = /"PUT \/([^/?\s]+)\/([^/?\s]+)\/([^?\s]+)(?:\?(\S*))? HTTP\/[\d.]+" 20[12] /;

/**
 * The blob that a line of Azurite's access log says was written: what Event Grid calls `BlobCreated` (Put Blob, Put Block
 * List, and Copy Blob, which answers 202). Single blocks, metadata, leases and containers are no such event.
 */
export function writtenBlob(line: string): WrittenBlob | undefined {
  const [, account, container, blob, query] = writeLine.exec(line) ?? [];
  if (!account || !container || !blob) return undefined;
  const parameters = new URLSearchParams(query);
  if (parameters.has('restype') || (parameters.get('comp') ?? 'blocklist') !== 'blocklist') return undefined;
  return { account, container: decodeURIComponent(container), blob: decodeURIComponent(blob) };
}
