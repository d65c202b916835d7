import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStyle, type StyleToken } from '../../src/style/parse.ts';

/** The actions of the first segment, as plain text. */
function actionsOf(text: string) {
  const [segment] = parseStyle(text);
  return segment?.actions.map(({ name, parameters }) => ({
    name: name.text,
    parameters: parameters.map(({ key, value }) => [key?.text, value.text]),
  }));
}

function tokensOf(text: string): StyleToken[] {
  return parseStyle(text).flatMap(({ category, actions }) => [
    category,
    ...actions.flatMap(({ name, parameters }) => [
      name,
      ...parameters.flatMap(({ whole, key, value }) => (key === undefined ? [whole] : [whole, key, value])),
    ]),
  ]);
}

const styleLike = fc
  .array(fc.constantFrom('|', '/', ',', '_', 'image', 'style', 'resize', 'w', '100', '汉', '🙂', '', '='), {
    maxLength: 30,
  })
  .map((parts) => parts.join(''));

describe('reading a style', () => {
  it('the parser of styles gives actions in written order with their parameters', () => {
    const actions = actionsOf('image/resize,m_fill,w_100/rotate,90/format,webp');

    expect(actions).toEqual([
      {
        name: 'resize',
        parameters: [
          ['m', 'fill'],
          ['w', '100'],
        ],
      },
      { name: 'rotate', parameters: [[undefined, '90']] },
      { name: 'format', parameters: [[undefined, 'webp']] },
    ]);
  });

  it('the parser of styles splits a parameter at its first underscore, since Base64 values hold further ones', () => {
    const actions = actionsOf('image/watermark,text_8J-Z_gA_,type_a_b');

    expect(actions?.[0]?.parameters).toEqual([
      ['text', '8J-Z_gA_'],
      ['type', 'a_b'],
    ]);
  });

  it('the parser of styles takes a trailing comma for no parameter, as OSS does', () => {
    const actions = actionsOf('image/watermark,text_SGk,color_ff6a00,');

    expect(actions?.[0]?.parameters).toHaveLength(2);
  });

  it('the parser of styles reads a named style whole, colons and slashes included', () => {
    const styles = ['style/thumb.v-1_x', 'style/::h264-mp4-1080p', 'style/a/b'].flatMap(parseStyle);

    expect(styles.map(({ actions }) => actions.map(({ name }) => name))).toEqual([
      [{ text: 'thumb.v-1_x', offset: 6 }],
      [{ text: '::h264-mp4-1080p', offset: 6 }],
      [{ text: 'a/b', offset: 6 }],
    ]);
  });

  it('the parser of styles reads the save-as and notify segments like any other', () => {
    const segments = parseStyle('image/info|sys/saveas,o_YQ,b_Yg/notify,topic_dA');

    expect(segments.map(({ category }) => category)).toEqual([
      { text: 'image', offset: 0 },
      { text: 'sys', offset: 11 },
    ]);
  });

  it('the parser of styles gives every word the place where it stands in the text', () => {
    fc.assert(
      fc.property(styleLike, (text) => {
        for (const token of tokensOf(text)) {
          expect(text.slice(token.offset, token.offset + token.text.length)).toBe(token.text);
        }
      }),
    );
  });
});
