import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { readDocument } from '../../src/accept/read-document.ts';
import { buildArtifact } from '../../src/build/build-artifact.ts';
import { decodeText } from '../../src/build/check-app.ts';
import { toYaml } from '../../src/build/emit.ts';
import { mergeValues, readValues, type Values } from '../../src/build/read-values.ts';
import { AppError } from '../../src/errors.ts';
import { sampleInputs, sampleRelease } from '../support/sample-inputs.ts';

const run = promisify(execFile);

/** What a plain scalar is read as. */
const read = (scalar: string): unknown => readValues(`a: ${scalar}\n`).a;

/** Asserts that a file is refused as the app's own fault, and gives the message. */
function refused(text: string): string {
  let message = '';
  assert.throws(
    () => readValues(text),
    (error) => {
      assert.ok(error instanceof AppError, `threw ${error}`);
      assert.equal(error.code, 'VALUES_INVALID');
      assert.equal(error.problems[0]?.path, 'deployment/values.yaml');
      message = error.message;
      return true;
    },
  );
  return message;
}

/** Likewise, before it costs seconds. */
function refusedSoon(text: string): string {
  const started = performance.now();
  const message = refused(text);
  assert.ok(performance.now() - started < 3_000, 'too late');
  return message;
}

describe('numbers are read as Go does', () => {
  const NUMBERS: readonly [string, number][] = [
    ['0400', 256],
    ['0o400', 256],
    ['-0400', -256],
    ['-0o17', -15],
    ['0_400', 256],
    ['08', 8],
    ['0', 0],
    ['00', 0],
    ['1_000', 1000],
    ['1__0_', 10],
    ['+12', 12],
    ['0x1f', 31],
    ['0xDEAD_BEEF', 0xdeadbeef],
    ['-0x1f', -31],
    ['0b1010', 10],
    ['1.10', 1.1],
    ['1.', 1],
    ['.5', 0.5],
    ['-.5', -0.5],
    ['1_000.5', 1000.5],
    ['12e03', 12000],
    ['1e3', 1000],
    ['1E-2', 0.01],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['-9007199254740991', Number.MIN_SAFE_INTEGER],
  ];
  for (const [scalar, number] of NUMBERS)
    it(`${scalar} is ${number}`, () => {
      assert.equal(read(scalar), number);
    });

  it('an upper-case prefix counts as a lower-case one', () => {
    assert.deepEqual([read('0X1F'), read('0O17'), read('0B11')], [31, 15, 3]);
  });

  it('in quotes they are strings', () => {
    assert.deepEqual(['"1.10"', "'0400'", '"1_000"', '!!str 12'].map(read), ['1.10', '0400', '1_000', '12']);
  });

  it('an integer beyond 2^53, which would come out as another, is refused with its line', () => {
    assert.match(refused('a: 1\nb: 9007199254740993\n'), /line 2: .*9007199254740993.*2\^53/);
    refused('a: 18446744073709551616');
    refused('a: 0x20000000000001');
    refused('a: -9007199254740993');
  });

  it('what Helm could not write as JSON is refused', () => {
    for (const scalar of ['.inf', '-.inf', '+.Inf', '.nan', '.NaN', '1e400']) refused(`a: ${scalar}`);
  });
});

describe('strings stay strings', () => {
  const STRINGS = [
    ...['yes', 'no', 'on', 'off', 'Yes', 'NO', 'On', 'OFF', 'y', 'n', 'Y', 'N'],
    ...['2024-01-01', '2024-01-01T10:00:00Z', '2001-12-14 21:59:43.10 -5', '1:30', '190:20:30'],
    ...['_1', '1,000', '0x', '0xg', '0b12', '0o8', '1.2.3', '1e', '.', 'tRUE', 'nULL', 'Infinity', 'NaN', '='],
  ];
  for (const string of STRINGS)
    it(string, () => {
      assert.equal(read(string), string);
    });

  it('so do keys that other parsers take for truth values', () => {
    assert.deepEqual(readValues('on: 1\nyes: 2\nn: 3\n'), { on: 1, yes: 2, n: 3 });
  });

  it('a %YAML directive does not bring back the rules of YAML 1.1', () => {
    let values: Values | undefined;
    try {
      values = readValues('%YAML 1.1\n---\na: yes\nb: 1:30\n');
    } catch {
      refused('%YAML 1.1\n---\na: yes\nb: 1:30\n');
      return;
    }
    assert.deepEqual(values, { a: 'yes', b: '1:30' });
  });

  it('true, false and null are what they look like', () => {
    assert.deepEqual(['true', 'True', 'FALSE', '~', 'null', 'NULL', ''].map(read), [
      true,
      true,
      false,
      null,
      null,
      null,
      null,
    ]);
  });
});

