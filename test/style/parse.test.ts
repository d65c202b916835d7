import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatStyle } from '../../src/style/format.ts';
import { parseStyle, type StyleToken } from '../../src/style/parse.ts';

/** The actions of the first segment, as plain text. */
function actionsOf(text: string) {
  const [segment] = parseStyle(text).segments;
  if (segment?.kind !== 'actions') {
    throw new Error(`no actions in ${text}`);
  }
  return segment.actions.map(({ name, parameters }) => ({
    name: name.text,
    parameters: parameters.map(({ key, value }) => [key?.text, value.text]),
  }));
}

function tokensOf(text: string): StyleToken[] {
  return parseStyle(text).segments.flatMap((segment) =>
    segment.kind === 'style'
      ? [segment.name]
      : [
          segment.category,
          ...segment.actions.flatMap(({ name, parameters }) => [
            name,
            ...parameters.flatMap(({ key, value }) => (key === undefined ? [value] : [key, value])),
          ]),
        ],
  );
}

const styleLike = fc
  .array(fc.constantFrom('|', '/', ',', '_', 'image', 'style', 'resize', 'w', '100', '汉', '🙂', '', '='), {
    maxLength: 30,
  })
  .map((parts) => parts.join(''));

describe('reading a style', () => {
  it('gives actions in written order with their parameters', () => {
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

  it('splits a parameter at its first underscore, since Base64 values hold further ones', () => {
    const actions = actionsOf('image/watermark,text_8J-Z_gA_,type_a_b');

    expect(actions[0]?.parameters).toEqual([
      ['text', '8J-Z_gA_'],
      ['type', 'a_b'],
    ]);
  });

  it('takes a trailing comma for no parameter, as OSS does', () => {
    const style = parseStyle('image/watermark,text_SGk,color_ff6a00,');

    expect(style.problems).toEqual([]);
    expect(actionsOf('image/watermark,text_SGk,color_ff6a00,')[0]?.parameters).toHaveLength(2);
  });

  it('reads a named style whole, colons and slashes included', () => {
    const names = ['style/thumb.v-1_x', 'style/::h264-mp4-1080p', 'style/a/b'].map((text) =>
      parseStyle(text),
    );

    expect(names.map(({ segments }) => segments)).toEqual([
      [{ kind: 'style', name: { text: 'thumb.v-1_x', offset: 6 } }],
      [{ kind: 'style', name: { text: '::h264-mp4-1080p', offset: 6 } }],
      [{ kind: 'style', name: { text: 'a/b', offset: 6 } }],
    ]);
  });

  it('reads the save-as and notify segments like any other', () => {
    const { segments, problems } = parseStyle('image/info|sys/saveas,o_YQ,b_Yg/notify,topic_dA');

    expect(problems).toEqual([]);
    expect(segments.map((segment) => segment.kind === 'actions' && segment.category)).toEqual([
      { text: 'image', offset: 0 },
      { text: 'sys', offset: 11 },
    ]);
  });

  it.each([
    ['', 0, 0],
    ['image', 0, 5],
    ['image/', 6, 0],
    ['image/resize,w_1//format,png', 17, 0],
    ['/resize,w_1', 0, 0],
    ['image/resize,w_1|saveas,o_YQ', 17, 11],
    ['image/resize,w_1||sys/saveas,o_YQ', 17, 0],
    ['image/resize,,w_1', 13, 0],
    ['image/resize,_1', 13, 2],
    ['style/', 6, 0],
  ])('finds the problem of %j at its place', (text, offset, length) => {
    const { problems } = parseStyle(text);

    expect(problems).toEqual([{ offset, length, message: expect.stringMatching(/^expected /) }]);
  });

  it('gives every word the place where it stands in the text', () => {
    fc.assert(
      fc.property(styleLike, (text) => {
        for (const token of tokensOf(text)) {
          expect(text.slice(token.offset, token.offset + token.text.length)).toBe(token.text);
        }
      }),
    );
  });
});

describe('writing a style', () => {
  it('gives back the very text that was read, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(styleLike, fc.string()), (text) => {
        expect(formatStyle(parseStyle(text))).toBe(text);
      }),
    );
  });
});
