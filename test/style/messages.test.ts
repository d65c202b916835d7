import { describe, expect, it } from 'vitest';
import { checkStyle } from '../../src/style/check.ts';
import type { StyleRequest } from '../../src/style/check-parameters.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64url');

/** Diagnostics as the person reads them, in their order. */
function read(style: string, request?: StyleRequest): string[] {
  return checkStyle(style, request).map(({ severity, message }) => `${severity}: ${message}`);
}

const concat = `video/concat,f_mp4,vcodec_h264,acodec_aac${'/pre,o_YQ'.repeat(11)}`;
const isSide = 'expected a whole number from 1 to 16384';
const nested = base64('a.png?x-oss-process=image/info');
const onlySynchronous = 'is documented for synchronous requests only';

describe('the words of the checker of styles', () => {
  it.each<[style: string, messages: string[], request?: StyleRequest]>([
    ['style', ['error: expected category/action such as image/resize, received "style"']],
    ['image/flip,1|', ['error: expected category/action such as image/resize, received ""']],
    ['/resize,w_9', ['error: expected category/action such as image/resize, received ""']],
    ['image/info,w_9', ['warning: image/info expects no parameter']],
    ['image/resize,w_9/info', ['error: image/info must be the only action']],
    [
      'image/blindwatermark,content_YQ/flip,1',
      [
        'error: image/blindwatermark must be the last action',
        'note: image/blindwatermark needs an IMM project bound to the bucket',
      ],
      { isSaved: true },
    ],
    [
      'image/resize,m_pad,w_9,color_1',
      [
        'error: image/resize color_: expected six hex digits RRGGBB without "#", received "1"; OSS refuses it with EC 0040-00000318',
      ],
    ],
    ['video/pre,o_YQ', ['error: video/pre cannot be the first action']],
    [
      'video/snapshot,t_1/info',
      [
        'error: video/info cannot follow snapshot: one action per request',
        'note: video/info needs an IMM project bound to the bucket',
      ],
    ],
    ['json/select', ['error: json/select cannot be used with sys/saveas'], { isSaved: true }],
    ['image/flip,1', [`warning: image/flip ${onlySynchronous}`], { mode: 'async' }],
    [
      'style/::h264',
      [
        'error: a built-in style runs in asynchronous requests only',
        'note: a built-in style needs an IMM project bound to the bucket',
      ],
      { mode: 'sync' },
    ],
    ['style/mine', [], { mode: 'sync' }],
    [
      concat,
      [
        'error: video/concat takes at most 11 videos',
        'note: video/concat needs an IMM project bound to the bucket',
      ],
      { isSaved: true },
    ],
    ['image/crop,x_-1', ['error: image/crop x_: expected a whole number of 0 or more, received "-1"']],
    [
      'image/resize,w_9,h_0',
      [`error: image/resize h_: ${isSide}, received "0"; OSS refuses it with EC 0040-00000313`],
    ],
    [
      'image/resize,w_0,h_0,m_fit',
      [
        `error: image/resize w_: ${isSide}, received "0"; OSS refuses it with EC 0040-00000321`,
        `error: image/resize h_: ${isSide}, received "0"; OSS refuses it with EC 0040-00000321`,
        'error: image/resize m_: expected one of lfit, mfit, fill, pad, fixed (did you mean "lfit"?), received "fit"; OSS refuses it with EC 0040-00000311',
      ],
    ],
    ['image/watermark,image_YQ,size_9', ['warning: image/watermark: size_ has an effect only with text_']],
    [
      `image/watermark,image_${nested},x_-9`,
      [
        'error: in the preprocessing "image/info": image/info is not for watermark images',
        'error: image/watermark x_: expected a whole number from 0 to 4096, received "-9"; OSS refuses it with EC 0040-00000262',
      ],
    ],
    [
      'image/resize,w_9,image_L2E',
      ['warning: image/resize expects one of m_ w_ h_ l_ s_ limit_ color_ p_ P_'],
    ],
  ])('the checker of styles says of %s: %j', (style, messages, request) => {
    expect(read(style, request)).toEqual(messages);
  });

  it.each(['image/watermark,text_YQ,type_YXJpYWw', 'video/snapshot,t_1,l_-1'])(
    'a value that the pages do not agree on is no error, and no code of one is told: %s',
    (style) => {
      expect(read(style)).toEqual([expect.stringMatching(/^warning: [^;]*$/)]);
    },
  );

  it.each(['image/resize,w_!', `image/watermark,text_${base64('汉'.repeat(22))}`])(
    'how to write a text is told only where one is not in Base64: %s',
    (style) => {
      expect(checkStyle(style).map(({ hint }) => hint)).toEqual([undefined]);
    },
  );
});
