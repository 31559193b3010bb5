import type { ErrorCode } from '../error-codes.ts';
import { AppError, type Problem, problem } from '../errors.ts';
import { isRecord } from '../model/is-record.ts';
import type { AppName } from '../model/names.ts';
import { xmlProblem } from './check-xml.ts';
import { VALUES_FILE } from './read-values.ts';

/** A repository that holds this file is an app. */
export const METADATA_FILE = 'App/config/applicationmetadata.json';
const POLICY_FILE = 'App/config/authorization/policy.xml';
const TEXT_FILE = /^App\/config\/texts\/resource\.[^/]{2}\.json$/;
const TEMPLATES_FOLDER = 'deployment/templates/';
const SUBMODULES_FILE = '.gitmodules';
/** Each file that is looked into, and all text files together: hundreds of times what an app has, and parsed in moments. */
const MAX_CHECKED_BYTES = 2 ** 20;
const MAX_TEXT_BYTES = 8 * 2 ** 20;
const PLACEHOLDER = /\[(ORG|APP)\]/;

/** The files whose content decides whether a repository is an app that can be deployed; paths within the repository. */
export function isCheckedFile(path: string): boolean {
  return [METADATA_FILE, POLICY_FILE, VALUES_FILE, SUBMODULES_FILE].includes(path) || TEXT_FILE.test(path);
}

export interface AppSource {
  readonly paths: readonly string[];
  /** Of every path that `isCheckedFile`, `checkedSizeProblems` having found none of them too large. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** Everything that keeps a repository from being deployed as this app, in one list. */
export function appProblems(name: AppName, source: AppSource): Problem[] {
  return [
    ...metadataProblems(name, source.contents.get(METADATA_FILE)),
    ...policyProblems(source.contents.get(POLICY_FILE)),
    ...textProblems(source.contents),
    ...source.paths
      .filter((path) => path.startsWith(TEMPLATES_FOLDER))
      .map((path) => problem('CHART_TEMPLATES_UNSUPPORTED', `${path}: custom chart templates are not supported`, path)),
    ...submoduleProblems(source.contents.get(SUBMODULES_FILE)),
  ];
}

/**
 * Checked files that are too large to be looked into, by their paths within the repository. To be asked before they are
 * inflated: parsers take up to a hundred times the memory of their input.
 */
export function checkedSizeProblems(files: readonly { readonly path: string; readonly size: number }[]): Problem[] {
  const codeOf = (path: string): ErrorCode => {
    if (path === METADATA_FILE) return 'APP_METADATA_INVALID';
    if (path === POLICY_FILE) return 'APP_POLICY_MISSING';
    if (path === VALUES_FILE) return 'VALUES_INVALID';
    return path === SUBMODULES_FILE ? 'SUBMODULE_UNSUPPORTED' : 'APP_TEXT_INVALID';
  };
  const problems = files
    .filter(({ path, size }) => isCheckedFile(path) && size > MAX_CHECKED_BYTES)
    .map(({ path, size }) =>
      problem(codeOf(path), `${path}: ${size} bytes: at most ${MAX_CHECKED_BYTES} are taken`, path),
    );
  const texts = files.filter(({ path }) => TEXT_FILE.test(path));
  const sum = texts.reduce((bytes, { size }) => bytes + size, 0);
  if (sum > MAX_TEXT_BYTES)
    problems.push(
      problem(
        'APP_TEXT_INVALID',
        `text resources of ${sum} bytes: at most ${MAX_TEXT_BYTES} are taken`,
        texts[0]?.path,
      ),
    );
  return problems;
}

/** A text file's content without the byte order mark that some editors write; throws when it is not UTF-8. */
export function decodeText(content: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(content);
}

/**
 * The text of an app's own values file, where it has one.
 * @throws AppError VALUES_INVALID: not UTF-8
 */
export function decodeValues(content: Buffer | undefined): string | undefined {
  try {
    return content && decodeText(content);
  } catch (cause) {
    throw new AppError('VALUES_INVALID', `${VALUES_FILE}: not UTF-8 text`, { cause, path: VALUES_FILE });
  }
}

function metadataProblems({ org, app }: AppName, content: Buffer | undefined): Problem[] {
  const found = (code: ErrorCode, message: string) => problem(code, `${METADATA_FILE}: ${message}`, METADATA_FILE);
  if (content === undefined) return [found('APP_METADATA_INVALID', 'missing, so this is not an Altinn app')];
  let text: string;
  let metadata: unknown;
  try {
    text = decodeText(content);
    metadata = JSON.parse(text);
  } catch (error) {
    return [found('APP_METADATA_INVALID', `not JSON: ${(error as Error).message}`)];
  }
  if (!isRecord(metadata)) return [found('APP_METADATA_INVALID', 'must hold an object')];
  const problems: Problem[] = [];
  if (PLACEHOLDER.test(text))
    problems.push(found('APP_METADATA_INVALID', 'a template placeholder, [ORG] or [APP], is left in it'));
  if (metadata.id !== `${org}/${app}`)
    problems.push(found('APP_ID_MISMATCH', `id ${show(metadata.id)}: must be "${org}/${app}"`));
  if (metadata.org !== org) problems.push(found('APP_ID_MISMATCH', `org ${show(metadata.org)}: must be "${org}"`));
  return problems;
}

/** Not JSON.stringify for all: it is recursive, and what is shown may be nested without end. */
const show = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : typeof value);

function policyProblems(content: Buffer | undefined): Problem[] {
  const found = (message: string) => [problem('APP_POLICY_MISSING', `${POLICY_FILE}: ${message}`, POLICY_FILE)];
  if (content === undefined) return found('missing: without it nobody may use the app');
  try {
    const message = xmlProblem(decodeText(content));
    return message === undefined ? [] : found(message);
  } catch (error) {
    return found(`not UTF-8 text: ${(error as Error).message}`);
  }
}

function textProblems(contents: ReadonlyMap<string, Buffer>): Problem[] {
  return [...contents]
    .filter(([path]) => TEXT_FILE.test(path))
    .flatMap(([path, content]) => {
      try {
        JSON.parse(decodeText(content));
        return [];
      } catch (error) {
        return [problem('APP_TEXT_INVALID', `${path}: not JSON: ${(error as Error).message}`, path)];
      }
    });
}

function submoduleProblems(content: Buffer | undefined): Problem[] {
  if (content === undefined || content.toString().trim() === '') return [];
  return [
    problem(
      'SUBMODULE_UNSUPPORTED',
      'the repository has git submodules: their files would be missing',
      SUBMODULES_FILE,
    ),
  ];
}