describe('a file', () => {
  it('that is missing, empty, blank, of comments only or null stands for no values', () => {
    for (const text of [undefined, '', '\n \n', '# nothing\n', '---\n', '--- # nothing\n...\n', '~'])
      assert.deepEqual(readValues(text), {});
  });

  it('may begin with a byte order mark, which is taken off before it gets here, and have Windows line ends', () => {
    const content = Buffer.from('\ufeffa: 1\r\nb:\r\n  - x\r\n');
    assert.deepEqual(readValues(decodeText(content)), { a: 1, b: ['x'] });
  });

  it('must hold one map', () => {
    for (const text of ['- 1\n', 'just text', '"text"', '3', 'true', '[]']) assert.match(refused(text), /map/);
    refused('a: 1\n---\nb: 2\n');
  });

  it('that does not parse is refused with the line', () => {
    assert.match(refused('a: 1\nb: [1, 2\nc: 3\n'), /line [234]/);
    assert.match(refused('a:\n\tb: 1\n'), /line 2/);
  });

  it('is refused with all its problems at once', () => {
    assert.throws(
      () => readValues('a: 1\na: 2\nb: 9007199254740993\nc: !mine x\n'),
      (error) => error instanceof AppError && error.problems.length === 3,
    );
  });

  it('full of keys is refused before it costs seconds', () => {
    const keys = Array.from({ length: 30_000 }, (_, i) => `k${i}: 1\n`).join('');
    assert.match(refusedSoon(keys), /more than \d+ tokens/);
  });

  it('over 1 MiB is refused', () => {
    assert.match(refused(`a: ${'x'.repeat(2 ** 20)}\n`), /over \d+ bytes/);
  });
});

describe('values under `deployment`', () => {
  it('are hoisted to the root, where keys that are there already win', () => {
    const text = 'deployment:\n  a: {x: 1, y: 2}\n  b: [1, 2]\n  c: 1\na: {y: 3}\nb: [3]\nd: 4\n';
    assert.deepEqual(readValues(text), { a: { x: 1, y: 3 }, b: [3], c: 1, d: 4 });
  });

  it('may be none: null and false count as no map at all', () => {
    for (const value of ['', '~', 'false', '{}'])
      assert.deepEqual(readValues(`deployment: ${value}\na: 1\n`), { a: 1 });
  });

  it('that are no map are refused', () => {
    for (const value of ['text', '[1]', '3', 'true', '""']) refused(`deployment: ${value}\n`);
  });

  it('are hoisted once: a `deployment` within stays a key', () => {
    assert.deepEqual(readValues('deployment:\n  deployment: {a: 1}\n'), { deployment: { a: 1 } });
  });
});

describe('aliases and merge keys', () => {
  it('are expanded', () => {
    const text = 'a: &a {x: 1, y: [1, 2]}\nb: *a\nc: {<<: *a, y: 3}\n';
    assert.deepEqual(readValues(text), { a: { x: 1, y: [1, 2] }, b: { x: 1, y: [1, 2] }, c: { x: 1, y: 3 } });
  });

  it('a key that is there wins over a merged one, wherever it stands', () => {
    assert.deepEqual(readValues('a: &a {x: 1}\nb: {x: 2, <<: *a}\nc: {<<: *a, x: 2}\n'), {
      ...{ a: { x: 1 }, b: { x: 2 } },
      c: { x: 2 },
    });
  });

  it('of several maps merged the first wins', () => {
    const { c } = readValues('a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc:\n  <<: [*a, *b]\n');
    assert.deepEqual(c, { x: 1, z: 3 });
  });

  it('an alias of nothing, and a merge of what is no map, are refused for what they are', () => {
    assert.doesNotMatch(refused('a: *nowhere\n'), /without end/);
    assert.doesNotMatch(refused('a: {<<: 3}\n'), /without end/);
  });

  it('a bomb of aliases is refused', () => {
    const line = (name: string, below: string) => `${name}: &${name} [${Array(9).fill(`*${below}`).join(', ')}]\n`;
    const bomb = [...'bcdefghi'].map((name, i) => line(name, [...'abcdefgh'][i] as string));
    refused(`a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n${bomb.join('')}`);
  });

  it('a bomb of few values, but each of them long, is refused', () => {
    // 100 kB of text, 100 MB of values.
    refused(`a: &a ${'x'.repeat(100_000)}\nb: [${Array(1_000).fill('*a').join(', ')}]\n`);
  });

  it('a file full of aliases is refused before it costs seconds', () => {
    const text = `a: &a 1\nb: [${Array(60_000).fill('*a').join(',')}]\n`;
    assert.match(refusedSoon(text), /more than \d+ entries/);
    const fewer = `a: &a 1\nb: [${Array(20_000).fill('*a').join(',')}]\n`;
    assert.match(refusedSoon(fewer), /more than \d+ aliases/);
  });

  it('a map within itself is refused', () => {
    for (const text of ['a: &a {b: *a}', 'a: &a [*a, *a]', 'a: &a\n  <<: *a\n']) refused(text);
  });
});

