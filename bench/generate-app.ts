import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SAMPLE = fileURLToPath(new URL('../local/apps/ttd/parking-permit', import.meta.url));
const METADATA = 'App/config/applicationmetadata.json';
const NEEDED = [METADATA, 'App/config/authorization/policy.xml'];
const WORDS =
  'application organisation municipality person name address value field group layout text binding true'.split(' ');

/**
 * An app's folder with so many files and bytes, the same each time: nine of ten are text like an app's (it deflates to about
 * a quarter), the tenth is as random as an image.
 */
export async function generateApp(folder: string, app: string, files: number, bytes: number): Promise<void> {
  for (const path of NEEDED) {
    const text = await readFile(join(SAMPLE, path), 'utf8');
    await put(folder, path, text.replaceAll('parking-permit', app));
  }
  const random = makeRandom(files);
  const average = bytes / (files - NEEDED.length);
  for (let i = 0; i < files - NEEDED.length; i++) {
    // From half the average to one and a half.
    const size = Math.round(average * (0.5 + (i % 101) / 100));
    const [name, content] =
      i % 10 === 9 ? [`images/${i}.png`, noise(random, size)] : [`ui/${i % 50}/${i}.json`, text(random, size)];
    await put(folder, `App/${name}`, content);
  }
}

async function put(folder: string, path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

type Random = () => number;

/** Numbers from 0 to 2^31 (Park and Miller). */
function makeRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state;
  };
}

const noise = (random: Random, size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, () => random() & 0xff));

function text(random: Random, size: number): Buffer {
  const lines: string[] = [];
  for (let length = 0; length < size; ) {
    const line = `  { "id": "${WORDS[random() % 13]}-${random() % 1_000}", "${WORDS[random() % 13]}": "${WORDS[random() % 13]}" },\n`;
    lines.push(line);
    length += line.length;
  }
  return Buffer.from(lines.join('')).subarray(0, size);
}
