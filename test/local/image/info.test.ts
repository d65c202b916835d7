import { describe, expect, it } from 'vitest';
import { processImage } from '../../../src/local/image/process-image.ts';
import { animation, failure, halves, request, run } from './samples.ts';

describe('info', () => {
  it('describes the picture as stored, in the layout that SDK tests record', async () => {
    const input = await halves(40, 20).jpeg().toBuffer();

    const { body, contentType } = await processImage(request(input, 'image/info'));

    expect(contentType).toBe('application/json');
    expect(body.toString()).toBe(
      [
        '{',
        `    "FileSize": {"value": "${input.length}"},`,
        '    "Format": {"value": "jpg"},',
        '    "FrameCount": {"value": "1"},',
        '    "ImageHeight": {"value": "20"},',
        '    "ImageWidth": {"value": "40"},',
        '    "ResolutionUnit": {"value": "1"},',
        '    "XResolution": {"value": "1/1"},',
        '    "YResolution": {"value": "1/1"}}',
      ].join('\n'),
    );
  });

  it('adds the EXIF of a photograph', async () => {
    const input = await halves(40, 20)
      .withExif({ IFD0: { Model: 'X "1"', DateTime: '2026:08:01 10:00:00' }, IFD2: { FNumber: '28/10' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();

    const fields = JSON.parse((await run(input, 'image/info')).toString());

    expect(fields).toMatchObject({
      ImageWidth: { value: '40' },
      Orientation: { value: '6' },
      Model: { value: 'X "1"' },
      FNumber: { value: '28/10' },
    });
  });

  it('counts the frames of an animation', async () => {
    const fields = JSON.parse((await run(await animation('gif'), 'image/info')).toString());

    expect(fields).toMatchObject({
      FrameCount: { value: '3' },
      ImageHeight: { value: '40' },
      Format: { value: 'gif' },
    });
  });

  it('stands alone', async () => {
    const input = await halves(40, 20).jpeg().toBuffer();

    expect(await failure(input, 'image/resize,w_10/info')).toMatchObject({
      statusCode: 400,
      code: 'InvalidArgument',
    });
  });
});