describe('what parsers disagree on is refused', () => {
  it('two keys that are equal, at any depth', () => {
    assert.match(refused('a: 1\nb: 2\na: 3\n'), /line \d/);
    refused('a:\n  b: {c: 1, c: 2}\n');
  });

  it('two keys that become one when they are written as JSON', () => {
    refused('a:\n  1: x\n  "1": y\n');
    refused('a:\n  true: x\n  "true": y\n');
  });

  it('keys that are maps or lists, themselves or through an alias', () => {
    refused('? [a]\n: b\n');
    refused('{{a: 1}: b}\n');
    refused('a: &a {x: 1}\n? *a\n: b\n');
  });

  it('explicit tags that make what JSON lacks, or that nobody knows', () => {
    const tagged = [
      '!!binary aGVp',
      '!!timestamp 2024-01-01',
      '!!set {x, y}',
      '!!omap [x: 1]',
      '!mine x',
      '!!bool yes',
    ];
    for (const value of tagged) refused(`a: ${value}\n`);
  });

  it('but not the tags of what JSON has', () => {
    assert.deepEqual(readValues('a: !!int "12"\nb: !!float 1\nc: !!null ""\nd: !!map {x: !!seq [!!bool true]}\n'), {
      ...{ a: 12, b: 1, c: null },
      d: { x: [true] },
    });
  });

  it('control characters and halves of surrogate pairs, in values and in keys', () => {
    for (const escaped of ['\\0', '\\a', '\\u0084\\u009f', '\\x7f', '\\ud800', '\\uffff']) {
      refused(`a: "${escaped}"\n`);
      refused(`"${escaped}": a\n`);
    }
    refused('a: x\u0007y\n');
  });

  it('what YAML 1.1 has for line breaks: kustomize reads them as such, even from an escape', () => {
    for (const escaped of ['\\u0085', '\\N', '\\u2028', '\\L', '\\u2029', '\\P']) {
      refused(`a: "x${escaped}y"\n`);
      refused(`"x${escaped}y": a\n`);
    }
    refused('a: "x\u2028y"\n');
  });

  it('a key of over 1,024 characters, where Go sees none', () => {
    refused(`? ${'k'.repeat(1_100)}\n: a\n`);
  });
});

describe('keys that JavaScript has a meaning for', () => {
  it('are keys and nothing else', () => {
    const values = readValues(
      'deployment:\n  __proto__: {x: 1}\n  constructor: {prototype: {z: 1}}\n__proto__: {y: 2}\ntoString: 3\n',
    );
    assert.equal(
      JSON.stringify(values),
      '{"__proto__":{"x":1,"y":2},"constructor":{"prototype":{"z":1}},"toString":3}',
    );
    assert.equal(Object.getPrototypeOf(values), Object.prototype);
    assert.deepEqual(
      [Reflect.get({}, 'x'), Reflect.get({}, 'y'), Reflect.get({}, 'z')],
      [undefined, undefined, undefined],
    );
  });

  it('come through a merge key unharmed', () => {
    const values = readValues('a: &a {__proto__: {x: 1}}\nb: {<<: *a}\n');
    assert.equal(JSON.stringify(values.b), '{"__proto__":{"x":1}}');
  });
});

