import { type Problem, problem } from '../errors.ts';

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

const LONG_LINE = new RegExp(`^(.{${MAX_LINE}}).+$`, 'gm');

type Linter = (path: string, text: string) => Promise<{ rule: string; line: number }[]>;
let linter: Promise<Linter> | undefined;

/**
 * Secrets in clear in a text file: private keys, tokens of well-known shape, connection strings. Each message names rule
 * and line, never what was found. Files that are no text have none.
 */
export async function secretProblems(path: string, content: Buffer): Promise<Problem[]> {
  if (content.length > MAX_SCANNED_BYTES || content.includes(0)) return [];
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
