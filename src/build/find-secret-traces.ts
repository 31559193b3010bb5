import { makePieceFinder } from './find-pieces.ts';

/**
 * Of each thing that any rule finds, secretlint's of version 11.7.1 and our own (`check-secrets.ts`): four characters that it
 * always has, and what must stand around them. A test holds this against an example of each rule.
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

/**
 * Whether a file may hold what a rule finds. For an app's source, where a finding is a warning: the rules read 50 MB/s, and
 * were most of what a build took. What is deployed is few and small, and read by the rules whole.
 */
export function hasSecretTrace(content: Buffer): boolean {
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
