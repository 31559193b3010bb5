import { XMLValidator } from 'fast-xml-parser';

/** A comment, a processing instruction, CDATA, or a tag; quoted values may hold anything but the quote. */
const MARKUP = /<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<[^\s<>!?](?:[^<>"']|"[^"]*"|'[^']*')*>/sy;
const TEXT = /[^<]*/y;

/**
 * Why a text is no XML document, or undefined when it is one. Nothing is built and no entity expanded; a document type is
 * not taken, for only entities need one.
 */
export function xmlProblem(text: string): string | undefined {
  const result = XMLValidator.validate(text);
  return result === true ? rootProblem(text) : `not well-formed XML, line ${result.err.line}: ${result.err.msg}`;
}

/** What the validator lets through: a second root beside one that closes itself, and text around it. */
function rootProblem(text: string): string | undefined {
  let depth = 0;
  let roots = 0;
  for (let position = 0; position < text.length; ) {
    const outside = depth === 0;
    const between = take(TEXT, text, position) ?? '';
    if (outside && /[^ \t\r\n]/.test(between)) return 'text outside of the root element';
    position += between.length;
    if (position === text.length) break;
    const markup = take(MARKUP, text, position);
    if (markup === undefined)
      return text.startsWith('<!DOCTYPE', position) ? 'a document type is not taken' : 'markup that does not end';
    position += markup.length;
    if (outside && markup.startsWith('<![')) return 'text outside of the root element';
    if (/^<[!?]/.test(markup)) continue;
    if (outside) roots++;
    if (roots > 1) return 'a second root element';
    if (markup.startsWith('</')) depth--;
    else if (!markup.endsWith('/>')) depth++;
  }
  return roots === 1 ? undefined : 'no root element';
}

function take(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}
