import { type Problem, problem } from '../errors.ts';

const WINDOWS_DEVICE = /(?:^|\/)(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:[./]|$)/i;
const ENDS_IN_DOT_OR_SPACE = /[. ](?:\/|$)/;
const ASCII = /^[\0-\x7f]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
/** What nearly every name is, and nothing is wrong with: told at once, which saves 2 µs an entry. */
const PLAIN = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/;
const MAX_PATH_BYTES = 1_024;
const MAX_SEGMENT_BYTES = 255;

/** Why a name must not be unpacked anywhere: it leaves its folder, or means something else on another system. */
export function nameProblems(bytes: Buffer): Problem[] {
  const name = bytes.toString('utf8');
  if (bytes.length <= MAX_SEGMENT_BYTES && PLAIN.test(name)) return [];
  const unsafe = (what: string) => problem('FILE_NAME_UNSAFE', `file name ${JSON.stringify(name)}: ${what}`, name);
  if (!Buffer.from(name).equals(bytes)) return [unsafe('not UTF-8')];
  const problems: Problem[] = [];
  if (name.length === 0) problems.push(unsafe('empty'));
  if (bytes.length > MAX_PATH_BYTES) problems.push(unsafe(`over ${MAX_PATH_BYTES} bytes`));
  if (CONTROL.test(name)) problems.push(unsafe('a control character'));
  if (name.includes('\\')) problems.push(unsafe('a backslash'));
  if (name.includes(':')) problems.push(unsafe('a colon: a drive letter or a stream on some systems'));
  const segments = (name.endsWith('/') ? name.slice(0, -1) : name).split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    problems.push(unsafe("absolute, or with an empty, '.' or '..' segment"));
  // Windows drops spaces at the end: '.. ' is the folder above.
  if (segments.some((segment) => /^\.{0,2} +$/.test(segment)))
    problems.push(unsafe("a segment of spaces only, or '.' or '..' with spaces"));
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES))
    problems.push(unsafe(`a segment over ${MAX_SEGMENT_BYTES} bytes`));
  return problems;
}

/**
 * Names that some systems can't hold, or take for one another. Real repositories have them, so below `source/` they
 * are warnings; in what is deployed they are refused.
 */
export function portabilityProblems(paths: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const folded = new Map<string, string>();
  for (const path of paths) {
    if (ENDS_IN_DOT_OR_SPACE.test(path))
      problems.push(problem('FILE_NAME_UNSAFE', `'${path}': a segment ends in a dot or a space`, path));
    if (WINDOWS_DEVICE.test(path))
      problems.push(problem('FILE_NAME_UNSAFE', `'${path}': a device name on Windows`, path));
    if (!ASCII.test(path) && path !== path.normalize('NFC'))
      problems.push(problem('FILE_NAME_UNSAFE', `'${path}': not in Unicode form NFC`, path));
    const key = foldCase(path);
    const other = folded.get(key);
    if (other !== undefined && other !== path)
      problems.push(problem('FILE_NAME_COLLISION', `'${path}' and '${other}' are one name on some systems`, path));
    folded.set(key, path);
  }
  const collisions = folderCollisions([...folded.keys()]);
  if (collisions.length === 0) return problems;
  const existing = new Set(folderCollisions(paths).map(({ path }) => path && foldCase(path)));
  return [...problems, ...collisions.filter(({ path }) => !existing.has(path))];
}

/** Upper case first: only there `ß` is `SS`, and `ſ` is `S`. What is ASCII only, as most names are, takes a fifth of the time. */
const foldCase = (path: string): string =>
  ASCII.test(path) ? path.toLowerCase() : path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

/** A file where another needs a folder: `a` and `a/b`. */
export function folderCollisions(paths: readonly string[]): Problem[] {
  // With NUL for the slash, which sorts before all else, what is below a file follows it at once.
  const sorted = paths.map((path) => path.replaceAll('/', '\0')).sort();
  const problems: Problem[] = [];
  let file: string | undefined;
  for (const key of sorted) {
    if (file === undefined || !key.startsWith(`${file}\0`)) {
      file = key;
      continue;
    }
    const [path, folder] = [key, file].map((name) => name.replaceAll('\0', '/'));
    problems.push(problem('FILE_NAME_COLLISION', `'${folder}' is both a file and the folder of '${path}'`, path));
  }
  return problems;
}
