import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { xmlProblem } from '../../src/build/check-xml.ts';

describe('an XML document', () => {
  it('has one root, with comments and instructions around it', () => {
    for (const text of [
      '<a/>',
      '<a></a>',
      '<?xml version="1.0" encoding="utf-8"?>\r\n<a b="1"/>\n',
      '<!-- <b/> --><?pi <c/> ?><a><b/>text &amp; more<b x="/>"></b></a><!-- - -->\n<?pi?>',
      `<x:a xmlns:x='"urn"' y="'>"><x:b\n/><![CDATA[</x:a><b>]]></x:a >`,
      '<a>&lt;b/&gt; &#229; <!-- </a> --></a>',
      `<a>${'<b>'.repeat(50_000)}${'</b>'.repeat(50_000)}</a>`,
      `<a>${'<b/>'.repeat(250_000)}</a>`,
      `<a b="${'x'.repeat(2 ** 20 - 10)}"/>`,
    ])
      assert.equal(xmlProblem(text), undefined, text.slice(0, 100));
  });

  const wrong: [string, RegExp, readonly string[]][] = [
    [
      'no root',
      /no root|Start tag/,
      ['', ' ', '<!-- a -->', '<?xml version="1.0"?>', '<?xml version="1.0"?><!-- <a/> -->'],
    ],
    [
      'two roots',
      /second root|root nodes/,
      ['<a/><b/>', '<a></a><b/>', '<a/><b></b>', '<a></a><a></a>', '<a/><!-- --><a/>'],
    ],
    [
      'text around it',
      /text|expected|Extra/,
      ['x<a/>', '<a/>\u00a0', '<a/>x', '<a></a>x', '<a/>&amp;', '<a/>\0', '<![CDATA[]]><a/>'],
    ],
    ['an end', /end|closed|expected|markup|Tag/i, ['<a', '<a>', '<a><b></a>', '<a/><!-- ', '<a/><?x', '<a/><b']],
    [
      'a document type',
      /document type/,
      ['<!DOCTYPE a><a/>', '<a/><!DOCTYPE a>', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', '<a><!DOCTYPE a></a>'],
    ],
  ];
  for (const [what, message, texts] of wrong)
    it(`is refused for ${what}`, () => {
      for (const text of texts) assert.match(xmlProblem(text) ?? 'taken', message, text);
    });
});
