import { BlobServiceClient } from '@azure/storage-blob';
import { readItems } from '../../src/model/release.ts';

/**
 * Reads containers as Flux's source-controller does, over and over: lists, then downloads each blob. Arguments: a
 * connection string, then containers. Ends when stdin does, with what it saw as JSON.
 */
const [connectionString = '', ...containers] = process.argv.slice(2);
const service = BlobServiceClient.fromConnectionString(connectionString);
const seen = { reads: 0, revisions: 0, tears: [] as string[] };
const last = new Map<string, string>();
let isOver = false;
process.stdin
  .on('end', () => {
    isOver = true;
  })
  .resume();
console.log('reading');

while (!isOver)
  for (const name of containers) {
    const container = service.getContainerClient(name);
    const blobs: string[] = [];
    for await (const { name: blob } of container.listBlobsFlat()) blobs.push(blob);
    if (blobs.length === 0) tear(name, 'an empty container');
    for (const blob of blobs) {
      // One GET: `downloadToBuffer` asks for the size first, and reads so much of what is there by then.
      const { readableStreamBody } = await container.getBlobClient(blob).download();
      const text = await readText(readableStreamBody as AsyncIterable<Buffer>);
      seen.reads++;
      if (last.get(`${name}/${blob}`) !== text) seen.revisions++;
      last.set(`${name}/${blob}`, text);
      check(name, blob, text);
    }
  }
console.log(JSON.stringify(seen));

/** Everything in a release names one deployment, and it is all there. */
function check(container: string, blob: string, text: string): void {
  const where = `${container}/${blob}`;
  if (blob === 'sources/kustomization.yaml') {
    if (!isJson(text)) tear(where, 'can not be parsed');
    return;
  }
  const items = readItems(text);
  if (items === undefined || items.length === 0) tear(where, 'can not be parsed, or is empty');
  else if (container.startsWith('app-')) checkRelease(where, items as unknown as Release);
}

type Release = [
  { data: { deploymentId?: string; state: string } },
  { metadata: { labels: Record<string, string> }; spec: { values: { podAnnotations: Record<string, string> } } }?,
];

function checkRelease(where: string, [marker, release, ...more]: [...Release, ...unknown[]]): void {
  const { deploymentId, state } = marker.data;
  const objects = [release, ...more].filter((object) => object !== undefined);
  if (state !== 'deployed') {
    if (objects.length > 0) tear(where, `${state}, with objects`);
    return;
  }
  const named = [
    release?.metadata.labels['altinn.studio/build-id'],
    release?.spec.values.podAnnotations['altinn.studio/deployment-id'],
  ];
  if (named.some((id) => id !== deploymentId)) tear(where, `${deploymentId} with objects of ${named.join(', ')}`);
}

async function readText(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function isJson(text: string): boolean {
  try {
    return JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

function tear(where: string, what: string): void {
  if (seen.tears.length < 20) seen.tears.push(`${where}: ${what}`);
}
