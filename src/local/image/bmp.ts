import { notImplemented } from './failures.ts';

/*
 * BMP, which sharp can neither read nor write: uncompressed, 24 bit, or 32 bit with an alpha channel. Pixels are stored
 * as BGR(A), rows from the bottom up and padded to four bytes (Microsoft: "Bitmap Header Types").
 */

const fileHeaderBytes = 14;
const [bgrx, bitFields] = [0, 3];
const masks = { red: 0x00ff0000, green: 0x0000ff00, blue: 0x000000ff, alpha: 0xff000000 };

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
  readonly bytesPerPixel: number;
  readonly pixelsAt: number;
  readonly isTopDown: boolean;
}

/** Throws RangeError for what breaks off, NotImplemented for palettes and compression. */
export function readBmpHeader(bmp: Buffer): BmpHeader {
  const [infoBytes, bits, compression] = [bmp.readUInt32LE(14), bmp.readUInt16LE(28), bmp.readUInt32LE(30)];
  const [width, rows] = [bmp.readInt32LE(18), bmp.readInt32LE(22)];
  const isPlain = compression === bgrx && (bits === 24 || bits === 32);
  const isMasked = compression === bitFields && bits === 32 && hasUsualMasks(bmp);
  if (infoBytes < 40 || !(isPlain || isMasked)) {
    throw notImplemented('BMP sources other than uncompressed ones of 24 or 32 bit');
  }
  const [height, bytesPerPixel, pixelsAt] = [Math.abs(rows), bits / 8, bmp.readUInt32LE(10)];
  if (width <= 0 || rows === 0 || pixelsAt + (height - 1) * rowBytes(width, bytesPerPixel) > bmp.length) {
    throw new RangeError(`${width}x${rows} px in ${bmp.length} bytes`);
  }
  const hasAlpha = isMasked && infoBytes >= 56 && bmp.readUInt32LE(66) === masks.alpha;
  return { width, height, hasAlpha, bytesPerPixel, pixelsAt, isTopDown: rows < 0 };
}

function hasUsualMasks(bmp: Buffer): boolean {
  return [masks.red, masks.green, masks.blue].every(
    (mask, index) => bmp.readUInt32LE(54 + 4 * index) === mask,
  );
}

/** The pixels as RGB(A) from the top down. */
export function decodeBmp(bmp: Buffer) {
  const { width, height, hasAlpha, bytesPerPixel, pixelsAt, isTopDown } = readBmpHeader(bmp);
  const channels = hasAlpha ? 4 : 3;
  const data = Buffer.alloc(width * height * channels);
  for (let y = 0, to = 0; y < height; y++) {
    let from = pixelsAt + (isTopDown ? y : height - 1 - y) * rowBytes(width, bytesPerPixel);
    for (let x = 0; x < width; x++, from += bytesPerPixel, to += channels) {
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

/** `rows` are the picture's from the bottom up, pixels as BGR, or as BGRA when it has alpha. */
export function encodeBmp(
  rows: Buffer,
  picture: { width: number; height: number; hasAlpha: boolean },
): Buffer {
  const { width, height, hasAlpha } = picture;
  const [infoBytes, bytesPerPixel] = hasAlpha ? [108, 4] : [40, 3];
  const headerBytes = fileHeaderBytes + infoBytes;
  const bmp = Buffer.alloc(headerBytes + rowBytes(width, bytesPerPixel) * height);
  bmp.write('BM', 0, 'latin1');
  bmp.writeUInt32LE(bmp.length, 2);
  bmp.writeUInt32LE(headerBytes, 10);
  bmp.writeUInt32LE(infoBytes, 14);
  bmp.writeInt32LE(width, 18);
  bmp.writeInt32LE(height, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(bytesPerPixel * 8, 28);
  if (hasAlpha) {
    bmp.writeUInt32LE(bitFields, 30);
    Object.values(masks).forEach((mask, index) => {
      bmp.writeUInt32LE(mask, 54 + 4 * index);
    });
    bmp.write('BGRs', 70, 'latin1'); // LCS_sRGB
  }
  for (let y = 0; y < height; y++) {
    const to = headerBytes + y * rowBytes(width, bytesPerPixel);
    rows.copy(bmp, to, y * width * bytesPerPixel, (y + 1) * width * bytesPerPixel);
  }
  return bmp;
}

function rowBytes(width: number, bytesPerPixel: number): number {
  return Math.ceil((width * bytesPerPixel) / 4) * 4;
}
