import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ExpectedInputs, ownDocuments, readUnlessOwn } from '../../src/accept/own-documents.ts';
import { readDocument } from '../../src/accept/read-document.ts';
import { type Validation, validateArtifact } from '../../src/accept/validate-artifact.ts';
import { toYaml } from '../../src/build/emit.ts';
import { DEPLOY_FOLDER, inputsDigest, MANIFEST_FILE, type Manifest } from '../../src/model/artifact.ts';
import {
  type ArtifactOptions,
  alterArtifact,
  EXPECTED,
  makeArtifact,
  PATH,
  STUDIO,
  TT02,
  unpack,
} from '../support/make-artifact.ts';

const TRACE = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'x=1' };

const validate = (zip: Buffer, expected: ExpectedInputs = EXPECTED): Promise<Validation> =>
  validateArtifact(zip, PATH, TT02, STUDIO, expected);

/** With a comment behind each document: they mean the same, and have to be read. */
async function withComments(options: ArtifactOptions): Promise<Buffer> {
  const files = await unpack(await makeArtifact(options));
  const documents = [...files].filter(([path]) => path.startsWith(DEPLOY_FOLDER));
  const entries = Object.fromEntries(documents.map(([path, content]) => [path, `${content}# not ours\n`]));
  return alterArtifact({ ...options, entries });
}

/** The documents that are taken without being read. */
async function notRead(zip: Buffer, expected: ExpectedInputs = EXPECTED): Promise<string[]> {
  const files = await unpack(zip);
  const manifest = JSON.parse(String(files.get(MANIFEST_FILE))) as Manifest;
  const own = ownDocuments(manifest, files, TT02, STUDIO, expected);
  assert.ok('files' in own);
  return [...own.files.values()]
    .filter(
      ({ path, document }) => readUnlessOwn(path, files.get(path) as Buffer, own.files.get(path)).value === document,
    )
    .map(({ path }) => path);
}

/** Which are published, each character of it. */
function objectsOf(validation: Validation): string {
  assert.ok('artifact' in validation, JSON.stringify(validation));
  return JSON.stringify(validation.artifact.objects);
}

describe('documents that are what we would write', () => {
  const values = (text: string): ArtifactOptions => ({ repository: { 'deployment/values.yaml': text } });
  const cases: Record<string, [ArtifactOptions, ExpectedInputs?]> = {
    'of an ordinary app': [{}],
    'with a trace': [{ inputs: { trace: TRACE } }, { ...EXPECTED, ...TRACE }],
    'without scopes': [{ inputs: { scopes: [] } }, { ...EXPECTED, scopes: [] }],
    'without values of its own': [{ repository: { 'deployment/values.yaml': undefined } }],
    'with characters that YAML escapes': [values('podAnnotations:\n  note: "tab\\there, \\\\, \\" and Å"\n')],
    'with text that looks like something else': [
      values("podAnnotations: {a: 'on', b: '0400', c: '1e3', d: '2001-01-01'}\n"),
    ],
    'with numbers in many forms': [values('podAnnotations: {a: 0x1f, b: 1e-7, c: -0.0, d: 1_000, e: 0400, "1": no}\n')],
    'with lines': [values('podAnnotations:\n  a: |\n    one\n\n      two\n  b: " \\n"\n  c: " x "\n')],
  };
  for (const [name, [options, expected]] of Object.entries(cases))
    it(`are published as if they had been read, ${name}`, async () => {
      const own = await validate(await makeArtifact(options), expected);
      assert.equal(objectsOf(own), objectsOf(await validate(await withComments(options), expected)));
    });

  it('are not read, but for those with an escape', async () => {
    const [helmRelease, client, all] = [
      'deploy/helmrelease.yaml',
      'deploy/maskinportenclient.yaml',
      'deploy/values.yaml',
    ];
    const expected = { ...EXPECTED, ...TRACE };
    const zip = await makeArtifact({ inputs: { trace: TRACE } });
    assert.deepEqual((await notRead(zip, expected)).sort(), [helmRelease, client, all]);
    assert.deepEqual((await notRead(zip)).sort(), [client, all], 'the trace is not the one of the request');
    const escaped = await makeArtifact(values('podAnnotations: {a: "tab\\there"}\n'));
    assert.deepEqual(await notRead(escaped), [client]);
    assert.deepEqual(await notRead(await withComments({})), []);
  });

  it('are read alike, whatever a text holds that is taken for plain', () => {
    const plain = fc.string({
      unit: fc.constantFrom(...'\n -\'":#{}[]&*!|>%@`,?0x.e+_~<=onyta'.split('')),
      maxLength: 12,
    });
    const tree = fc.dictionary(
      plain.filter((key) => key !== '<<'),
      fc.oneof(plain, fc.array(plain, { maxLength: 3 })),
      {
        noNullPrototype: true,
      },
    );
    fc.assert(
      fc.property(tree, (value) => {
        assert.deepEqual(readDocument('x', Buffer.from(toYaml(value))), { value, problems: [] });
      }),
      { numRuns: 1_000 },
    );
  });

  it('are refused where reading would refuse them: a scope with a control character is written as an escape', async () => {
    const scopes = ['altinn:a\u0085b'];
    const validation = await validate(await makeArtifact({ inputs: { scopes } }), { ...EXPECTED, scopes });
    assert.ok('problems' in validation);
    assert.deepEqual(new Set(validation.problems.map(({ code }) => code)), new Set(['YAML_UNSAFE']));
  });

  it('are looked through for secrets all the same', async () => {
    const key = `${'k'.repeat(86)}==`;
    const options = values(`podAnnotations:\n  connection: AccountName=a;AccountKey=${key}\n`);
    const validation = await validate(await makeArtifact(options));
    assert.ok('problems' in validation);
    assert.ok(validation.problems.every(({ code }) => code === 'SECRET_IN_ARTIFACT'));
  });

  it("are held against the artifact's manifest all the same: it names another version of the chart", async () => {
    const zip = await alterArtifact({
      manifest: (manifest) => {
        const inputs = { ...manifest.inputs, chart: { ...manifest.inputs.chart, version: '9.9.9' } };
        return { ...manifest, inputs, inputsDigest: inputsDigest({ ...manifest, inputs }) };
      },
    });
    const validation = await validate(zip);
    assert.ok('problems' in validation);
    assert.deepEqual(new Set(validation.problems.map(({ code }) => code)), new Set(['RELEASE_POLICY']));
  });

  it('can not be told where the values are no text, which is said', async () => {
    const file = 'source/deployment/values.yaml';
    const validation = await validate(await alterArtifact({ entries: { [file]: Buffer.from([0x61, 0xff]) } }));
    assert.ok('problems' in validation);
    assert.deepEqual(
      validation.problems.map(({ code, message }) => [code, message]),
      [['VALUES_INVALID', 'deployment/values.yaml: not UTF-8 text']],
    );
  });
});
