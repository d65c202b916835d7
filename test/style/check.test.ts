import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/check/diagnostic.ts';
import { checkStyle } from '../../src/style/check.ts';
import type { StyleRequest } from '../../src/style/check-parameters.ts';
import { acceptedProcesses, acceptedStyles, refusedStyles } from './documented-styles.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64url');

/** The part of the style that a diagnostic points at. */
function placeOf(style: string, { span }: Diagnostic): string {
  return span === undefined ? style : style.slice(span.offset, span.offset + span.length);
}

/** Diagnostics as `severity "the text it points at"`. */
function judge(style: string, request?: StyleRequest): string[] {
  return checkStyle(style, request).map((one) => `${one.severity} ${placeOf(style, one)}`);
}

const errorsOf = (style: string, request?: StyleRequest) =>
  judge(style, request).filter((issue) => issue.startsWith('error'));

const withoutNotes = (style: string, request?: StyleRequest) =>
  judge(style, request).filter((issue) => !issue.startsWith('note'));

function messagesOf(style: string, request?: StyleRequest): string {
  return checkStyle(style, request)
    .map(({ severity, message }) => `${severity}: ${message}`)
    .join('\n');
}

describe('what OSS documents to work', () => {
  it.each([...acceptedStyles, ...acceptedProcesses])(
    'what OSS documents to work raises no error: %s',
    (style) => {
      expect(errorsOf(style)).toEqual([]);
    },
  );

  it.each([
    'image/crop,w_100,h_100,x_0,y_0',
    'image/resize,m_fill,w_100,h_100',
    'image/watermark,text_YQ,color_FFFFFF,size_30',
    'image/flip,1',
    'image/resize,w_100|image/format,jpg',
    `image/flip,1${'|image/flip,0'.repeat(5)}`,
    'image/format,jpeg',
    `image/watermark,image_${base64('a.png?x-oss-process=image/resize,P_14/bright,-39/contrast,-64')}`,
    'style/a',
  ])('what OSS documents to work raises no warning either where nothing is doubtful: %s', (style) => {
    expect(withoutNotes(style)).toEqual([]);
  });
});

const concat = 'video/concat,f_mp4,vcodec_h264,acodec_aac';

