import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The master key for clusters' events: made at the first start, and kept in the state's settings. */
export async function fluxEventsKey(directory: string): Promise<string> {
  return (await readKey(join(directory, 'settings.json'))) ?? randomBytes(32).toString('hex');
}

async function readKey(settings: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(settings, 'utf8')) as { FLUX_EVENTS_KEY?: string }).FLUX_EVENTS_KEY;
  } catch {
    return undefined;
  }
}
