import { type Matcher, type RouteRule, readRouteRule } from './read-route-rule.ts';

/**
 * A host that is matched in a rule which stands where we don't know rules to stand. Up to the next parenthesis only: to
 * look for the closing one from each opening one would take the square of the text's length.
 */
const HOST_MATCHER = /\bHost(?<kind>Regexp|SNI|SNIRegexp|Header)?\s*\((?<inner>[^()]*)(?<end>\))?/gi;
const MAX_SHOWN = 200;

/**
 * Why a Traefik rule must not be an app's: it could route what is not for the org's own hosts. Each of its alternatives
 * must name one of them by a plain `Host(…)`; what it further asks for, any path among it, is the app's business.
 */
export function routeProblems(rule: unknown, hosts: ReadonlySet<string>): string[] {
  const allowed = `each alternative must have a plain Host(\`…\`) of ${[...hosts].map((host) => `'${host}'`).join(', ')}`;
  if (typeof rule !== 'string') return [`must be a rule, as text: ${allowed}`];
  let read: RouteRule;
  try {
    read = readRouteRule(rule);
  } catch (error) {
    return [`the rule ${(error as Error).message}; ${allowed}`];
  }
  const problems = matchersIn(read).flatMap((matcher) => matcherProblems(matcher, hosts));
  return problems.length > 0 || isBound(read) ? problems : [`routes hosts that it does not name: ${allowed}`];
}

/** Whether nothing but what a `Host(…)` in it names can match. Whose hosts those are is not looked at. */
function isBound(rule: RouteRule): boolean {
  if (rule.kind === 'any') return rule.of.every(isBound);
  if (rule.kind === 'all') return rule.of.some(isBound);
  return rule.kind === 'matcher' && rule.name === 'Host';
}

function matchersIn(rule: RouteRule): Matcher[] {
  if (rule.kind === 'matcher') return [rule];
  return rule.kind === 'not' ? matchersIn(rule.of) : rule.of.flatMap(matchersIn);
}

function matcherProblems({ name, values }: Matcher, hosts: ReadonlySet<string>): string[] {
  if (name === 'Host') return values.filter((host) => !hosts.has(host.toLowerCase())).map(foreign);
  // Whichever of its texts is the name: that depends on Traefik's version.
  if (name.startsWith('Header') && values.some((value) => value.trim().toLowerCase() === 'host'))
    return [`${name}(\`Host\`, …) is refused: name the host by Host(\`…\`)`];
  return [];
}

/** Hosts in any other text that are not the org's: anything but a plain name of ours counts as foreign. */
export function foreignHosts(text: string, hosts: ReadonlySet<string>): string[] {
  return [...text.matchAll(HOST_MATCHER)].flatMap(({ 0: matcher, groups }) => {
    if (groups?.kind || !groups?.end) return [foreign(matcher)];
    const named = (groups.inner ?? '').split(',').map((part) => part.trim().replace(/^[`'"]|[`'"]$/g, ''));
    return named.filter((host) => !hosts.has(host.toLowerCase())).map(foreign);
  });
}

const foreign = (host: string): string => `routes '${host.slice(0, MAX_SHOWN)}', which is not the org's own host`;
