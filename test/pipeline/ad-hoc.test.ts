import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventError } from '../../src/events/parse.ts';
import { adHocRules } from '../../src/pipeline/ad-hoc.ts';
import { plan } from '../../src/pipeline/plan.ts';
import { upload } from './uploads.ts';

const style = 'image/resize,w_{w}/watermark,text_{b64:{name}}';
const target = { bucket: 'marked', key: 'x/{name}-{w}.webp' };
const vary = { w: [320, 640] };

describe('an output that an event names', () => {
  it('is planned for whatever object the event names, once for each variant', () => {
    const planned = plan(upload('derived/花.jpg'), adHocRules({ style, target, vary }));

    expect(planned).toMatchObject([
      { status: 'planned', rule: 'manual', target: { bucket: 'marked', key: 'x/花-320.webp' } },
      { status: 'planned', rule: 'manual', target: { bucket: 'marked', key: 'x/花-640.webp' } },
    ]);
  });

  it('needs neither a bucket nor variants', () => {
    const [item] = plan(upload('a.jpg'), adHocRules({ style: 'style/mark', target: { key: 'x/{key}' } }));

    expect(item).toMatchObject({ style: 'style/mark', target: { bucket: 'photos', key: 'x/a.jpg' } });
  });

  it('never overwrites the object that it is made of', () => {
    const [item] = plan(upload('a.jpg'), adHocRules({ style: 'image/info', target: { key: '{key}' } }));

    expect(item).toMatchObject({ status: 'failed', code: 'InvalidOutput' });
    expect(item).toMatchObject({ message: expect.stringContaining('the target is the source itself') });
  });

  it.each([
    [{ target }, 'style: expected a text, received nothing'],
    [{ style: 7, target }, 'style: expected a text, received 7'],
    [{ style: '  ', target }, 'style: expected a text, received "  "'],
    [{ style: 'image/x,{', target }, 'style: expected "{variable}"'],
    [{ style: 'image/resize,w_{w}', target: { key: 'x' } }, 'style: expected variables of vary'],
    [
      { style: 'image/watermark,text_{key}', target },
      'which a style takes within {b64:…} only, received "{key}"',
    ],
    [{ style: 'image/info|sys/saveas,o_eA', target: { key: 'x' } }, 'style: expected no sys/saveas'],
    [{ style: 'image/info' }, 'target.key: expected a text, received nothing'],
    [{ style: 'image/info', target: { key: '{b64:a' } }, 'target.key: expected the "}" that ends'],
    [{ style: 'image/info', target: { key: '{nmae}' } }, 'received "{nmae}"'],
    [
      { style: 'image/info', target: { bucket: 7, key: 'x' } },
      'target.bucket: expected a bucket name, received 7',
    ],
    [{ style: 'image/info', target: { key: 'x', prefix: 'y' } }, 'target: expected only bucket and key'],
    [{ style, target, vary: [] }, 'vary: expected variables of its own'],
    [{ style, target, vary: { w: [] } }, 'vary: expected variables of its own'],
    [{ style, target, vary: { w: [{}] } }, 'vary: expected variables of its own'],
    [{ style, target, vary: { ...vary, key: ['a'] } }, 'vary: expected variables of its own'],
    [{ style, target: { key: 'x' }, vary }, 'target.key: expected a key of its own for each variant'],
    [{ style, target, vary: { w: Array.from({ length: 101 }, (_, i) => i) } }, 'at most 100 variants'],
  ])('is refused as %j by name', (output, message) => {
    const read = () => adHocRules({ style: undefined, target: undefined, ...output });

    expect(read).toThrow(EventError);
    expect(read).toThrow(message);
  });

  it('never raises anything but an EventError', () => {
    const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(style, target, vary));
    fc.assert(
      fc.property(anything, anything, anything, (one, two, three) => {
        try {
          plan(upload('a.jpg'), adHocRules({ style: one, target: two, vary: three }));
        } catch (error) {
          expect(error).toBeInstanceOf(EventError);
        }
      }),
    );
  });
});
