import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SAMPLE = fileURLToPath(new URL('../local/apps/ttd/parking-permit', import.meta.url));
const NEEDED = ['App/config/applicationmetadata.json', 'App/config/authorization/policy.xml'];
const WORDS =
  'application organisation municipality person name address value field group layout text binding true'.split(' ');
const POOL_BYTES = 4 * 2 ** 20;

export interface AppSize {
  readonly files: number;
  readonly bytes: number;
  /** Each so manyth file is as random as an image; the others are text like an app's, which deflates to a sixth. */
  readonly noiseEvery: number;
}

/** An app's folder of that size, the same each time: each file is a part of a few megabytes of text or noise. */
export async function generateApp(folder: string, app: string, { files, bytes, noiseEvery }: AppSize): Promise<void> {
  for (const path of NEEDED) {
    const sample = await readFile(join(SAMPLE, path), 'utf8');
    await put(folder, path, sample.replaceAll('parking-permit', app));
  }
  const random = makeRandom(files);
  const average = bytes / (files - NEEDED.length);
  for (let i = 0; i < files - NEEDED.length; i++) {
    // From half the average to one and a half.
    const size = Math.round(average * (0.5 + (i % 101) / 100));
    const start = random() % (POOL_BYTES - size);
    const isNoise = i % noiseEvery === noiseEvery - 1;
    const path = isNoise ? `App/wwwroot/images/${i}.png` : `App/ui/${i % 50}/${i}.json`;
    await put(folder, path, (isNoise ? NOISE : TEXT).subarray(start, start + size));
  }
}

async function put(folder: string, path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

/** Numbers from 0 to 2^31 (Park and Miller). */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state;
  };
}

const NOISE = makeNoise();
const TEXT = makeText();

function makeNoise(): Buffer {
  const random = makeRandom(1);
  const noise = Buffer.alloc(POOL_BYTES);
  for (let i = 0; i < POOL_BYTES; i++) noise[i] = random() >> 8;
  return noise;
}

function makeText(): Buffer {
  const random = makeRandom(2);
  const word = () => WORDS[random() % WORDS.length];
  const lines: string[] = [];
  for (let length = 0; length < POOL_BYTES; length += lines.at(-1)?.length ?? 0)
    lines.push(`  { "id": "${word()}-${random() % 1_000}", "${word()}": "${word()}" },\n`);
  return Buffer.from(lines.join('')).subarray(0, POOL_BYTES);
}
