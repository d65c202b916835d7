import { describe, expect, it } from 'vitest';
import { processImage } from '../../../src/local/image/process-image.ts';
import { withExif, withManyMakers } from './exif-block.ts';
import { animation, failure, halves, request, run } from './samples.ts';

describe('info', () => {
  it('info describes the picture as stored, in the layout that SDK tests record', async () => {
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

  it('info adds the EXIF of a photograph', async () => {
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

  it('info shows the EXIF of the camera, the place and the thumbnail as the example of its page does', async () => {
    const input = withExif(await halves(424, 333).jpeg().toBuffer());

    const fields = JSON.parse((await run(input, 'image/info')).toString());

    const values = Object.entries<{ value: string }>(fields).map(([name, { value }]) => [name, value]);
    expect(Object.fromEntries(values)).toMatchObject({
      Compression: '6',
      DateTime: '2014:11:29 16:53:26',
      DateTimeDigitized: '2014:11:29 16:53:26',
      ExifTag: expect.stringMatching(/^\d+$/),
      FNumber: '28/10',
      Flash: '16',
      GPSLatitude: '0deg ',
      GPSLatitudeRef: 'North',
      GPSLongitude: '31deg 14\' 23.500" ',
      GPSLongitudeRef: 'East',
      GPSMapDatum: 'WGS-84',
      GPSTag: expect.stringMatching(/^\d+$/),
      GPSVersionID: '2 2 0 0',
      ImageWidth: '424',
      JPEGInterchangeFormat: expect.stringMatching(/^\d+$/),
      JPEGInterchangeFormatLength: '4',
      LensModel: 'A lens',
      Orientation: '7',
      PixelXDimension: '424',
      ResolutionUnit: '2',
      Software: 'Picasa',
      XResolution: '96/1',
      YResolution: '96/1',
    });
  });

  it('info shows a place that the camera did not find as the fractions that stand there', async () => {
    const input = withExif(await halves(424, 333).jpeg().toBuffer());
    const seconds = Buffer.from([47, 0, 0, 0, 2, 0, 0, 0]);
    input.fill(0, input.indexOf(seconds), input.indexOf(seconds) + 8);

    const fields = JSON.parse((await run(input, 'image/info')).toString());

    expect(fields).toMatchObject({
      GPSLatitude: { value: '0deg ' },
      GPSLongitude: { value: '31/1 14/1 0/0' },
    });
  });

  it('info has an answer for EXIF that breaks off', async () => {
    const input = withExif(await halves(424, 333).jpeg().toBuffer());
    input.writeUInt16LE(0xffff, 20); // so many tags in the first directory

    const fields = JSON.parse((await run(input, 'image/info')).toString());

    expect(fields).toMatchObject({ ImageWidth: { value: '424' }, Orientation: { value: '7' } });
  });

  it('info reads no more of EXIF in a large picture than in a small one', async () => {
    const small = withManyMakers(await halves(40, 20).jpeg().toBuffer());
    const large = Buffer.concat([small, Buffer.alloc(15_000_000)]);

    const [one, other] = await Promise.all([small, large].map((input) => run(input, 'image/info')));

    const size = String(large.length);
    expect(JSON.parse(String(other))).toEqual({ ...JSON.parse(String(one)), FileSize: { value: size } });
  });

  it('info tells no tags of a TIFF', async () => {
    const fields = JSON.parse((await run(await halves(40, 20).tiff().toBuffer(), 'image/info')).toString());

    expect(Object.keys(fields)).toEqual([
      'FileSize',
      'Format',
      'FrameCount',
      'ImageHeight',
      'ImageWidth',
      'ResolutionUnit',
      'XResolution',
      'YResolution',
    ]);
  });

  it('info counts the frames of an animation', async () => {
    const fields = JSON.parse((await run(await animation('gif'), 'image/info')).toString());

    expect(fields).toMatchObject({
      FrameCount: { value: '3' },
      ImageHeight: { value: '40' },
      Format: { value: 'gif' },
    });
  });

  it('info stands alone', async () => {
    const input = await halves(40, 20).jpeg().toBuffer();

    expect(await failure(input, 'image/resize,w_10/info')).toMatchObject({
      statusCode: 400,
      code: 'InvalidArgument',
    });
  });
});