describe('nesting', () => {
  it('to a depth that a real app has is taken', () => {
    const text = `a: ${'{a: '.repeat(30)}1${'}'.repeat(30)}\n`;
    assert.equal(JSON.stringify(readValues(text)), `{"a":${'{"a":'.repeat(30)}1${'}'.repeat(30)}}`);
  });

  it('deeper than 64 is refused', () => {
    refused(`a: ${'['.repeat(70)}${']'.repeat(70)}\n`);
    refused(`${Array.from({ length: 70 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')}\n`);
  });

  // V8 ends the process when it has to compile a regular expression just before the stack is full.
  const OPENINGS = { brackets: ['a: ', '['], dashes: ['a:\\n  ', '- '], 'question marks': ['a:\\n  ', '? '] } as const;
  for (const [title, [start, opening]] of Object.entries(OPENINGS))
    it(`by thousands of ${title} is refused again and again, and does not end the process`, async () => {
      const module = new URL('../../src/build/read-values.ts', import.meta.url).href;
      const script = `
        import { readValues } from '${module}';
        for (let depth = 1000; depth <= 20000; depth += 1000) {
          try { readValues('${start}' + '${opening}'.repeat(depth)); } catch (error) { console.log(error.code); }
        }`;
      const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
      assert.equal(stdout, 'VALUES_INVALID\n'.repeat(20));
    });
});

const ODD_STRINGS = [
  ...['yes', 'no', 'on', 'off', 'y', 'N', 'true', 'null', '~', '', ' ', '0400', '0o17', '0X1F', '1_000', '1e3', '1.10'],
  ...[
    '.inf',
    '-.NaN',
    '2024-01-01',
    '1:30',
    '=',
    '<<',
    '-',
    '?',
    ':',
    '- a',
    'a: b',
    'a #b',
    '#',
    '*a',
    '&a',
    '!a',
    '%',
  ],
  ...[
    '@a',
    '`a',
    '{',
    '}',
    '[',
    ']',
    ',',
    '|',
    '>',
    '---',
    '...',
    '"',
    "'",
    '\\',
    'a\nb',
    '\n',
    'a\n\n',
    ' a',
    'a ',
    '\t',
  ],
  ...['a\r\nb', 'æøå', '\u00a0', '\u{1f389}', '__proto__', 'constructor', 'x'.repeat(200)],
];
/** What parsers disagree on is refused, by the tests above. */
const REFUSED = /[\u2028\u2029\ufeff]/;
const text = fc.oneof(
  fc.constantFrom(...ODD_STRINGS),
  fc.string({ unit: 'grapheme', maxLength: 12 }).filter((string) => !REFUSED.test(string)),
);
const scalar = fc.oneof(
  text,
  fc.boolean(),
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n) || Number.isSafeInteger(n)),
);
const { tree } = fc.letrec<{ value: unknown; tree: Values }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie('value'), { maxLength: 4 }), tie('tree')),
  tree: fc.dictionary(
    // Our own acceptance takes it for a merge key, in quotes or not.
    text.filter((key) => key !== '<<'),
    tie('value'),
    { maxKeys: 5, noNullPrototype: true },
  ) as fc.Arbitrary<Values>,
}));

