import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventError } from '../../src/events/object-event.ts';
import { adHocRules } from '../../src/pipeline/ad-hoc.ts';
import { plan } from '../../src/pipeline/plan.ts';
import { upload } from './uploads.ts';

const style = 'image/resize,w_320/watermark,text_{b64:{name}}';
const target = { bucket: 'marked', key: 'x/{name}.webp' };

describe('an output that an event names', () => {
  it('an output that an event names is planned for whatever object the event names', () => {
    const planned = plan(upload('derived/花.jpg'), adHocRules({ style, target }));

    expect(planned).toMatchObject([
      {
        status: 'planned',
        rule: 'manual',
        style: `image/resize,w_320/watermark,text_${Buffer.from('花').toString('base64url')}`,
        target: { bucket: 'marked', key: 'x/花.webp' },
      },
    ]);
  });

  it('an output that an event names is saved in the bucket of the object where it names none', () => {
    const [item] = plan(upload('a.jpg'), adHocRules({ style: 'style/mark', target: { key: 'x/{key}' } }));

    expect(item).toMatchObject({ style: 'style/mark', target: { bucket: 'photos', key: 'x/a.jpg' } });
  });

  it.each([
    ['is empty', '  ', 'The style is empty'],
    ['saves by itself', 'image/info|sys/saveas,o_eA', 'holds its own sys/saveas'],
    ['saves by itself behind a space', 'image/info| sys/saveas,o_eA', 'holds its own sys/saveas'],
    ['does nothing but save', 'sys/saveas,o_eA', 'holds its own sys/saveas'],
  ])('an output that an event names fails where its style %s', (_how, wrong, message) => {
    const [item] = plan(upload('a.jpg'), adHocRules({ style: wrong, target }));

    expect(item).toMatchObject({ status: 'failed', kind: 'permanent', code: 'InvalidOutput' });
    expect(item).toMatchObject({ message: expect.stringContaining(message) });
  });

  it('an output that an event names fails where no bucket can have the name of its own', () => {
    const [item] = plan(
      upload('a.jpg'),
      adHocRules({ style: 'image/info', target: { bucket: 'No_Bucket', key: 'x' } }),
    );

    expect(item).toMatchObject({ status: 'failed', kind: 'permanent', code: 'InvalidOutput' });
  });

  it('an output that an event names never overwrites the object that it is made of', () => {
    const [item] = plan(upload('a.jpg'), adHocRules({ style: 'image/info', target: { key: '{key}' } }));

    expect(item).toMatchObject({ status: 'failed', code: 'InvalidOutput' });
    expect(item).toMatchObject({ message: expect.stringContaining('the target is the source itself') });
  });

  it.each([
    [{ target }, 'style: expected a text, received nothing'],
    [{ style: 7, target }, 'style: expected a text, received 7'],
    [{ style: 'image/x,{', target }, 'style: expected "{variable}"'],
    [{ style: 'image/resize,w_{w}', target }, 'style: expected one of {key}, {dir}'],
    [{ style: 'image/watermark,text_{key}', target }, 'in {b64:…} only, received {key}'],
    [{ style }, 'target: expected an object with key, received nothing'],
    [{ style, target: {} }, 'target.key: expected a text, received nothing'],
    [{ style, target: 'x' }, 'target: expected an object with key, received "x"'],
    [{ style, target: { key: '{b64:a' } }, 'target.key: expected the "}" that ends'],
    [{ style, target: { key: '{nmae}' } }, 'received {nmae}'],
    [{ style, target: { bucket: 7, key: 'x' } }, 'target.bucket: expected a text, received 7'],
    [{ style, target: { key: 'x', prefix: 'y' } }, 'target.prefix: no such field here'],
  ])('an output that an event names is refused as %j by name', (output, message) => {
    const read = () => adHocRules({ style: undefined, target: undefined, ...output });

    expect(read).toThrow(EventError);
    expect(read).toThrow(message);
  });

  it('an output that an event names never raises anything but an EventError', () => {
    const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(style, target));
    fc.assert(
      fc.property(anything, anything, (one, two) => {
        try {
          plan(upload('a.jpg'), adHocRules({ style: one, target: two }));
        } catch (error) {
          expect(error).toBeInstanceOf(EventError);
        }
      }),
    );
  });
});
