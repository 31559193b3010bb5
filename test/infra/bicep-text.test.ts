import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import {
  type BicepFile,
  callsOf,
  INFRA,
  keysBelow,
  parseBicep,
  readBicep,
  readBicepFiles,
  referencesOf,
  type Statement,
} from '../support/read-bicep.ts';

/** Bicep's compiler can't be had from npm: this finds by the text alone what can be found so. */
const files = readBicepFiles();
const fileAt = (path: string) => files.find((file) => file.path === path) ?? assert.fail(`infra/${path} is not there`);
const FUNCTIONS =
  'bool empty guid listKeys loadJsonContent loadTextContent replace readEnvironmentVariable resourceGroup subscriptionResourceId take tenant union uniqueString'.split(
    ' ',
  );
/** Of the linter's rule no-hardcoded-env-urls, those that could come up here. */
const ENVIRONMENT_HOSTS = /core\.windows\.net|vault\.azure\.net|login\.microsoftonline\.com|management\.azure\.com/;
const SECRET_NAMES = /password|pwd|secret|accountkey|acctkey/i;

const of = (file: BicepFile, ...keywords: string[]) =>
  file.statements.filter(({ keyword }) => keywords.includes(keyword));
const names = (statements: readonly Statement[]) => statements.map(({ name }) => name);
const paramsOf = (file: BicepFile) =>
  of(file, 'param').map((param) => ({ name: param.name, isRequired: !hasDefault(param) }));
const hasDefault = ({ tokens }: Statement) => tokens.some(({ text, depth }) => text === '=' && depth === 0);
const tokenAfter = ({ tokens }: Statement, key: string) => {
  const at = tokens.findIndex(({ kind, text }) => kind === 'key' && text === key);
  return at === -1 ? undefined : tokens[at + 2];
};

