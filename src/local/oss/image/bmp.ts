const headerBytes = 14 + 40;

/**
 * An uncompressed 24-bit BMP, which sharp cannot write. `rows` are the picture's from the bottom up, pixels as BGR;
 * each row is padded to a multiple of four bytes.
 */
export function encodeBmp(rows: Buffer, { width, height }: { width: number; height: number }): Buffer {
  const rowBytes = Math.ceil((width * 3) / 4) * 4;
  const bmp = Buffer.alloc(headerBytes + rowBytes * height);
  bmp.write('BM', 0, 'latin1');
  bmp.writeUInt32LE(bmp.length, 2);
  bmp.writeUInt32LE(headerBytes, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(width, 18);
  bmp.writeInt32LE(height, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++) {
    rows.copy(bmp, headerBytes + y * rowBytes, y * width * 3, (y + 1) * width * 3);
  }
  return bmp;
}
