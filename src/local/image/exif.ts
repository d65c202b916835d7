import ExifReader from 'exifreader';
import { pick } from '../../json.ts';
import { lookUp } from '../../style/catalog.ts';
import tables from './tables.json' with { type: 'json' };

/**
 * Reads a block of EXIF in the form of OSS's example of `image/info`: picture, thumbnail and place together,
 * fractions as `n/d`, lists separated by spaces, degrees as Exiv2 prints them. A truncated block gives the
 * part before the end. (The package exif-reader converts fractions to decimals, which is irreversible.)
 */
export function readExif(block: Buffer): Record<string, string> {
  const { exif = {}, Thumbnail = {} } = loadTags(block);
  const tags = Object.entries({ ...Thumbnail, ...exif }).flatMap(([name, tag]) => {
    const value = pick(tag, 'value');
    const isShown = Array.isArray(value) || ['number', 'string'].includes(typeof value);
    const shownName = lookUp(tables.exifNames, name) ?? name;
    return isShown && name !== 'MakerNote' ? [[shownName, describeValue(name, value)]] : [];
  });
  return Object.fromEntries(tags);
}

/** The maximum in a JPEG. A block of megabytes whose tags share bytes would take half a minute to read. */
const maxBlockBytes = 65_536;

function loadTags(block: Buffer) {
  try {
    const tiff = block.subarray('Exif\0\0'.length, maxBlockBytes);
    return ExifReader.load(tiff, { expanded: true, excludeTags: { xmp: true } });
  } catch {
    return {};
  }
}

function describeValue(name: string, value: unknown): string {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (/^GPSL(at|ong)itudeRef$/.test(name)) {
    return lookUp(tables.directions, parts.join()) ?? parts.join();
  }
  const pairs = parts.filter(isPair);
  if (/^GPSL(at|ong)itude$/.test(name) && pairs.every(([, denominator]) => denominator > 0)) {
    return describeDegrees(pairs);
  }
  // ExifReader gives a single fraction as a pair of numbers.
  const isFraction = isPair(value) && !tables.exifPairs.includes(name);
  return isFraction ? value.join('/') : parts.map((part) => (isPair(part) ? part.join('/') : part)).join(' ');
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'number');
}

/** Returns `31deg 14' 23.500" `; trailing zeros are left out, and all zeros are `0deg `. */
function describeDegrees(fractions: readonly [number, number][]): string {
  const texts = fractions.map(([numerator, denominator], index) => {
    const digits = numerator % denominator === 0 ? 0 : 7 - 2 * index;
    return `${(numerator / denominator).toFixed(digits)}${['deg', "'", '"'][index]} `;
  });
  return texts.join('').replace(/(?<= )(0' )?0" $/, '');
}
