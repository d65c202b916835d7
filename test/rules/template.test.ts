import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTemplate, render, splitKey, variablesOf } from '../../src/rules/template.ts';

function renderText(template: string, values: Record<string, string | number>): string {
  const parsed = parseTemplate(template);
  if (!parsed.ok) {
    throw new Error(parsed.expected);
  }
  return render(parsed.template.parts, values);
}

describe('a template', () => {
  it.each([
    ['derived/{dir}/{name}-{w}.webp', { dir: 'a/b', name: 'x', w: 320 }, 'derived/a/b/x-320.webp'],
    ['derived/{dir}/{base}', { dir: '', base: 'x.jpg' }, 'derived/x.jpg'],
    ['{dir}/small-{base}', { dir: '', base: 'x.jpg' }, 'small-x.jpg'],
    ['{ext}/{base}', { dir: '', ext: 'jpg', base: 'x.jpg' }, 'jpg/x.jpg'],
    ['{b64:/{w}}', { w: 1 }, 'LzE'],
    ['{dir}-{name}', { dir: '', name: 'x' }, '-x'],
    ['a{{b}}c', {}, 'a{b}c'],
    ['t_{b64:© {name}}', { name: '花' }, `t_${Buffer.from('© 花').toString('base64url')}`],
    ['{b64:{key}}/{w}', { key: 'k', w: 1 }, 'aw/1'],
    ['{key}', { key: '{name} {{x}} %7B|,+' }, '{name} {{x}} %7B|,+'],
  ])('the template %s with %o gives %s', (template, values, expected) => {
    expect(renderText(template, values)).toBe(expected);
  });

  it.each([
    ['a{', 1],
    ['a}', 1],
    ['{}', 0],
    ['{a b}', 0],
    ['{b64:x', 6],
    ['{b64:{b64:x}}', 5],
    ['{b64:x}}', 7],
  ])('the template %j is refused at the character that is wrong', (template, offset) => {
    expect(parseTemplate(template)).toMatchObject({ ok: false, offset });
  });

  it('a template has one part for each text between its variables', () => {
    expect(parseTemplate('照片/ab{w}.jpg')).toMatchObject({
      template: { parts: [{ text: '照片/ab' }, { name: 'w', offset: 5 }, { text: '.jpg', offset: 8 }] },
    });
  });

  it('a template that is refused is quoted by a dozen of its characters', () => {
    expect(parseTemplate('derived/{dir/{name}-{w}.webp')).toMatchObject({ received: '"{dir/{name}-"' });
  });

  it('a template lists its variables with their places, those in Base64 marked', () => {
    const parsed = parseTemplate('{a}/{b64:{c}}');

    expect(parsed.ok && variablesOf(parsed.template.parts)).toEqual([
      { name: 'a', offset: 0, inB64: false },
      { name: 'c', offset: 9, inB64: true },
    ]);
  });

  it('a template gives any text back unchanged when its braces are doubled', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(renderText(text.replace(/[{}]/g, '$&$&'), {})).toBe(text);
      }),
    );
  });
});

describe('a key', () => {
  it.each([
    ['a/b/c.tar.gz', { dir: 'a/b', base: 'c.tar.gz', name: 'c.tar', ext: 'gz' }],
    ['cat.jpg', { dir: '', base: 'cat.jpg', name: 'cat', ext: 'jpg' }],
    ['c', { dir: '', base: 'c', name: 'c', ext: '' }],
    ['a/.htaccess', { dir: 'a', base: '.htaccess', name: '.htaccess', ext: '' }],
    ['a//b.', { dir: 'a/', base: 'b.', name: 'b', ext: '' }],
  ])('the key %s splits into folder, base, name and extension', (key, parts) => {
    expect(splitKey(key)).toEqual(parts);
  });
});
