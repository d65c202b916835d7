/** Tags that OSS reports, from the main and the Exif directory, under the names of Exif 2.31. */
const tagNames: ReadonlyMap<number, string> = new Map([
  [0x0103, 'Compression'],
  [0x010f, 'Make'],
  [0x0110, 'Model'],
  [0x0112, 'Orientation'],
  [0x011a, 'XResolution'],
  [0x011b, 'YResolution'],
  [0x0128, 'ResolutionUnit'],
  [0x0131, 'Software'],
  [0x0132, 'DateTime'],
  [0x8298, 'Copyright'],
  [0x8769, 'ExifTag'],
  [0x829a, 'ExposureTime'],
  [0x829d, 'FNumber'],
  [0x8827, 'ISOSpeedRatings'],
  [0x9003, 'DateTimeOriginal'],
  [0x920a, 'FocalLength'],
]);

/** The tags of an EXIF block as text, rationals as `n/d`. A block that breaks off or lies gives what came before. */
export function readExif(block: Buffer): Map<string, string> {
  const tiff = block.toString('latin1', 0, 6) === 'Exif\0\0' ? block.subarray(6) : block;
  const tags = new Map<string, string>();
  try {
    readDirectory(tiff, readInteger(tiff, 4, 4), tags);
    const exifDirectory = tags.get('ExifTag');
    if (exifDirectory !== undefined) {
      readDirectory(tiff, Number(exifDirectory), tags);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
  }
  return tags;
}

/** Entries of twelve bytes: tag, type, count, and the value or, when longer than four bytes, where it stands. */
function readDirectory(tiff: Buffer, start: number, tags: Map<string, string>): void {
  const count = readInteger(tiff, start, 2);
  for (let index = 0; index < count; index++) {
    const at = start + 2 + index * 12;
    const name = tagNames.get(readInteger(tiff, at, 2));
    if (name !== undefined) {
      tags.set(name, readValue(tiff, at));
    }
  }
}

function readValue(tiff: Buffer, at: number): string {
  const [type, count, place] = [readInteger(tiff, at + 2, 2), readInteger(tiff, at + 4, 4), at + 8];
  const far = () => readInteger(tiff, place, 4);
  if (type === 3) {
    return String(readInteger(tiff, place, 2));
  }
  if (type === 5) {
    return `${readInteger(tiff, far(), 4)}/${readInteger(tiff, far() + 4, 4)}`;
  }
  if (type !== 2) {
    return String(far());
  }
  const text = count <= 4 ? place : far();
  return tiff.toString('utf8', text, text + count).replace(/\0.*$/s, '');
}

function readInteger(tiff: Buffer, at: number, bytes: number): number {
  return tiff.toString('latin1', 0, 2) === 'II' ? tiff.readUIntLE(at, bytes) : tiff.readUIntBE(at, bytes);
}
