import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ERROR_CODES, type ErrorCode } from '../src/error-codes.ts';
import { exampleProblem, REJECTION_EXAMPLES, type RejectionExample } from './support/rejection-examples.ts';

/** `UPDATE_GOLDEN=1` writes what comes from the code anew, and leaves what was written by hand as it is. */
const UPDATE = process.env.UPDATE_GOLDEN === '1';
const PAGE = new URL('../docs/rejections.md', import.meta.url);
const CODES = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => ERROR_CODES[code].kind === 'rejected');

describe('docs/rejections.md', () => {
  it('has an example for each code that an artifact can be rejected with, and for no other', () => {
    assert.deepEqual(Object.keys(REJECTION_EXAMPLES).sort(), [...CODES].sort());
  });

  it('tells of each code what src/errors.ts and validation say, in the order of src/errors.ts', async () => {
    const { intro, advice } = readPage(readFileSync(PAGE, 'utf8'));
    const sections: string[] = [];
    for (const code of CODES) {
      const made = await makeSection(code, REJECTION_EXAMPLES[code] as RejectionExample);
      sections.push([made, advice.get(code)].filter(Boolean).join('\n\n'));
    }
    const page = `${[intro, ...sections].join('\n\n')}\n`;
    if (UPDATE) writeFileSync(PAGE, page);
    assert.equal(readFileSync(PAGE, 'utf8'), page, 'the page differs from the code: UPDATE_GOLDEN=1 writes it anew');
  });

  it('names in its list of steps every step at which something is found', () => {
    const { intro } = readPage(readFileSync(PAGE, 'utf8'));
    const listed = [...intro.matchAll(/^\d+\. \*\*(.+?)\*\*/gm)].map(([, step]) => step);
    const named = Object.values(REJECTION_EXAMPLES).flatMap(({ foundBy }) => foundBy.split(', '));
    assert.deepEqual([...new Set(named)].sort(), listed.sort());
  });

  it('has links that lead somewhere', () => {
    for (const [, link = ''] of readFileSync(PAGE, 'utf8').matchAll(/\]\(([^)#]+)\)/g))
      assert.ok(existsSync(new URL(link, PAGE)), link);
  });
});

/** By hand: all before the first code, and in each code's section what follows the message. */
function readPage(text: string): { intro: string; advice: Map<string, string> } {
  const [intro = '', ...sections] = text.split(/^(?=## `[A-Z_]+`$)/m);
  const advice = sections.map((section): [string, string] => {
    const [, code = '', byHand = ''] =
      /^## `([A-Z_]+)`\n[\s\S]*?\n```text\n[\s\S]*?\n```\n([\s\S]*)$/.exec(section) ?? [];
    return [code, byHand.trim()];
  });
  return { intro: intro.trim(), advice: new Map(advice) };
}

async function makeSection(code: ErrorCode, example: RejectionExample): Promise<string> {
  const { meaning, whatToDo } = ERROR_CODES[code];
  const { path, message } = await exampleProblem(code, example);
  const at = path === undefined || message.includes(path) ? '' : `, at \`${path}\``;
  return [
    `## \`${code}\``,
    `${meaning} **${whatToDo}**`,
    `Found by: ${example.foundBy}. ${example.what}${at}:`,
    ['```text', message, '```'].join('\n'),
  ].join('\n\n');
}