describe('what OSS documents to refuse', () => {
  it.each(refusedStyles)(
    'what OSS documents to refuse is an error that names the EC: $style',
    ({ style, expected: { error } }) => {
      const errors = checkStyle(style).filter(({ severity }) => severity === 'error');

      expect(errors).not.toEqual([]);
      // EC 0040-00000212 and -213, and those of nested watermarks, are told by the message about the action itself.
      const isAboutAction = /^image\/(slim)?$|watermark,image_/.test(style);
      if (error?.ec && !isAboutAction) {
        expect(errors[0]?.message).toContain(error.ec);
      }
    },
  );

  it.each([
    ['image/resize,m_abc,w_100', 'abc'],
    ['image/resize,w_0', '0'],
    ['image/resize,w_20000', '20000'],
    ['image/resize,w_1.5', '1.5'],
    ['image/resize,w_100,limit_2', '2'],
    ['image/resize,m_pad,w_9,color_#FFF', '#FFF'],
    ['image/resize', 'resize'],
    ['image/resize,P_10', 'resize'],
    ['image/rotate', 'rotate'],
    ['image/rotate,361', '361'],
    ['image/rotate,r_90', 'r_90'],
    ['image/rotate,90,180', '180'],
    ['image/flip,3', '3'],
    ['image/contrast,-101', '-101'],
    ['image/sharpen,49', '49'],
    ['image/blur,r_3', 'blur'],
    ['image/blur,r_3,s_51', '51'],
    ['image/quality', 'quality'],
    ['image/quality,Q_0', '0'],
    ['image/quality,101', '101'],
    ['image/format,dng', 'dng'],
    ['image/format,PNG', 'PNG'],
    ['image/indexcrop,i_1', 'indexcrop'],
    ['image/watermark,g_se', 'watermark'],
    ['image/watermark,text_', 'text_'],
    ['image/watermark,text_a', 'a'],
    ['image/watermark,text_你好', '你好'],
    ['image/watermark,text_Hell', 'Hell'],
    ['image/watermark,text_YQ,type_wqy-zenhei', 'wqy-zenhei'],
    [`image/watermark,text_${base64('汉'.repeat(22))}`, base64('汉'.repeat(22))],
    ['image/resize,w_9/slim', 'slim'],
    ['image/resize,w_9/sys/saveas,o_YQ', 'sys'],
    ['image/resize,w_9/info', 'info'],
    ['image/info/resize,w_9', 'info'],
    ['image/blindwatermark,content_YQ/flip,1', 'blindwatermark'],
    ['image/blindwatermark,content_YQ,q_69', '69'],
    [`image/blindwatermark,content_${base64('a'.repeat(257))}`, base64('a'.repeat(257))],
    ['video/snapshot', 'snapshot'],
    ['video/snapshot,t_1,f_gif', 'gif'],
    ['video/snapshot,t_1/resize,w_9', 'resize'],
    ['video/snapshot,t_1|image/resize,w_9', 'image'],
    ['video/info/snapshot,t_1', 'snapshot'],
    ['video/convert,f_mp4,s_63x64', '63x64'],
    ['video/convert,f_mp4,fps_240.5', '240.5'],
    ['video/convert,vcodec_h264', 'convert'],
    [`${concat}${'/pre,o_YQ'.repeat(11)}`, 'concat'],
    ['video/pre,o_YQ', 'pre'],
    ['audio/sur,o_YQ', 'sur'],
    ['doc/watermark,text_YQ', 'watermark'],
    ['image/resize,w_9|saveas,o_YQ', 'saveas,o_YQ'],
    ['video/info|video/info', 'video'],
    ['image/resize,w_9|sys/saveas,b_Yg', 'saveas'],
    [`image/resize,w_9|sys/saveas,o_YQ,b_${base64('Bad_Bucket')}`, base64('Bad_Bucket')],
    [`image/resize,w_9|sys/saveas,o_${base64('a'.repeat(1024))}`, base64('a'.repeat(1024))],
    ['csv/select|sys/saveas,o_YQ', 'select'],
    ['style/a b', 'a b'],
    [`style/${'a'.repeat(64)}`, 'a'.repeat(64)],
  ])('what OSS documents to refuse is an error at its place: %s', (style, place) => {
    expect(errorsOf(style)).toContain(`error ${place}`);
  });

  it('the checker of styles counts the watermark images of all actions, each once', () => {
    const mark = (name: string) => `/watermark,image_${base64(name)}`;

    expect(errorsOf(`image${mark('a')}${mark('b')}${mark('c')}${mark('a')}`)).toEqual([]);
    expect(errorsOf(`image${mark('a')}${mark('b')}${mark('c')}${mark('d')}`)).toEqual([
      `error ${base64('d')}`,
    ]);
  });

  it.each([
    ['image/indexcrop,x_a', ['223']],
    ['image/indexcrop,y_1.5', ['224']],
    ['image/indexcrop,x_0', ['230']],
    ['image/resize,w_0,h_0', ['321', '321']],
    ['image/resize,w_0,h_9', ['312']],
  ])(
    'the checker of styles names the error of a value by whether it is in another form or out of range: %s',
    (style, expected) => {
      const found = [...messagesOf(style).matchAll(/EC 0040-00000(\d+)/g)].map(([, ec]) => ec);

      expect(found).toEqual(expected);
    },
  );

  it('what only an older page of OSS shows is doubtful, and not refused', () => {
    const judged = ['1-10', '3', 'a!'].map((pages) =>
      judge(`doc/convert,target_png,pages_${pages}|sys/saveas,o_YQ`),
    );

    expect(judged.map((found) => found.filter((one) => !one.startsWith('note')))).toEqual([
      ['warning 1-10'],
      ['warning 3'],
      ['error a!'],
    ]);
  });

  it('what OSS documents to refuse holds for the preprocessing inside the name of a watermark image, and points at that name', () => {
    const withImage = (process: string) =>
      `image/watermark,image_${base64(`a.png?x-oss-process=${process}`)}`;

    const refused = [
      'image/info',
      'image/resize,P_101',
      'image/resize,w_9|saveas',
      'image/resize,w_0',
      'style/a',
    ].map((process) => errorsOf(withImage(process)));

    expect(errorsOf(withImage('image/resize,P_10/crop,w_9/rounded-corners,r_9/rotate,90'))).toEqual([]);
    expect(refused.map((errors) => errors.length)).toEqual([1, 1, 1, 1, 1]);
    expect(refused[0]).toEqual([`error ${base64('a.png?x-oss-process=image/info')}`]);
    expect(messagesOf(withImage('image/flip,1'))).toContain('error: in the preprocessing "image/flip,1"');
  });
});