describe('whatever the values are', () => {
  it('what we write is read back as the same, and taken by our own acceptance', () => {
    fc.assert(
      fc.property(
        tree.filter((values) => !Object.hasOwn(values, 'deployment')),
        (values) => {
          const written = toYaml(values);
          assert.deepEqual(readValues(written), values);
          assert.deepEqual(readDocument('deploy/values.yaml', Buffer.from(written)), { value: values, problems: [] });
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('what an app may write in an odd way is refused at once, or else taken by our own acceptance', () => {
  const ODD: Readonly<Record<string, string>> = {
    'a byte order mark as an escape': 'a: "\\ufeff"',
    'a byte order mark within the text': 'a: x\ufeffy',
    'a merge key in quotes': 'a: {"<<": 1}',
    'a float that is an integer beyond 2^53': 'a: 1e20',
    'a negative zero': 'a: [-0, -0.0]',
    'lists 62 deep': `a: ${'['.repeat(62)}${']'.repeat(62)}`,
    'lists 63 deep': `a: ${'['.repeat(63)}${']'.repeat(63)}`,
    'maps 62 deep': `a: ${'{a: '.repeat(62)}${'}'.repeat(62)}`,
    'maps 63 deep': `a: ${'{a: '.repeat(63)}${'}'.repeat(63)}`,
    'as much as is taken': `a: ${'x'.repeat(2 ** 20 - 20)}`,
  };
  for (const [title, file] of Object.entries(ODD))
    it(title, async () => {
      const inputs = sampleInputs({ valuesText: file });
      try {
        buildArtifact(inputs);
      } catch (error) {
        assert.ok(error instanceof AppError, `threw ${error}`);
        assert.equal(error.code, 'VALUES_INVALID');
        return;
      }
      const { documents } = await sampleRelease(inputs);
      const { value } = readDocument('deploy/values.yaml', Buffer.from(documents.get('deploy/values.yaml') ?? ''));
      assert.deepEqual((value as Values).a, readValues(file).a);
    });
});

describe('mergeValues', () => {
  const isMap = (value: unknown): value is Values =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const at = (values: unknown, path: readonly string[]): unknown =>
    path.reduce<unknown>((value, key) => (isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined), values);
  /** The paths of all that is no map, and of maps without keys. */
  const leaves = (value: unknown, path: readonly string[] = []): (readonly string[])[] =>
    isMap(value) && Object.keys(value).length > 0
      ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
      : [path];

  it('lets `over` win at each of its leaves; lists are replaced', () => {
    fc.assert(
      fc.property(tree, tree, (base, over) => {
        const merged = mergeValues(base, over);
        for (const path of leaves(over)) {
          const value = at(over, path);
          if (!isMap(value)) assert.deepEqual(at(merged, path), value);
        }
      }),
    );
  });

  it('keeps what `over` does not name, and adds nothing of its own', () => {
    fc.assert(
      fc.property(tree, tree, (base, over) => {
        const merged = mergeValues(base, over);
        const named = (path: readonly string[]) =>
          path.some((_, length) => {
            const value = at(over, path.slice(0, length + 1));
            return value !== undefined && !isMap(value);
          }) || at(over, path) !== undefined;
        for (const path of leaves(base)) if (!named(path)) assert.deepEqual(at(merged, path), at(base, path));
        for (const path of leaves(merged)) {
          const [inBase, inOver] = [at(base, path), at(over, path)];
          assert.ok(path.length === 0 || inBase !== undefined || inOver !== undefined);
        }
      }),
    );
  });

  it('changes neither input', () => {
    fc.assert(
      fc.property(tree, tree, (base, over) => {
        const before = JSON.stringify([base, over]);
        mergeValues(freeze(base), freeze(over));
        assert.equal(JSON.stringify([base, over]), before);
      }),
    );
  });

  it('gives what it has when there is nothing to merge, and the same when it is done twice', () => {
    fc.assert(
      fc.property(tree, tree, (base, over) => {
        assert.deepEqual(mergeValues(base, {}), base);
        assert.deepEqual(mergeValues({}, over), over);
        const merged = mergeValues(base, over);
        assert.deepEqual(mergeValues(merged, over), merged);
      }),
    );
  });

  it('can be done in any grouping where a key holds a map everywhere or nowhere', () => {
    const leaf = fc.oneof(fc.integer(), fc.array(fc.integer(), { maxLength: 2 }));
    const { shaped } = fc.letrec<{ shaped: Values }>((tie) => ({
      shaped: fc.record(
        { a: leaf, b: leaf, m: fc.oneof({ maxDepth: 3 }, fc.constant({}), tie('shaped')), n: fc.constant({ x: 1 }) },
        { requiredKeys: [], noNullPrototype: true },
      ),
    }));
    fc.assert(
      fc.property(shaped, shaped, shaped, (a, b, c) => {
        assert.deepEqual(mergeValues(mergeValues(a, b), c), mergeValues(a, mergeValues(b, c)));
      }),
    );
  });

  it('replaces a map by what is none, and the reverse', () => {
    assert.deepEqual(mergeValues({ a: { x: 1 } }, { a: null }), { a: null });
    assert.deepEqual(mergeValues({ a: { x: 1 } }, { a: [2] }), { a: [2] });
    assert.deepEqual(mergeValues({ a: [1] }, { a: { x: 1 } }), { a: { x: 1 } });
    assert.deepEqual(mergeValues({ a: [1, 2, 3] }, { a: [] }), { a: [] });
  });

  it('keeps an empty map from taking anything away', () => {
    assert.deepEqual(mergeValues({ tls: { secretName: 'x' } }, { tls: {} }), { tls: { secretName: 'x' } });
  });
});

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(Object.freeze(value))) freeze(inner);
  return value;
}
