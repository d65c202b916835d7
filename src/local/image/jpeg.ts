const startOfScan = 0xda;
const quantisationTables = 0xdb;

/** Example luminance table of ITU-T T.81, K.1; only sums are compared, so its order does not matter. */
const luminance = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22,
  29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103,
  121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/**
 * The quality (1-100, libjpeg's scale) a JPEG was most likely saved with: the one whose luminance table is nearest to
 * its own. `undefined` when the header holds no such table.
 */
export function estimateJpegQuality(jpeg: Buffer): number | undefined {
  const table = findLuminanceTable(jpeg);
  if (table === undefined) {
    return undefined;
  }
  const qualities = Array.from({ length: 100 }, (_, index) => index + 1);
  const distance = (quality: number) => Math.abs(sum(scaleTable(quality)) - sum(table));
  return qualities.reduce((best, quality) => (distance(quality) <= distance(best) ? quality : best));
}

/** The table libjpeg writes for a quality. */
function scaleTable(quality: number): number[] {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - quality * 2;
  return luminance.map((value) => Math.min(255, Math.max(1, Math.floor((value * percent + 50) / 100))));
}

/** Table 0, of 8 bits, which the brightness uses, at the head of a segment before the first scan (T.81, B.2.4.1). */
function findLuminanceTable(jpeg: Buffer): Uint8Array | undefined {
  for (
    let at = 2;
    at + 69 <= jpeg.length && jpeg[at + 1] !== startOfScan;
    at += 2 + jpeg.readUInt16BE(at + 2)
  ) {
    if (jpeg[at + 1] === quantisationTables && jpeg[at + 4] === 0) {
      return jpeg.subarray(at + 5, at + 69);
    }
  }
  return undefined;
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}
