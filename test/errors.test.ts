import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ERROR_CODES, type ErrorCode } from '../src/error-codes.ts';
import { AppError, problem, throwIfAny, toAppError } from '../src/errors.ts';
import { problemResponse } from '../src/functions/http.ts';
import { tableIn } from './model/read-table.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

describe('docs/errors.md', () => {
  const rows = tableIn(readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8'), 'Code');

  it('lists every code, in the order of src/error-codes.ts, and no other', () => {
    assert.deepEqual(
      rows.map(([code]) => code),
      CODES.map((code) => `\`${code}\``),
    );
  });

  it('gives each the HTTP status that is answered, its meaning, and what to do', () => {
    for (const [index, code] of CODES.entries()) {
      const { status } = problemResponse(new AppError(code, 'x'), '/');
      const { kind, meaning, whatToDo } = ERROR_CODES[code];
      const shown = kind === 'warning' ? '–' : String(status);
      assert.deepEqual(rows[index]?.slice(1), [shown, meaning, whatToDo], code);
    }
  });
});

describe('each code', () => {
  it('means one thing', () => {
    const meanings = CODES.map((code) => ERROR_CODES[code].meaning);
    assert.equal(new Set(meanings).size, meanings.length);
  });

  it('is told in one or two whole sentences', () => {
    for (const code of CODES)
      for (const text of [ERROR_CODES[code].meaning, ERROR_CODES[code].whatToDo])
        assert.match(text, /^[A-Z`\u201c].{5,150}\.$/, text);
  });
});

describe('AppError', () => {
  it('has the code, kind and message of its first problem, and keeps them all', () => {
    const error = new AppError([
      problem('RELEASE_UNKNOWN', 'no such tag', 'tagName'),
      problem('APP_UNKNOWN', 'no app'),
    ]);
    assert.deepEqual(
      [error.code, error.kind, error.message, error.problems.length],
      ['RELEASE_UNKNOWN', 'missing', 'no such tag', 2],
    );
  });

  it('is made of a code and a message, with a path and a cause', () => {
    const cause = new Error('below');
    const error = new AppError('ZIP_DATA', 'wrong', { cause, path: 'a.txt', retryAfterSeconds: 3 });
    assert.deepEqual(error.problems, [{ code: 'ZIP_DATA', message: 'wrong', path: 'a.txt' }]);
    assert.deepEqual([error.cause, error.retryAfterSeconds, error.kind], [cause, 3, 'rejected']);
    assert.ok(!('cause' in new AppError('ZIP_DATA', 'wrong')));
  });

  it('is thrown for problems, and not for none', () => {
    assert.doesNotThrow(() => throwIfAny([]));
    assert.throws(() => throwIfAny([problem('YAML_INVALID', 'x'), problem('YAML_UNSAFE', 'y')]), {
      code: 'YAML_INVALID',
    });
  });

  it('stands for anything unforeseen, and tells nobody what that was', () => {
    const secret = new Error('password=hunter2');
    const error = toAppError(secret);
    assert.deepEqual([error.code, error.kind, error.cause], ['INTERNAL', 'internal', secret]);
    assert.doesNotMatch(JSON.stringify(error.problems) + error.message, /hunter2/);
    const known = new AppError('ZIP_DATA', 'x');
    assert.equal(toAppError(known), known);
    for (const thrown of [undefined, null, 'text', 5]) assert.equal(toAppError(thrown).code, 'INTERNAL');
  });
});
