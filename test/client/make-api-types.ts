import openapiTS, { astToString } from 'openapi-typescript';

/** TypeScript's view of an OpenAPI document, as a client would have it made. Without comments: words may change at any time. */
export async function makeApiTypes(document: object): Promise<string> {
  // It takes the document apart while it reads.
  const types = await openapiTS(structuredClone(document) as never);
  const text = astToString(types, { formatOptions: { removeComments: true } });
  return `// Made of the OpenAPI document by openapi-typescript. UPDATE_GOLDEN=1 makes it anew: test/client/client.test.ts\n\n${text}`;
}
