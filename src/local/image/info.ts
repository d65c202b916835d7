import { readExif } from './exif.ts';
import type { Source } from './source.ts';

/**
 * The answer of `image/info`: sorted keys, four spaces, and the closing braces on the last field's line, as the C++
 * and .NET SDKs' tests record it. Sizes are as stored, whatever the EXIF orientation; PNG reports no EXIF (OSS help:
 * "Query image information"). The resolution of a source without EXIF is always 1/1: assumed from the one example.
 */
export function describeSource(source: Source): string {
  const fields: [string, string][] = [
    ['ResolutionUnit', '1'],
    ['XResolution', '1/1'],
    ['YResolution', '1/1'],
    ...(source.exif !== undefined && source.format !== 'png' ? readExif(source.exif) : []),
    ['FileSize', String(source.body.length)],
    ['Format', source.format],
    ['FrameCount', String(source.frames)],
    ['ImageHeight', String(source.height)],
    ['ImageWidth', String(source.width)],
  ];
  const lines = [...new Map(fields)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => `    "${key}": {"value": ${JSON.stringify(value)}}`);
  return `{\n${lines.join(',\n')}}`;
}
