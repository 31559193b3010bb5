import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const documents = [...readdirSync(ROOT), ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
);
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const withoutCode = (text: string) => text.replace(/^ *```[\s\S]*?^ *```/gm, '');

/** As they are made of headings where the documents are read: lower case, hyphens for spaces, nothing else but letters and digits. */
const anchorsOf = (text: string): string[] =>
  [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the documents', () => {
  for (const path of documents)
    it(`lead from ${path} to files and headings that there are`, () => {
      const dead = [...withoutCode(read(path)).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].filter(
        ([, file, anchor]) => {
          const target = file ? join(dirname(path), file) : path;
          return (
            !existsSync(join(ROOT, target)) ||
            (anchor && target.endsWith('.md') && !anchorsOf(read(target)).includes(anchor))
          );
        },
      );
      assert.deepEqual(
        dead.map(([link]) => link),
        [],
      );
    });

  it('name only files below infra/ that there are, or that an operator makes', () => {
    const made = ['infra/main.bicepparam'];
    const named = documents.flatMap((path) =>
      [...read(path).matchAll(/(?<![\w/])infra\/[\w./-]*\w/g)].map(([name]) => name),
    );
    const missing = named.filter(
      (name) => !name.includes('NNNN') && !made.includes(name) && !existsSync(join(ROOT, name)),
    );
    assert.deepEqual([...new Set(missing)], []);
  });
});
