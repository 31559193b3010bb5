/** Of JSZip 3.10.2, whose types leave them out. */
declare module 'jszip/lib/compressedObject.js' {
  export default class CompressedObject {
    constructor(compressedBytes: number, bytes: number, crc32: number, compression: unknown, data: Uint8Array);
  }
}

declare module 'jszip/lib/compressions.js' {
  const compressions: { readonly STORE: unknown; readonly DEFLATE: unknown };
  export default compressions;
}
