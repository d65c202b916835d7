import { notImplemented } from '../oss/http/errors.ts';

/*
 * sharp can neither read nor write BMP. This file handles uncompressed BMP of 8 bits with a palette, of 24,
 * or of 32 with or without alpha. Pixels are BGR(A), in rows from the bottom up, padded to four bytes
 * (Microsoft: "Bitmap Header Types"). The packages bmp-ts, bmp-js and fast-bmp read fewer kinds, or wrongly.
 */

const fileHeaderBytes = 14;
const [plain, bitFields, coloursAreSrgb] = [0, 3, 0x73524742];
/** The masks of red, green, blue and alpha. */
const masks = [0x00ff0000, 0x0000ff00, 0x000000ff, 0xff000000];

/** Reads the header; throws RangeError for a truncated file, NotImplemented for other kinds of BMP. */
export function readBmpHeader(bmp: Buffer) {
  const pixelsAt = bmp.readUInt32LE(10);
  const infoBytes = bmp.readUInt32LE(14);
  const width = bmp.readInt32LE(18);
  const rows = bmp.readInt32LE(22);
  const bits = bmp.readUInt16LE(28);
  const compression = bmp.readUInt32LE(30);
  const hasMasks = (count: number) =>
    masks.slice(0, count).every((mask, index) => bmp.readUInt32LE(54 + 4 * index) === mask);
  const isPlain = compression === plain && [8, 24, 32].includes(bits);
  const isMasked = compression === bitFields && bits === 32 && hasMasks(3);
  if (infoBytes < 40 || !(isPlain || isMasked)) {
    throw notImplemented('BMP sources other than uncompressed ones of 8, 24 or 32 bit');
  }
  const [height, bytesPerPixel] = [Math.abs(rows), bits / 8];
  const lastRowAt = pixelsAt + (height - 1) * rowBytes(width, bytesPerPixel);
  if (width <= 0 || rows === 0 || lastRowAt + width * bytesPerPixel > bmp.length) {
    throw new RangeError(`${width}x${height} px in ${bmp.length} bytes`);
  }
  const hasAlpha = isMasked && infoBytes >= 56 && hasMasks(4);
  const paletteAt = fileHeaderBytes + infoBytes;
  return { width, height, hasAlpha, bytesPerPixel, paletteAt, pixelsAt, isTopDown: rows < 0 };
}

/** Decodes the pixels to RGB(A), from the top row down. */
export function decodeBmp(bmp: Buffer) {
  const { width, height, hasAlpha, bytesPerPixel, paletteAt, pixelsAt, isTopDown } = readBmpHeader(bmp);
  const channels = hasAlpha ? 4 : 3;
  const data = Buffer.alloc(width * height * channels);
  for (let y = 0, to = 0; y < height; y++) {
    let at = pixelsAt + (isTopDown ? y : height - 1 - y) * rowBytes(width, bytesPerPixel);
    for (let x = 0; x < width; x++, at += bytesPerPixel, to += channels) {
      const from = bytesPerPixel === 1 ? paletteAt + 4 * (bmp[at] ?? 0) : at;
      data[to] = bmp[from + 2] ?? 0;
      data[to + 1] = bmp[from + 1] ?? 0;
      data[to + 2] = bmp[from] ?? 0;
      if (hasAlpha) {
        data[to + 3] = bmp[from + 3] ?? 0;
      }
    }
  }
  return { data, width, height, channels } as const;
}

/** Encodes `pixels`, which are BGR from the top down, or BGRA if the picture has alpha. */
export function encodeBmp(pixels: Buffer, width: number, height: number, hasAlpha: boolean): Buffer {
  const [infoBytes, bytesPerPixel] = hasAlpha ? [108, 4] : [40, 3];
  const pixelsAt = fileHeaderBytes + infoBytes;
  const bmp = Buffer.alloc(pixelsAt + rowBytes(width, bytesPerPixel) * height);
  bmp.write('BM', 0, 'latin1');
  const header = [bmp.length, 0, pixelsAt, infoBytes, width, height, 1 | ((bytesPerPixel * 8) << 16)];
  const alphaHeader = hasAlpha ? [bitFields, 0, 0, 0, 0, 0, ...masks, coloursAreSrgb] : [];
  for (const [index, value] of [...header, ...alphaHeader].entries()) {
    bmp.writeUInt32LE(value, 2 + 4 * index);
  }
  for (let y = 0; y < height; y++) {
    const row = pixelsAt + (height - 1 - y) * rowBytes(width, bytesPerPixel);
    pixels.copy(bmp, row, y * width * bytesPerPixel, (y + 1) * width * bytesPerPixel);
  }
  return bmp;
}

function rowBytes(width: number, bytesPerPixel: number): number {
  return Math.ceil((width * bytesPerPixel) / 4) * 4;
}
