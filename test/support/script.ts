import { join } from 'node:path';

/** What Node is to be given to run a script of the project, by its path from the root: as `test/run.ts` has translated it, if it has. */
export function script(path: string, ...args: string[]): string[] {
  const translated = process.env.TRANSLATED_SCRIPTS;
  return translated === undefined
    ? ['--import', 'tsx', path, ...args]
    : [join(translated, path.replace(/\.ts$/, '.js')), ...args];
}