for (const file of files)
  describe(`infra/${file.path}`, () => {
    it('says at its head what it makes and which rights flow', () => {
      const [, header = ''] = /^\/\*\n([\s\S]*?)\*\//.exec(file.text) ?? [];
      assert.match(header, /^ {2}Makes: /);
      assert.match(header, /\n {2}Rights: /);
    });

    it('declares every name once, and uses each parameter, variable and existing resource', () => {
      const declared = of(file, 'param', 'var', 'resource', 'module', 'type');
      assert.equal(new Set(names(declared)).size, declared.length);
      const uses = file.statements.map((user) => ({
        user,
        names: new Set(referencesOf(user).map(({ text }) => text)),
      }));
      const unused = declared
        .filter((one) => one.isExisting || ['param', 'var', 'type'].includes(one.keyword))
        .filter((one) => !uses.some(({ user, names }) => user !== one && names.has(one.name)));
      assert.deepEqual(names(unused), []);
    });

    it('refers only to what is declared, and calls only functions that there are', () => {
      const declared = new Set(names(of(file, 'param', 'var', 'resource', 'module', 'type')));
      const unknown = file.statements.flatMap((statement) =>
        referencesOf(statement).flatMap(({ text, line }) => (declared.has(text) ? [] : [`${line}: ${text}`])),
      );
      assert.deepEqual(unknown, []);
      assert.deepEqual(
        file.statements.flatMap(callsOf).filter((name) => !FUNCTIONS.includes(name)),
        [],
      );
    });

    it('gives each module what it needs and nothing else, and takes from it what it puts out', () => {
      for (const module of of(file, 'module')) {
        const target = fileAt(normalize(join(dirname(file.path), module.type)));
        const given = keysBelow(module, 'params');
        const params = paramsOf(target);
        assert.deepEqual(
          given.filter((name) => !params.some((param) => param.name === name)),
          [],
          module.name,
        );
        assert.deepEqual(
          params.filter(({ name, isRequired }) => isRequired && !given.includes(name)),
          [],
          module.name,
        );
        const taken = [
          ...file.text.matchAll(new RegExp(`\\b${module.name}(?:\\[\\w+\\])?\\.\\??outputs\\.(\\w+)`, 'g')),
        ];
        const outputs = names(of(target, 'output'));
        assert.deepEqual(
          taken.map(([, name = '']) => name).filter((name) => !outputs.includes(name)),
          [],
          module.name,
        );
      }
    });

    it('describes every parameter, but for location and tags', () => {
      const silent = of(file, 'param').filter(
        ({ name, decorators }) => !decorators.includes('description') && !['location', 'tags'].includes(name),
      );
      assert.deepEqual(names(silent), []);
    });

    it('gives the linter nothing to warn of that can be seen in the text', () => {
      const code = file.text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
      assert.doesNotMatch(code, ENVIRONMENT_HOSTS);
      assert.doesNotMatch(code, /\bconcat\(|\bresourceId\(|\breference\(/);
      // A string that is nothing but another, unless it is a key.
      assert.doesNotMatch(code, /'\$\{[\w.]+\}'(?!\s*:)/);
      for (const { name, decorators } of of(file, 'param'))
        assert.ok(!SECRET_NAMES.test(name) || decorators.includes('secure'), `${name} is named like a secret`);
      for (const output of of(file, 'output')) {
        assert.ok(!SECRET_NAMES.test(output.name), `${output.name} is named like a secret`);
        assert.ok(!callsOf(output).some((call) => call.startsWith('list')), `${output.name} may show a key`);
      }
      for (const resource of of(file, 'resource').filter(({ isExisting }) => !isExisting)) {
        const isChild = resource.type.split('@')[0]?.split('/').length !== 2;
        assert.equal(tokenAfter(resource, 'parent') !== undefined, isChild, `${resource.name}: parent`);
        const awaited = keysOfDependsOn(resource);
        const others = referencesOf(resource).map(({ text }) => text);
        for (const name of awaited)
          assert.equal(others.filter((text) => text === name).length, 1, `${resource.name} waits for ${name} anyway`);
      }
    });

    it('reads only files that are there', () => {
      for (const [, path = ''] of file.text.matchAll(/load(?:Text|Json)Content\('([^']+)'\)/g))
        assert.ok(existsSync(join(INFRA, dirname(file.path), path)), path);
    });
  });

function keysOfDependsOn({ tokens }: Statement): string[] {
  const start = tokens.findIndex(({ kind, text }) => kind === 'key' && text === 'dependsOn');
  const end = tokens.findIndex(({ text }, index) => index > start && text === ']');
  return start === -1 ? [] : tokens.slice(start, end).flatMap(({ kind, text }) => (kind === 'name' ? [text] : []));
}

describe('what reads them', () => {
  it('refuses text that the compiler would refuse', () => {
    for (const [text, reason] of [
      ["param a string = 'x", /x.bicep:1: a string is not closed/],
      ['var a = {\n  b: [1}\n', /x.bicep:2: '}' closes '\[' of line 2/],
      ['var a = {\n', /'{' is not closed/],
      ["var a = '${b'\n", /is not closed/],
      ["var a = '\\d'\n", /is no escape/],
      ['/* no end', /a comment is not closed/],
      ['parm a string\n', /'parm' begins no statement/],
    ] as const)
      assert.throws(() => parseBicep('x.bicep', text), reason, text);
  });

  it("tells a reference from a key, a member, a string and a loop's variable", () => {
    const [statement] = parseBicep(
      'x.bicep',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Bicep's
      "var a = [for b in c: { d: e.f, g: '${h}i', j: k ? l : [b] }]\n",
    ).statements;
    const found = referencesOf(statement as Statement).map(({ text }) => text);
    assert.deepEqual(found, ['c', 'e', 'h', 'k', 'l']);
  });
});

describe('the Bicep files together', () => {
  it('use one version of each resource type, and each that is listed', () => {
    const listed = JSON.parse(readFileSync(join(INFRA, 'api-versions.json'), 'utf8'));
    const used = new Map<string, Set<string>>();
    for (const { text } of files)
      for (const [, type = '', version = ''] of text.matchAll(/'(Microsoft\.\w+\/\w+)[\w/]*@([\w-]+)'/g))
        used.set(type, (used.get(type) ?? new Set()).add(version));
    assert.deepEqual(
      Object.fromEntries([...used].sort().map(([type, versions]) => [type, [...versions].join()])),
      listed,
    );
  });

  it('use every module, but for those that are deployed where a cluster is', () => {
    const used = files.flatMap((file) => of(file, 'module')).map(({ type }) => type);
    const unused = files.filter(({ path }) => path !== 'main.bicep' && !used.includes(path)).map(({ path }) => path);
    assert.deepEqual(unused, ['modules/cluster-flux.bicep', 'modules/cluster-identity.bicep']);
  });

  it('have a sample of parameters that fits', () => {
    const sample = readBicep('main.sample.bicepparam');
    const params = paramsOf(fileAt('main.bicep'));
    const given = names(of(sample, 'param'));
    assert.deepEqual(
      given.filter((name) => !params.some((param) => param.name === name)),
      [],
    );
    assert.deepEqual(
      params.filter(({ name, isRequired }) => isRequired && !given.includes(name)),
      [],
    );
    const [, variable = ''] = /readEnvironmentVariable\('(\w+)'/.exec(sample.text) ?? [];
    assert.ok(readFileSync(join(INFRA, '../azure.yaml'), 'utf8').includes(`azd env set ${variable} true\n`), variable);
    const environments = readFileSync(join(INFRA, '../environments.sample.yaml'), 'utf8');
    const accounts = [...sample.text.matchAll(/accountName: '(\w+)'/g)].map(
      ([, name]) => `https://${name}.blob.core.windows.net`,
    );
    assert.ok(
      accounts.length > 0 && accounts.every((url) => environments.includes(`storage: ${url}\n`)),
      accounts.join(),
    );
  });

  it('leave an immutability policy alone once it is locked: Azure refuses to put it again', () => {
    const policies = files
      .flatMap((file) => of(file, 'resource'))
      .filter(({ type }) => type.includes('/immutabilityPolicies@'));
    assert.equal(policies.length, 1);
    for (const { tokens } of policies) {
      const body = tokens.findIndex(({ text, depth }) => text === '{' && depth === 0);
      const head = tokens.slice(0, body).map(({ text }) => text);
      assert.deepEqual(head.slice(-5), ['if', '(', '!', 'artifactPolicyIsLocked', ')']);
    }
    assert.match(fileAt('main.bicep').text, /^param artifactPolicyIsLocked bool = false$/m);
  });

  it('never set what Flex Consumption forbids, nor any key or password', () => {
    const all = files.map(({ text }) => text).join('\n');
    for (const forbidden of [
      /FUNCTIONS_(WORKER_RUNTIME|EXTENSION_VERSION)|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT|WEBSITE_NODE_DEFAULT_VERSION|\bTZ:/,
      /AccountKey=|allowSharedKeyAccess: true|allowBlobPublicAccess: true|administratorLoginPassword|linuxFxVersion/,
    ])
      assert.doesNotMatch(all, forbidden);
    // The one key there is opens the blob extension's webhook, for Event Grid.
    assert.deepEqual(
      [...all.matchAll(/listKeys\(.*?\)(\.\w+\.\w+)/g)].map(([, what]) => what),
      ['.systemKeys.blobs_extension'],
    );
  });
});

describe('the alerts and the workbook', () => {
  const read = (name: string) => JSON.parse(readFileSync(join(INFRA, name), 'utf8'));

  it('are made of what the modules read, in periods that Azure Monitor takes', () => {
    const text = fileAt('modules/alerts.bicep').text;
    const keys = [...new Set([...text.matchAll(/\balert\.(\w+)/g)].map(([, key]) => key))].sort();
    const alerts = read('alerts.json') as Record<string, unknown>[];
    assert.ok(alerts.length > 0);
    for (const alert of alerts) {
      assert.deepEqual(Object.keys(alert).sort(), keys);
      assert.match(String(alert.name), /^[a-z][a-z0-9-]{1,60}$/);
      assert.ok([0, 1, 2, 3, 4].includes(alert.severity as number), `${alert.name}: severity`);
      assert.ok(
        ['Equals', 'GreaterThan', 'GreaterThanOrEqual', 'LessThan', 'LessThanOrEqual'].includes(
          alert.operator as string,
        ),
      );
      assert.ok(Number.isInteger(alert.threshold), `${alert.name}: threshold`);
      const [frequency, window] = [alert.frequencyMinutes as number, alert.windowMinutes as number];
      assert.ok([5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440].includes(frequency), `${alert.name}: frequency`);
      assert.ok(
        window >= frequency && [5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880].includes(window),
        `${alert.name}: window`,
      );
    }
    assert.equal(new Set(alerts.map(({ name }) => name)).size, alerts.length);
  });

  it('fit into the template', () => {
    assert.equal(read('workbook.json').version, 'Notebook/1.0');
    assert.ok(readFileSync(join(INFRA, 'workbook.json')).length < 131_072, 'loadTextContent takes no more');
  });
});
