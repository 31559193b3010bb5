import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startFunctionsHost } from '../../local/host/functions-host.ts';
import type { App } from '../../src/app.ts';
import { makeTable } from '../../src/functions/table.ts';
import { NO_TELEMETRY } from '../../src/telemetry.ts';
import { makeApiTypes } from './make-api-types.ts';

const UPDATE = process.env.UPDATE_GOLDEN === '1';
const HERE = fileURLToPath(new URL('.', import.meta.url));
const TYPES = join(HERE, 'api-types.ts');
const COMPILER = fileURLToPath(new URL('../../node_modules/@typescript/native/bin/tsc', import.meta.url));
/** As for a page in a browser: nothing of Node.js, and as strict as can be. */
const TSCONFIG = {
  compilerOptions: {
    ...{ target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', lib: ['ES2022', 'DOM'], types: [] },
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true },
    allowImportingTsExtensions: true,
  },
};

/** Each is the example with something replaced, and what the compiler is to say of it. */
const WRONG: readonly [string, string, string, RegExp][] = [
  ['a field that is not there', "tagName: '8'", "tagName: '8', force: true", /'force' does not exist/],
  ['a field in other letters', "envName: 'tt02', tagName", "envname: 'tt02', tagName", /'envname' does not exist/],
  ['a field of another type', "tagName: '8'", 'tagName: 8', /'number' is not assignable to type 'string'/],
  ['neither a tag nor a deployment', "tagName: '8', ", '', /not assignable/],
  ['both a tag and a deployment', "tagName: '8'", "tagName: '8', fromDeploymentId: id", /not assignable/],
  ['a name of the path that is missing', 'path: { ...path, id }', 'path', /'id' is missing/],
  ['a path that is not there', '/v1/{org}/-/deployments', '/v1/{org}/-/releases', /releases/],
  ['a method that is not there', "'get', '/v1/{org}/-/", "'put', '/v1/{org}/-/", /not assignable/],
  ['a state that is none', "state: 'published'", "state: 'done'", /'"done"' is not assignable/],
  ['a limit in text', 'limit: 1', "limit: '1'", /'string' is not assignable to type 'number'/],
  ['a header that is not read', "'Idempotency-Key'", "'Idempotence-Key'", /'Idempotence-Key'/],
  ['an answer taken for good unasked', 'if (asked.status !== 202)', 'if (asked.status === 400)', /'id' does not exist/],
  ['a property that is not answered', 'followed.body.after', 'followed.body.cursor', /'cursor' does not exist/],
];

describe('a client made of the OpenAPI document', () => {
  let folder: string;
  let types: string;
  /** What the compiler says of each file. */
  let faults: ReadonlyMap<string, string>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'client-'));
    types = await makeApiTypes(await servedDocument());
    if (UPDATE) await writeFile(TYPES, types);
    const example = await readFile(join(HERE, 'example-client.ts'), 'utf8');
    const files: [string, string][] = [['right.ts', example]];
    for (const [index, [what, from, to]] of WRONG.entries()) {
      assert.equal(example.split(from).length, 2, `${what}: '${from}' stands in the example once`);
      files.push([`wrong-${index}.ts`, example.replace(from, to)]);
    }
    const config = { ...TSCONFIG, files: files.map(([name]) => name) };
    files.push(['api-types.ts', types], ['tsconfig.json', JSON.stringify(config)]);
    for (const [name, text] of files) await writeFile(join(folder, name), text);
    await cp(join(HERE, 'typed-client.ts'), join(folder, 'typed-client.ts'));
    faults = await compile(folder);
  });
  after(() => rm(folder, { recursive: true }));

  it('has the types that the tests use', async () => {
    const differs =
      'the API has changed: UPDATE_GOLDEN=1 makes the types anew; look at the diff before it is committed';
    assert.ok((await readFile(TYPES, 'utf8')) === types, differs);
  });

  it('compiles', () => {
    assert.equal(faults.get('right.ts') ?? '', '');
    assert.deepEqual(
      [...faults.keys()].filter((name) => !name.startsWith('wrong-')),
      [],
    );
  });

  for (const [index, [what, , , message]] of WRONG.entries())
    it(`does not compile with ${what}`, () => {
      assert.match(faults.get(`wrong-${index}.ts`) ?? '', message);
    });
});

function compile(folder: string): Promise<ReadonlyMap<string, string>> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMPILER, '-p', folder, '--pretty', 'false'], { cwd: folder }, (_error, stdout) => {
      const faults = new Map<string, string>();
      let file = '';
      // A line that goes on with the one before is indented.
      for (const line of stdout.split('\n')) {
        file = /^([^( ]+)\(/.exec(line)?.[1] ?? file;
        if (line !== '') faults.set(file, `${faults.get(file) ?? ''}${line}\n`);
      }
      resolve(faults);
    });
  });
}

/** As it comes over HTTP; no more of the app is needed for that. */
async function servedDocument(): Promise<object> {
  const app = { log: { info() {}, warn() {}, error() {} }, telemetry: NO_TELEMETRY } as Partial<App> as App;
  const definitions = makeTable(app, () => assert.fail('asks who it is'));
  const host = await startFunctionsHost({ definitions, port: 0, timers: false });
  try {
    const response = await fetch(`${host.url}/api/openapi.json`);
    assert.equal(response.headers.get('content-type'), 'application/json');
    return (await response.json()) as object;
  } finally {
    await host.close();
  }
}
