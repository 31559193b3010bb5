import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../src', import.meta.url));
const MAX_LINES = 300;

interface Import {
  readonly from: string;
  /** A path below src/, or a package. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .sort();
const texts = new Map(files.map((path) => [path, readFileSync(join(SRC, path), 'utf8')]));
const imports = files.flatMap(importsOf);

/** By reading the text: every form of import that TypeScript has, each with a plain string. */
function importsOf(from: string): Import[] {
  const code = (texts.get(from) as string).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const statements = code.matchAll(/^(?:import|export)\s+(?:([^'";]*?)\s+from\s+)?'([^']+)'/gm);
  const dynamic = code.matchAll(/\b(?:import|require)\(\s*'([^']+)'/g);
  return [
    ...[...statements].map(([, names = '', to = '']) => ({ from, to: resolve(from, to), typeOnly: isTypeOnly(names) })),
    ...[...dynamic].map(([, to = '']) => ({ from, to: resolve(from, to), typeOnly: false })),
  ];
}

function resolve(from: string, to: string): string {
  return to.startsWith('.') ? posix.normalize(posix.join(dirname(from), to)) : to;
}

function isTypeOnly(names: string): boolean {
  if (/^type\s/.test(names)) return true;
  const inBraces = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
  return inBraces?.split(',').every((name) => name.trim() === '' || /^type\s/.test(name.trim())) ?? false;
}

/** `@scope/name/part` is a part of `@scope/name`. */
const packageOf = ({ to }: Import) =>
  to
    .split('/')
    .slice(0, to.startsWith('@') ? 2 : 1)
    .join('/');
const isOurs = ({ to }: Import) => to.endsWith('.ts');
const isIn = (path: string, places: readonly string[]) =>
  places.some((place) => path === place || (place.endsWith('/') && path.startsWith(place)));
const show = ({ from, to, typeOnly }: Import) => `${from} imports ${typeOnly ? 'type ' : ''}${to}`;

const INNER = ['errors.ts', 'error-codes.ts', 'model/'];
/** What is needed from outside; the ledger's part and telemetry's are pages of their own. */
const PORTS = ['ports.ts', 'ledger.ts', 'ledger-upkeep.ts', 'telemetry.ts'];
const STAGE = [...INNER, ...PORTS, 'for-each-bounded.ts', 'hang-guard.ts', 'build/', 'zip/', 'publish/'];

/** What the files of each place may import of ours, beside each other. Inward only. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'error-codes.ts': [],
  'errors.ts': ['error-codes.ts', 'model/'],
  'model/': ['errors.ts', 'error-codes.ts'],
  'zip/': INNER,
  'build/': [...INNER, 'zip/'],
  'ports.ts': [...INNER, 'ledger.ts', 'ledger-upkeep.ts', 'telemetry.ts'],
  'telemetry.ts': INNER,
  'ledger.ts': [...INNER, 'ledger-upkeep.ts'],
  'ledger-upkeep.ts': [...INNER, 'ledger.ts'],
  'publish/': [...INNER, ...PORTS, 'build/'],
  'deploy/': STAGE,
  'accept/': STAGE,
  'reconcile/': STAGE,
  'operate/': STAGE,
  'recover/': STAGE,
  'reindex/': STAGE,
  'for-each-bounded.ts': [],
  'hang-guard.ts': ['errors.ts'],
  'retain/': STAGE,
  'measure/': [...INNER, ...PORTS],
  'limit-calls.ts': ['errors.ts'],
  'app.ts': [
    ...INNER,
    ...PORTS,
    'limit-calls.ts',
    'deploy/',
    'accept/',
    'reconcile/',
    'operate/',
    'recover/',
    'retain/',
    'measure/',
  ],
  'environments-file.ts': INNER,
  'config.ts': [...INNER, 'environments-file.ts', 'settings.ts'],
  'settings.ts': [],
  'telemetry-settings.ts': ['settings.ts'],
  'adapters/': [...INNER, ...PORTS],
  'functions/': [...INNER, ...PORTS, 'app.ts'],
  'connect.ts': ['adapters/', 'config.ts', 'measure/', 'ports.ts', 'telemetry.ts'],
  'main.ts': [
    ...INNER,
    ...['adapters/console-log.ts', 'adapters/lazy-telemetry.ts', 'app.ts', 'config.ts', 'connect.ts', 'functions/'],
    'telemetry-settings.ts',
  ],
};

/** Types alone, which leave nothing behind at run time. */
const ALLOWED_TYPES: Readonly<Record<string, readonly string[]>> = {
  // How to reach each service is the adapter's to say; the configuration fills it in.
  'config.ts': ['adapters/storage-calls.ts', 'adapters/gitea.ts', 'adapters/identity.ts', 'adapters/postgres.ts'],
  'environments-file.ts': ['adapters/storage-calls.ts', 'adapters/identity.ts'],
  'telemetry-settings.ts': ['config.ts'],
  // Like the others: where to send is configured.
  'adapters/telemetry.ts': ['telemetry-settings.ts'],
  'adapters/lazy-telemetry.ts': ['telemetry-settings.ts'],
  // The mode of authentication is configured.
  'functions/auth.ts': ['config.ts'],
};

/** What an edge has to know of a stage: the form of a request, how things are shown, and what a failure carries. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  'functions/http.ts': ['deploy/deploy.ts', 'operate/deployment-view.ts'],
  'functions/table.ts': ['operate/check-health.ts'],
  'functions/calls/deployments.ts': [
    'deploy/deploy-request.ts',
    'deploy/preview-view.ts',
    'operate/deployment-view.ts',
    'operate/show-deployments.ts',
  ],
  'functions/calls/list-query.ts': ['operate/show-deployments.ts'],
  'functions/calls/events.ts': ['operate/follow-events.ts'],
  'functions/calls/apps.ts': ['operate/show-apps.ts', 'operate/show-deployments.ts'],
  'functions/calls/flux-events.ts': ['operate/read-flux-event.ts'],
  'functions/calls/service.ts': ['operate/check-health.ts'],
};

const PLACES = Object.keys(ALLOWED);
const placeOf = (path: string) => PLACES.find((place) => isIn(path, [place]));

function isAllowed(one: Import): boolean {
  const place = placeOf(one.from);
  if (place === undefined) return false;
  const allowed = [place, ...(ALLOWED[place] ?? []), ...(EXCEPTIONS[one.from] ?? [])];
  return isIn(one.to, one.typeOnly ? [...allowed, ...(ALLOWED_TYPES[one.from] ?? [])] : allowed);
}

describe('imports in src/', () => {
  it('are found by this test', () => {
    assert.ok(files.length > 40 && imports.length > 150);
    const count = (text: string) => [...text.matchAll(/\bfrom '|\bimport\('/g)].length;
    assert.equal(
      imports.length,
      [...texts.values()].reduce((sum, text) => sum + count(text), 0),
      'of another form',
    );
    for (const { to } of imports.filter(isOurs)) assert.ok(texts.has(to), `${to} is not below src/`);
  });

  it('come from places that have a rule', () => {
    assert.deepEqual(
      files.filter((path) => placeOf(path) === undefined),
      [],
    );
  });

  it('run inward only', () => {
    assert.deepEqual(
      imports
        .filter(isOurs)
        .filter((one) => !isAllowed(one))
        .map(show),
      [],
    );
  });

  it('make use of every exception', () => {
    const used = (from: string, to: string) => imports.some((one) => one.from === from && one.to === to);
    for (const [from, places] of [...Object.entries(EXCEPTIONS), ...Object.entries(ALLOWED_TYPES)])
      for (const to of places) assert.ok(used(from, to), `${from} does not import ${to} any more`);
  });

  it('never go round in a circle', () => {
    const next = (path: string) =>
      imports.filter((one) => one.from === path && isOurs(one) && !one.typeOnly).map(({ to }) => to);
    const done = new Set<string>();
    const visit = (path: string, above: readonly string[]): void => {
      assert.ok(!above.includes(path), [...above, path].join(' → '));
      if (done.has(path)) return;
      for (const to of next(path)) visit(to, [...above, path]);
      done.add(path);
    };
    for (const path of files) visit(path, []);
  });

  it('leave the folder for nothing of ours', () => {
    assert.deepEqual(imports.filter(({ to }) => /^\.\.|^(local|test|infra|bench)\//.test(to)).map(show), []);
  });

  it('name each SDK in one adapter', () => {
    const homes: Readonly<Record<string, readonly string[]>> = {
      jszip: ['zip/pack-zip.ts'],
      '@azure/storage-blob': ['adapters/blob-storage.ts', 'adapters/storage-calls.ts'],
      '@azure/identity': ['adapters/identity.ts'],
      pg: ['adapters/postgres.ts'],
      jose: ['functions/auth.ts'],
      'fast-xml-parser': ['build/check-xml.ts'],
    };
    for (const [name, home] of Object.entries(homes)) {
      const users = imports.filter((one) => packageOf(one) === name).map(({ from }) => from);
      assert.deepEqual([...new Set(users)], home, name);
    }
  });

  it('load telemetry when it is needed, in its adapter alone', () => {
    const isTelemetry = ({ to }: Import) => to === 'applicationinsights' || to.startsWith('@opentelemetry/');
    assert.deepEqual([...new Set(imports.filter(isTelemetry).map(({ from }) => from))], ['adapters/telemetry.ts']);
    const text = texts.get('adapters/telemetry.ts') as string;
    const atOnce = /^import (?!type )[^;]*from '(applicationinsights|@opentelemetry\/[^']*)'/m;
    assert.doesNotMatch(text, atOnce);
  });

  it('name the Functions SDK at run time in main.ts only', () => {
    const users = imports.filter(({ to, typeOnly }) => to.startsWith('@azure/functions') && !typeOnly);
    assert.deepEqual(
      users.map(({ from }) => from),
      ['main.ts'],
    );
  });

  it('name only packages that package.json has as dependencies', () => {
    const { dependencies } = JSON.parse(readFileSync(join(SRC, '../package.json'), 'utf8'));
    const packages = imports.filter((one) => !isOurs(one) && !one.to.startsWith('node:'));
    for (const one of packages) assert.ok(Object.hasOwn(dependencies, packageOf(one)), show(one));
  });
});

describe('files in src/', () => {
  it('read no environment but in main.ts', () => {
    assert.deepEqual(
      files.filter((path) => /\bprocess\s*\.\s*env\b/.test(texts.get(path) as string)),
      ['main.ts'],
    );
  });

  it('read no clock, no chance and no disk in model, build, zip and the checks', () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bMath\.random|\brandomUUID|\bfetch\(|node:(fs|http|net|os|child_process)/;
    const pure = files.filter((path) => isIn(path, ['model/', 'build/', 'zip/', 'errors.ts', 'ports.ts']));
    assert.deepEqual(
      pure.filter((path) => impure.test(texts.get(path) as string)),
      [],
    );
  });

  it(`have at most ${MAX_LINES} lines`, () => {
    const lines = (path: string) => (texts.get(path) as string).split('\n').length - 1;
    assert.deepEqual(
      files.filter((path) => lines(path) > MAX_LINES).map((path) => `${path}: ${lines(path)}`),
      [],
    );
  });

  it('are named in kebab-case', () => {
    assert.deepEqual(
      files.filter((path) => !/^([a-z]+(-[a-z]+)*\/)*[a-z]+(-[a-z]+)*(\.d)?\.ts$/.test(path)),
      [],
    );
  });
});
