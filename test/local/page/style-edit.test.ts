import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actionAt,
  actionsOf,
  appendAction,
  endOf,
  parameterValue,
  removeAction,
  setParameter,
} from '../../../src/local/page/client/try/style-edit.ts';

const style = 'image/resize,w_100,m_pad/rotate,90/format,webp';
const [resize, rotate, format] = actionsOf(style);

describe('editing a style', () => {
  it('changes one parameter and nothing else', () => {
    expect(resize && setParameter(style, resize, 'w', '320')).toEqual({
      text: 'image/resize,w_320,m_pad/rotate,90/format,webp',
      caret: 'image/resize,w_320'.length,
    });
    expect(rotate && setParameter(style, rotate, undefined, '180').text).toBe(
      'image/resize,w_100,m_pad/rotate,180/format,webp',
    );
  });

  it('adds a parameter behind the others, and takes it away with its comma', () => {
    const added = resize && setParameter(style, resize, 'color', 'FF0000').text;
    expect(added).toBe('image/resize,w_100,m_pad,color_FF0000/rotate,90/format,webp');
    const [again] = actionsOf(added ?? '');

    expect(again && setParameter(added ?? '', again, 'color', '').text).toBe(style);
    expect(again && setParameter(added ?? '', again, 'p', '').text).toBe(added);
  });

  it('appends an action before a save-as clause', () => {
    expect(appendAction('image/resize,w_1|sys/saveas,o_YQ', 'blur').text).toBe(
      'image/resize,w_1/blur|sys/saveas,o_YQ',
    );
    expect(appendAction('', 'blur').text).toBe('image/blur');
  });

  it('takes an action out; the last one leaves nothing', () => {
    expect(rotate && removeAction(style, rotate).text).toBe('image/resize,w_100,m_pad/format,webp');
    expect(format && removeAction(style, format).text).toBe('image/resize,w_100,m_pad/rotate,90');
    const [only] = actionsOf('image/rotate,90');
    expect(only && removeAction('image/rotate,90', only).text).toBe('');
  });

  it('finds the action at the caret', () => {
    expect(actionAt(actionsOf(style), style.indexOf('m_pad'))?.name.text).toBe('resize');
    expect(actionAt(actionsOf(style), style.length)?.name.text).toBe('format');
    expect(actionAt(actionsOf(style), 0)).toBeUndefined();
  });

  it('reads back whatever it wrote, and leaves the other actions as they were', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9-]{1,8}$/);
    const actions = fc.array(fc.tuple(word, fc.array(fc.tuple(word, word), { maxLength: 3 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(actions, word, word, fc.nat(), (made, key, value, choice) => {
        const text = `image/${made.map(([name, parameters]) => [name, ...parameters.map((pair) => pair.join('_'))].join(',')).join('/')}`;
        const index = choice % made.length;
        const action = actionsOf(text)[index];
        const changed = action && setParameter(text, action, key, value);
        const after = actionsOf(changed?.text ?? '');

        expect(after.map(({ name }) => name.text)).toEqual(made.map(([name]) => name));
        expect(after[index] && parameterValue(after[index], key)).toBe(value);
        expect(after[index] && endOf(after[index])).toBeGreaterThanOrEqual(changed?.caret ?? 0);
      }),
    );
  });
});
