import { type Problem, problem } from '../errors.ts';
import { makePieceFinder } from './find-pieces.ts';

/** Larger text is data, not configuration. */
export const MAX_SCANNED_BYTES = 256 * 1024;
/** Some rules take the square of a line's length; longer ones are minified code, of which the beginning is looked at. */
const MAX_LINE = 1_000;

/** What the maintained rules miss: keys in any form, Azure's own, and a Kubernetes Secret written out. */
const OWN_RULES: readonly (readonly [string, RegExp])[] = [
  ['private key', /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/],
  ['azure storage account key', /\bAccountKey=[A-Za-z0-9+/]{40,}={0,2}/],
  ['azure shared access signature', /[?&;]sig=[A-Za-z0-9%+/]{30,}/],
  ['azure client secret', /(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/],
  ['application insights key', /\bInstrumentationKey=[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/i],
  ['password in a connection string', /\b(?:Password|Pwd)=(?!\s*[;"']|[<{$*])[^;"'\s]{6,};/i],
  ['json web token', /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}/],
  ['kubernetes secret', /^[ \t]*["']?kind["']?[ \t]*:[ \t]*["']?Secret["']?[ \t]*,?[ \t]*$/m],
];

/**
 * Of each thing that any rule finds, secretlint's of version 11.7.1 and our own: four characters that it always has, and what
 * must stand around them. A file without any is done: the rules read 50 MB/s, and were most of what a build took. A test
 * holds this against an example of each rule.
 */
const TRACES: readonly (readonly [pieces: string, around: RegExp])[] = [
  ['ATE ', /ATE KEY/y],
  ['ecre ECRE', /(?:ecret|ECRET)_?(?:access|ACCESS|Access)|(?<=kind["']?[ \t]*:[ \t]*["']?S)ecret/y],
  ['sic@', /sic@github/y],
  ['ken=', /(?<=_authTo)ken=/y],
  ['npm_', /npm_\w{36}/y],
  ['oxb- oxp- app- oxa- oxo- oxr-', /(?<=x)(?:ox[bpaor]|app)-/y],
  ['s.sl S.SL s.Sl', /s\.slack/iy],
  ['tp:/ ps:/', /[tp][ps]:\/\/[-\w]+:[-\w]+@/y],
  ['db:/ DB:/ rv:/ RV:/ ql:/ QL:/ lx:/ LX:/ es:/ ES:/', /..:\/\//y],
  ['T3Bl', /T3BlbkFJ/y],
  ['ant-', /ant-api0/y],
  ['_api', /(?<=lin)_api_\w{32}/y],
  ['ppa_ pca_ pat_ pss_', /(?:(?<=sh)p(?:pa|ca|at|ss)_\w{32}|(?<=github_)pat_\w{82})/y],
  ['ghp_ gho_ ghu_ ghs_ ghr_', /gh[pousr]_\w{36}/y],
  ['ps_e', /(?<=o)ps_ey/y],
  ['Key= key= KEY=', /(?<=Account|Instrumentation)Key=/iy],
  ['sig=', /(?<=[?&;])sig=/y],
  ['.eyJ', /(?<=eyJ[\w-]{10,})\.eyJ/y],
  ['ord= Ord= ORD= Pwd= pwd= PWD=', /(?<=Passw)ord=|pwd=/iy],
];
/** Too short for that search. */
const SHORT_TRACES: readonly (readonly [string, RegExp])[] = [
  ['Q~', /\dQ~[\w.~-]{31}/],
  ['SG.', /SG\.\w+\.\w/],
];

const AROUND = new Map(
  TRACES.flatMap(([pieces, around]) => pieces.match(/.{4}(?= |$)/g)?.map((piece) => [piece, around] as const) ?? []),
);
const findPiece = makePieceFinder([...AROUND.keys()]);

function hasTrace(content: Buffer): boolean {
  let made: string | undefined;
  const text = () => {
    made ??= content.toString('latin1');
    return made;
  };
  const isFound = (piece: string, start: number) => {
    const around = AROUND.get(piece) as RegExp;
    around.lastIndex = start;
    return around.test(text());
  };
  return (
    SHORT_TRACES.some(([piece, around]) => content.includes(piece) && around.test(text())) ||
    findPiece(content, isFound)
  );
}

const LONG_LINE = new RegExp(`^(.{${MAX_LINE}}).+$`, 'gm');

type Linter = (path: string, text: string) => Promise<{ rule: string; line: number }[]>;
let linter: Promise<Linter> | undefined;

/**
 * Secrets in clear in a text file: private keys, tokens of well-known shape, connection strings. Each message names rule
 * and line, never what was found. Files that are no text have none.
 */
export async function secretProblems(path: string, content: Buffer): Promise<Problem[]> {
  if (content.length > MAX_SCANNED_BYTES || content.includes(0) || !hasTrace(content)) return [];
  const text = content.toString('utf8').replace(LONG_LINE, '$1');
  linter ??= loadLinter();
  const found = [...(await (await linter)(path, text)), ...ownFindings(text)];
  return found.map(({ rule, line }) =>
    problem('SECRET_IN_ARTIFACT', `${path}, line ${line}: looks like a secret in clear (${rule})`, path),
  );
}

function ownFindings(text: string): { rule: string; line: number }[] {
  return OWN_RULES.flatMap(([rule, pattern]) => {
    const match = pattern.exec(text);
    return match ? [{ rule, line: text.slice(0, match.index).split('\n').length }] : [];
  });
}

/** Loaded at the first file, since most functions never need it. Comments in a file can't switch a rule off. */
async function loadLinter(): Promise<Linter> {
  const [{ lintSource }, preset, { secretLintProfiler }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
    import('@secretlint/profiler'),
  ]);
  // It keeps some 90 marks for each file, forever, and looks through all of them at each: slower with every deployment.
  secretLintProfiler.mark = () => {};
  const rules = preset.rules
    .filter((rule) => !rule.meta.id.includes('filter-comments'))
    .map((rule) => ({ id: rule.meta.id, rule, options: {} }));
  return async (filePath, content) => {
    const result = await lintSource({
      source: { filePath, content, contentType: 'text' },
      options: { config: { rules: rules as never }, maskSecrets: true },
    });
    return result.messages.map(({ ruleId, loc }) => ({
      rule: ruleId.replace(/^.*secretlint-rule-/, ''),
      line: loc.start.line,
    }));
  };
}
