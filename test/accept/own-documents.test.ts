import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ExpectedInputs } from '../../src/accept/check-documents.ts';
import { readDocument } from '../../src/accept/read-document.ts';
import { type Validation, validateArtifact } from '../../src/accept/validate-artifact.ts';
import { toYaml } from '../../src/build/emit.ts';
import { DEPLOY_FOLDER } from '../../src/model/artifact.ts';
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

  it("are not taken for ours because of the artifact's own word: the chart's version that its manifest names", async () => {
    const zip = await alterArtifact({
      manifest: ({ inputs, ...manifest }) => ({
        ...manifest,
        inputs: { ...inputs, chart: { ...inputs.chart, version: '9.9.9' } },
      }),
    });
    assert.ok('problems' in (await validate(zip)));
  });
});
