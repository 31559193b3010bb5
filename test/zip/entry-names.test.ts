import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { folderCollisions, nameProblems, portabilityProblems } from '../../src/zip/entry-names.ts';

const codes = (problems: readonly { code: string }[]) => problems.map(({ code }) => code);

describe('nameProblems', () => {
  it('takes the names that real repositories have', () => {
    for (const name of [
      'a',
      'App/config/texts/resource.nb.json',
      '.gitignore',
      'søknad/blåbær.json',
      'a b/(1).txt',
      '...',
      'a/..b',
      '漢字.md',
      'x'.repeat(255),
    ])
      assert.deepEqual(nameProblems(Buffer.from(name)), [], name);
  });

  it('refuses what leaves its folder, or means something else elsewhere', () => {
    const unsafe = {
      'a parent': ['..', '../a', 'a/../b', 'a/..'],
      'a dot segment': ['.', './a', 'a/./b'],
      'an empty segment': ['', '/', '/etc/passwd', 'a//b', '//server/share'],
      'a backslash': ['a\\b', '..\\a'],
      'a colon': ['C:/a', 'C:a', 'a:stream'],
      'a control character': ['a\0b', 'a\nb', 'a\u007f', 'a\u0085b', '\u001b[2J'],
      'a long segment': ['x'.repeat(256), `a/${'ø'.repeat(128)}`],
      'a long path': [`${'x/'.repeat(512)}x`],
    };
    for (const [what, names] of Object.entries(unsafe))
      for (const name of names) {
        const found = nameProblems(Buffer.from(name));
        assert.ok(found.length > 0 && codes(found).every((code) => code === 'FILE_NAME_UNSAFE'), `${what}: '${name}'`);
      }
  });

  it('refuses exactly those made of empty and dot segments, of all that are made of plain characters', () => {
    const segment = fc.string({ unit: fc.constantFrom('a', 'Z', '0', '_', '-', '.', 'é', ' b'), maxLength: 3 });
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
        const isSafe = !segments.some((one) => ['', '.', '..'].includes(one));
        // A slash at the end marks a folder, which others refuse.
        const isFolder =
          segments.length > 1 && segments.at(-1) === '' && !segments.slice(0, -1).some((one) => one === '');
        fc.pre(!isFolder);
        assert.equal(nameProblems(Buffer.from(segments.join('/'))).length === 0, isSafe);
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses bytes that are not UTF-8', () => {
    for (const bytes of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0x61, 0xe5]])
      assert.deepEqual(codes(nameProblems(Buffer.from(bytes))), ['FILE_NAME_UNSAFE']);
  });

  it('never puts a control character of a name into a message', () => {
    for (const { message } of nameProblems(Buffer.from('../a\u001b[2J\n'))) assert.doesNotMatch(message, /\p{Cc}/u);
  });
});

describe('portabilityProblems', () => {
  it('finds names that some systems cannot hold', () => {
    for (const path of ['a.', 'a ', 'folder./b', 'nul', 'CON.txt', 'deploy/com1', 'lpt9.yaml', 'a\u030a'])
      assert.deepEqual(codes(portabilityProblems([path])), ['FILE_NAME_UNSAFE'], path);
    assert.deepEqual(portabilityProblems(['console', 'null', 'auxiliary.txt', 'com10', 'å']), []);
  });

  it('finds names that some systems take for one', () => {
    for (const [one, other] of [
      ['deploy/values.yaml', 'deploy/Values.yaml'],
      ['ﬁle', 'file'],
      ['Å', '\u212b'],
    ] as const)
      assert.ok(codes(portabilityProblems([one, other])).includes('FILE_NAME_COLLISION'), `${one} ${other}`);
  });
});

describe('folderCollisions', () => {
  it('finds a file where another needs a folder, at any depth and in any order', () => {
    assert.deepEqual(codes(folderCollisions(['a', 'a/b'])), ['FILE_NAME_COLLISION']);
    assert.deepEqual(codes(folderCollisions(['x/a/b/c', 'x/a'])), ['FILE_NAME_COLLISION']);
    assert.deepEqual(folderCollisions(['a', 'a-b/c', 'ab/c', 'b/a']), []);
  });
});