describe('what is probably wrong', () => {
  it.each([
    ['image/resize,W_100,h_9', 'W_100', 'did you mean "w"'],
    ['image/crop,w_9,h_9,r_1', 'r_1', 'expects one of w_ h_ x_ y_ g_ p_'],
    ['imgae/resize,w_9', 'imgae', 'did you mean "image"'],
    ['x-oss-process=image/resize,w_9', 'x-oss-process=image', 'did you mean "image"'],
    ['video/snapshott,t_1', 'snapshott', 'did you mean "snapshot"'],
    ['image/resize,w_9,l_9', 'l_9', 'l_ has no effect beside w_'],
    ['image/resize,w_9,w_8', 'w_8', 'takes a single w'],
    ['image/resize,w_9,,h_9', '', 'expects one of m_ w_'],
    ['image/resize,m_lfit,w_9,color_FFFFFF', 'color_FFFFFF', 'only with m_pad'],
    ['image/quality,q_9,Q_9', 'q_9', 'beside Q_'],
    ['image/watermark,text_YQ,padx_9', 'padx_9', 'only with fill_1'],
    ['image/watermark,text_YQ,g_center,x_9', 'x_9', 'only with g_nw or g_west'],
    ['image/watermark,text_YQ,type_YXJpYWw', 'YXJpYWw', 'wqy-zenhei'],
    ['video/convert,f_mp4,vb_20000,crf_26', 'crf_26', 'beside vb_'],
    ['video/convert,f_mp4', 'convert', 'needs "|sys/saveas'],
    ['image/format,heic', 'heic', 'cn-hangzhou'],
    ...[
      '/logo.png',
      'https://b.oss-cn-hangzhou.aliyuncs.com/logo.png',
      'oss://b/logo.png',
      'logo.GIF',
      'a.svg?x-oss-process=image/resize,P_9',
    ].map((image) => [
      `image/watermark,image_${base64(image)}`,
      base64(image),
      `received "${image.split('?')[0]}"`,
    ]),
  ])('what is probably wrong is a warning and no error: %s', (style, place, text) => {
    const diagnostics = checkStyle(style);

    const warnings = diagnostics.filter((one) => one.severity === 'warning' && placeOf(style, one) === place);
    expect(warnings.map(({ message }) => message).join('\n')).toContain(text);
    expect(errorsOf(style)).toEqual([]);
  });

  it.each(['Hello', 'Hell', 'Hello World', '小店'])(
    'a warning comes with the way to write a text itself: %s',
    (text) => {
      const [diagnostic] = checkStyle(`image/watermark,text_${text}`);

      expect(diagnostic?.hint).toContain('Write the text itself as {b64:…}');
    },
  );

  it.each([
    'image/resize,w_640/format,webp',
    'image/resize,m_pad,w_9,color_FFFFFF',
    'image/resize,w_100/watermark,image_YQ/format,gif',
    'image/resize,m_lfit,w_100/format,jpg/quality,Q_9',
  ])('no warning is given where nothing is wrong: %s', (style) => {
    expect(withoutNotes(style)).toEqual([]);
  });
});

