import { readExif } from '../exif.ts';
import type { Question } from '../picture.ts';

/**
 * Formats the answer as in the C++ and .NET SDKs' tests. Sizes are as stored, whatever EXIF says. PNG reports
 * no EXIF (OSS help: "Query image information"). Without EXIF, 1/1 is assumed from one example.
 */
export const info: Question = async (source) => {
  const { format, metadata } = source;
  const fields: Record<string, string> = {
    ResolutionUnit: '1',
    XResolution: '1/1',
    YResolution: '1/1',
    ...(format !== 'png' && metadata.exif !== undefined && readExif(metadata.exif)),
    FileSize: String(source.body.length),
    Format: format,
    FrameCount: String(source.frames),
    ImageHeight: String(source.height),
    ImageWidth: String(source.width),
  };
  const names = Object.keys(fields).sort();
  const lines = names.map((name) => `    "${name}": {"value": ${JSON.stringify(fields[name])}}`);
  return { body: Buffer.from(`{\n${lines.join(',\n')}}`), contentType: 'application/json' };
};
