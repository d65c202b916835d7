import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { childText, parseXml } from '../../src/oss/xml.ts';

const escaped = (text: string) => text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);

describe('the XML reader', () => {
  it('reads nested elements, skipping prolog, comments and attributes', () => {
    const root = parseXml('<?xml version="1.0"?>\n<!-- a < b --><A x="1"><B>1</B><C/><B y="2">2</B></A>\n');

    expect(root.name).toBe('A');
    expect(root.children.map(({ name, text }) => name + text)).toEqual(['B1', 'C', 'B2']);
    expect(childText(root, 'C')).toBe('');
    expect(childText(root, 'D')).toBeUndefined();
  });

  it('decodes named and numeric entities once, and keeps unknown ones', () => {
    const root = parseXml('<A>&lt;&amp;lt;&#20013;&#x1F4F7;&apos;&nbsp;&#x110000;<![CDATA[&lt;<b>]]></A>');

    expect(root.text).toBe("<&lt;中📷'&nbsp;&#x110000;&lt;<b>");
  });

  it('the XML reader keeps any text verbatim, spaces included', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        (text) => parseXml(`<A>${escaped(text)}</A>`).text === text,
      ),
    );
  });

  it.each([
    '',
    'not xml',
    '<A>',
    '<A></B>',
    '</A>',
    '<A/><B/>',
    '<A/>tail',
    '<A><B></A></B>',
    '<A',
    '< A/>',
    '<A><!-- </A>',
    '<!DOCTYPE A [<!ENTITY x "y">]><A>&x;</A>',
    '<A>'.repeat(100) + '</A>'.repeat(100),
  ])('refuses %j', (source) => {
    expect(() => parseXml(source)).toThrow(SyntaxError);
  });

  it('the XML reader never fails otherwise, whatever it is given', () => {
    const fragment = fc.constantFrom(
      '<',
      '>',
      '/',
      '&',
      ';',
      '#',
      'A',
      '<A>',
      '</A>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 40 }), (fragments) => {
        try {
          parseXml(fragments.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    );
  });
});
