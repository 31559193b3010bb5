import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { routeProblems } from '../../src/build/check-routes.ts';
import { readRouteRule } from '../../src/build/read-route-rule.ts';

const HOSTS = new Set(['ttd.apps.tt02.altinn.no', 'skjema.ttd.no']);
const OURS = 'Host(`ttd.apps.tt02.altinn.no`)';
const problems = (rule: unknown) => routeProblems(rule, HOSTS);

describe('a rule of a route', () => {
  const taken = [
    `${OURS}&&PathPrefix(\`/ttd/some-app/\`)||${OURS}&&Path(\`/ttd/some-app\`)`,
    OURS,
    ` ${OURS}\n`,
    'Host("skjema.ttd.no")',
    'Host(`Skjema.TTD.no`, "ttd.apps.tt02.altinn.no")',
    `${OURS} && Path(\`/any/where\`)`,
    `PathPrefix(\`/\`) && ${OURS}`,
    `(Path(\`/a\`) || Path(\`/b\`)) && ${OURS}`,
    `(${OURS} || Host(\`skjema.ttd.no\`)) && !(Method(\`POST\`) || Header(\`X-A\`, \`b\`))`,
    `${OURS} && PathRegexp(\`^/(a|b)"&&\\d+$\`) && Query(\`a\`, \`b\`) && ClientIP(\`10.0.0.0/8\`)`,
    `((${OURS}))`,
    `${OURS} && !${OURS}`,
    Array.from({ length: 5_000 }, () => OURS).join('||'),
  ];
  for (const rule of taken)
    it(`may be ${rule.slice(0, 120)}`, () => {
      assert.deepEqual(problems(rule), []);
    });

  const refused: [string, unknown, RegExp][] = [
    [
      'no host',
      'PathPrefix(`/`)',
      /hosts that it does not name: each alternative must have a plain Host\(`…`\) of 'ttd/,
    ],
    ['no host in one alternative', `${OURS} || Path(\`/x\`)`, /does not name/],
    ['no host in an alternative within', `(${OURS} || Path(\`/x\`)) && Path(\`/y\`)`, /does not name/],
    ['what binds less than it looks', `Path(\`/x\`) || ${OURS} && Path(\`/y\`)`, /does not name/],
    ['every host but one', `!${OURS}`, /does not name/],
    ['every host but one, in parentheses', `!(${OURS} && Path(\`/\`))`, /does not name/],
    ['every host but one, twice', `!!${OURS}`, /expected no second/],
    ['a foreign host', 'Host(`nav.apps.tt02.altinn.no`)', /routes 'nav\.apps\.tt02\.altinn\.no', which is not/],
    ['a foreign host beside ours', `${OURS} && Host(\`evil.example\`)`, /'evil\.example'/],
    ['a foreign host among ours', 'Host(`skjema.ttd.no`, `evil.example`)', /'evil\.example'/],
    ['a foreign host that is not to be', `${OURS} && !Host(\`evil.example\`)`, /'evil\.example'/],
    ['a host that ends in ours', 'Host(`x.skjema.ttd.no`)', /x\.skjema/],
    ['a host with a dot at its end', 'Host(`skjema.ttd.no.`)', /no\.'/],
    ['a host with a space', 'Host(`skjema.ttd.no `)', /no '/],
    ['a host with a variable', 'Host(`{a:.*}ttd.no`)', /\{a/],
    ['the header for the host', 'Header(`Host`, `evil.example`)', /Header\(`Host`, …\) is refused/],
    ['the header for the host, beside ours', `${OURS} && HeadersRegexp(\` hOSt\`, \`.*\`)`, /HeadersRegexp\(`Host`/],
    ['a pattern for hosts', 'HostRegexp(`.*`)', /expected one of Host, Path/],
    ['TLS names', 'HostSNI(`*`)', /expected one of/],
    ['the old name', 'HostHeader(`skjema.ttd.no`)', /expected one of/],
    ['lower case', 'host(`skjema.ttd.no`)', /at character 1: expected one of .*, found "host"/],
    ['escapes', 'Host("\\x65vil.example")', /can't be read at character 6/],
    ['single quotes', "Host('skjema.ttd.no')", /can't be read at character 6/],
    ['a comment', `${OURS} /* */ && Path(\`/\`)`, /can't be read/],
    ['no value', 'Host()', /expected text/],
    ['a value without end', 'Host(`skjema.ttd.no', /can't be read/],
    ['a comma without value', 'Host(`skjema.ttd.no`,)', /expected text/],
    ['a rule without end', `${OURS} && `, /found "the end"/],
    ['parentheses without end', `(${OURS}`, /expected '\)'/],
    ['two rules', `${OURS} ${OURS}`, /expected '&&' or '\|\|'/],
    ['one ampersand', `${OURS} & ${OURS}`, /can't be read/],
    ['nothing', '', /expected one of/],
    ['spaces', ' \n', /expected one of/],
    ['deep nesting', `${'('.repeat(100_000)}${OURS}`, /nested deeper than 20/],
    ['many negations', '!'.repeat(100_000), /expected no second/],
    ['no text', { toString: 1 }, /must be a rule, as text/],
    ['null', null, /must be a rule, as text/],
  ];
  for (const [what, rule, message] of refused)
    it(`may not have ${what}`, () => {
      assert.match(problems(rule).join('\n'), message);
    });

  it('is told all its foreign hosts at once', () => {
    assert.equal(problems('Host(`a.no`, `b.no`) || Host(`c.no`)').length, 3);
  });

  it('is read with the precedence that Traefik gives its signs', () => {
    const path = (value: string) => ({ kind: 'matcher', name: 'Path', values: [value] });
    assert.deepEqual(readRouteRule('!Path(`a`) && Path(`b`) || Path("c")'), {
      kind: 'any',
      of: [
        { kind: 'all', of: [{ kind: 'not', of: path('a') }, path('b')] },
        { kind: 'all', of: [path('c')] },
      ],
    });
  });
});