describe('what surprises', () => {
  it.each([
    ['image/resize,w_9/auto-orient,1', 'acts before every other action'],
    ['image/rotate,90', 'refused for sides over 4,096 pixels'],
    ['image/quality,q_80', 'Q_ is absolute'],
    ['image/format,gif', 'GIF sources only'],
    ['image/interlace,1', 'JPG results only'],
    ['image/circle,r_9', 'white outside in a JPG'],
    ['image/resize,w_9/ignore-error,1', 'saved as it is'],
    ['image/crop,g_face', 'IMM project'],
    ['video/info', 'IMM project'],
  ])('what surprises is a note: %s', (style, text) => {
    const notes = checkStyle(style).filter(({ severity }) => severity === 'note');

    expect(notes.map(({ message }) => message).join('\n')).toContain(text);
  });
});

describe('what is known of the request', () => {
  it('the checker of styles makes an error of what runs the other way only', () => {
    expect(errorsOf('video/convert,f_mp4', { mode: 'sync', isSaved: true })).toEqual(['error convert']);
    expect(errorsOf('style/::h264-mp4-1080p', { mode: 'sync' })).toEqual(['error ::h264-mp4-1080p']);
    expect(withoutNotes('image/flip,1', { mode: 'async' })).toEqual(['warning flip']);
    expect(withoutNotes('video/convert,f_mp4', { mode: 'async', isSaved: true })).toEqual([]);
    expect(errorsOf('image/flip,1|sys/notify,topic_YQ', { mode: 'sync' })).toEqual(['error notify']);
  });

  it('a save-as clause may come later where the request brings it', () => {
    expect(withoutNotes('image/blindwatermark,content_YQ', { isSaved: true })).toEqual([]);
    expect(errorsOf('json/select', { isSaved: true })).toEqual(['error select']);
  });

  it('the region settles whether AVIF can be made', () => {
    const style = 'image/resize,l_900/format,avif';

    expect(withoutNotes(style, { region: 'cn-hangzhou' })).toEqual([]);
    expect(withoutNotes(style, { region: 'eu-central-1' })).toEqual(['warning avif']);
  });
});

describe('a diagnostic', () => {
  it('a diagnostic says what was expected, what stands there, and what OSS answers', () => {
    const diagnostics = checkStyle('image/format,dng');

    expect(diagnostics).toEqual([
      {
        severity: 'error',
        code: 'style',
        path: [],
        span: { offset: 13, length: 3 },
        message:
          'image/format: expected one of jpg, jpeg, png, webp, bmp, gif, tiff, heic, avif (did you mean "png"?), received "dng"; OSS refuses it with EC 0040-00000206',
      },
    ]);
  });

  it('the checker of styles takes names of JavaScript itself for what they are: unknown', () => {
    expect(withoutNotes('constructor/toString,1')).toEqual(['warning constructor']);
    expect(errorsOf('image/constructor')).toEqual(['error constructor']);
    expect(withoutNotes('image/crop,constructor_1,toString_2')).toEqual([
      'warning constructor_1',
      'warning toString_2',
    ]);
  });
});

describe('the checker', () => {
  it('the checker of styles runs in a browser as well', async () => {
    const bundle = { bundle: true, write: false, platform: 'browser', format: 'esm' } as const;

    const { outputFiles } = await build({ ...bundle, entryPoints: ['src/style/check.ts'] });

    expect(outputFiles).toHaveLength(1);
    expect(outputFiles[0]?.text).not.toMatch(/\bBuffer\b|\bprocess\.|node:/);
  });
});
