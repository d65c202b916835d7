import { describe, expect, it } from 'vitest';
import {
  parseProcess as parse,
  readProcessBody,
  requireAsynchronous,
  requireSynchronous,
} from '../../../../src/local/oss/operations/process.ts';

const thumb = {
  content: 'image/resize,w_9/format,webp',
  category: 'image',
  createdMs: 0,
  modifiedMs: 0,
};
const parseProcess = (text: string) => parse(text, { thumb });
const process = 'image/resize,w_100|sys/saveas,o_dGVzdC5qcGc,b_dGVzdA';

describe('a ProcessObject body', () => {
  it.each([
    ['raw', `x-oss-process=${process}`],
    ['as a form', `x-oss-process=${encodeURIComponent(process)}`],
    ['raw with single escapes', `x-oss-process=${process.replace('|', '%7C')}`],
  ])('a ProcessObject body is understood %s', (_, body) => {
    expect(readProcessBody(Buffer.from(body))).toBe(process);
  });

  it('a ProcessObject body keeps a plus of a raw body, and reads one of a form as the space it stands for', () => {
    expect(readProcessBody(Buffer.from('x-oss-process=image/x,o_a+b/c='))).toBe('image/x,o_a+b/c=');
    expect(readProcessBody(Buffer.from('x-oss-process=image%2Fx%2Co_a%2Bb+c'))).toBe('image/x,o_a+b c');
  });

  it('a ProcessObject body keeps characters that are not ASCII', () => {
    expect(readProcessBody(Buffer.from('x-oss-process=image/x,text_猫'))).toBe('image/x,text_猫');
  });

  it.each([
    ['nothing', '', 'InvalidRequest'],
    ['an empty process', 'x-oss-process=', 'InvalidRequest'],
    ['another field', 'process=image/resize,w_1', 'InvalidRequest'],
    ['a second field', 'x-oss-process=image/info&callback=x', 'InvalidArgument'],
    ['a stray percent sign', 'x-oss-process=image/resize,w_10%', 'InvalidURI'],
    ['bytes that are not UTF-8', 'x-oss-process=image/x,text_%FF', 'InvalidArgument'],
  ])('a ProcessObject body is refused when it holds %s', (_, body, code) => {
    expect(() => readProcessBody(Buffer.from(body))).toThrow(
      expect.objectContaining({ statusCode: 400, code }),
    );
  });
});

describe('sys/saveas', () => {
  const bytes = Buffer.from('目录/ÿÿ>>??.jpg');

  it.each([
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('base64').replaceAll('=', ''),
    `${bytes.toString('base64url')}==`,
  ])('sys/saveas takes a key in standard or URL-safe Base64, padded or not: %s', (encoded) => {
    const { style, saveAs } = parseProcess(`image/resize,w_1|sys/saveas,b_dGVzdA,o_${encoded}`);

    expect(style).toBe('image/resize,w_1');
    expect(saveAs).toEqual({ bucket: 'test', key: '目录/ÿÿ>>??.jpg' });
  });

  it('sys/saveas leaves the bucket open when b_ is not sent', () => {
    expect(parseProcess('image/info|sys/saveas,o_dGVzdA').saveAs).toEqual({ bucket: undefined, key: 'test' });
  });

  it.each([
    ['image/info|sys/saveas,o_d$', 400, 'BadRequest'],
    ['image/info|sys/saveas,o_', 400, 'BadRequest'],
    ['image/info|sys/saveas,o_abcde', 400, 'BadRequest'],
    ['image/info|sys/saveas,b_dGVzdA', 400, 'MissingArgument'],
    ['image/info|sys/saveas,o_L2E', 400, 'InvalidObjectName'],
    ['image/info|sys/saveas,o__w', 400, 'InvalidArgument'],
    ['image/info|sys/saveas,o_dGVzdA,b_QQ', 400, 'InvalidBucketName'],
    ['image/info|sys/other', 501, 'NotImplemented'],
    ['image/info|sys/saveas,o_dGVzdA|sys/saveas,o_dGVzdA', 400, 'InvalidArgument'],
    ['sys/saveas,o_dGVzdA', 400, 'InvalidRequest'],
    ['style/other|sys/saveas,o_dGVzdA', 404, 'NoSuchStyle'],
    ['style/thumb|image/info', 404, 'NoSuchStyle'],
    ['video/unknown', 400, 'InvalidArgument'],
    ['csv/select', 501, 'NotImplemented'],
    ['invalid/process', 400, 'InvalidArgument'],
  ])('sys/saveas is refused in %s', (text, statusCode, code) => {
    expect(() => parseProcess(text)).toThrow(expect.objectContaining({ statusCode, code }));
  });
});

describe('a named style', () => {
  it('a named style is what it stands for, with the target of the call', () => {
    expect(parseProcess('style/thumb|sys/saveas,o_dGVzdA')).toEqual({
      text: 'style/thumb|sys/saveas,o_dGVzdA',
      style: 'image/resize,w_9/format,webp',
      operation: 'image/resize',
      saveAs: { bucket: undefined, key: 'test' },
      topic: undefined,
    });
  });
});

describe('sys/notify', () => {
  it.each([
    ['behind a target in Base64 with slashes', 'sys/saveas,o_YT4+Yj8/notify,topic_dG9waWM', 'a>>b?', 'topic'],
    ['by itself', 'sys/notify,topic_dG9waWM=', undefined, 'topic'],
  ])('sys/notify names a topic %s', (_, sys, key, topic) => {
    const process = parseProcess(`image/deblindwatermark|${sys}`);

    expect([process.saveAs?.key, process.topic]).toEqual([key, topic]);
  });
});

describe('a call', () => {
  const target = '|sys/saveas,o_dGVzdA';

  it.each([
    ['image/resize,w_9', 200, 404, 'Imm Client'],
    ['image/deblindwatermark,s_low', 400, 200, 'InvalidArgument'],
    [`video/convert,f_mp4${target}`, 400, 200, 'InvalidArgument'],
    [`video/snapshot,t_1,f_jpg${target}`, 501, 404, 'NotImplemented'],
    ['audio/info', 404, 404, 'Imm Client'],
    ['hls/ts', 404, 404, 'Imm Client'],
    [`doc/convert,target_pdf${target}`, 400, 200, 'InvalidArgument'],
    ['doc/preview', 404, 404, 'Imm Client'],
    [`style/::h264-mp4-1080p${target}`, 400, 200, 'InvalidArgument'],
    ['image/resize,w_9|sys/saveas,o_dGVzdA/notify,topic_eA', 400, 404, 'InvalidArgument'],
  ])(
    'the process %s is answered %i where it is asked for synchronously, %i asynchronously',
    (text, synchronous, asynchronous, code) => {
      const process = parseProcess(text);
      const refusal = (status: number) => expect.objectContaining({ statusCode: status });

      if (synchronous === 200) {
        requireSynchronous(process, 'post');
      } else {
        expect(() => requireSynchronous(process, 'post')).toThrow(
          expect.objectContaining({ statusCode: synchronous, code }),
        );
      }
      if (asynchronous === 200) {
        requireAsynchronous(process);
      } else {
        expect(() => requireAsynchronous(process)).toThrow(refusal(asynchronous));
      }
    },
  );

  it('a call needs a target for what is made asynchronously', () => {
    expect(() => requireAsynchronous(parseProcess('video/convert,f_mp4'))).toThrow(
      expect.objectContaining({ code: 'MissingArgument' }),
    );
  });
});
