import tables from './tables.json' with { type: 'json' };

const [startOfScan, quantisationTables] = [0xda, 0xdb];

/**
 * Estimates the quality that a JPEG was saved with (1-100, libjpeg's scale): that whose luminance table has a
 * sum closest to the file's. Undefined if the header has no such table.
 */
export function estimateJpegQuality(jpeg: Buffer): number | undefined {
  const table = findLuminanceTable(jpeg);
  if (table === undefined) {
    return undefined;
  }
  const own = sum(table);
  const distances = Array.from({ length: 100 }, (_, index) => Math.abs(sum(scaleTable(index + 1)) - own));
  return distances.lastIndexOf(Math.min(...distances)) + 1;
}

/** Computes the luminance table that libjpeg writes for a quality. */
function scaleTable(quality: number): number[] {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - quality * 2;
  const scale = (value: number) => Math.floor((value * percent + 50) / 100);
  return tables.luminance.map((value) => Math.min(255, Math.max(1, scale(value))));
}

/** Finds table 0, of 8 bits and for luminance, at a segment's head before the first scan (T.81, B.2.4.1). */
function findLuminanceTable(jpeg: Buffer): Uint8Array | undefined {
  let at = 2;
  while (at + 69 <= jpeg.length && jpeg[at + 1] !== startOfScan) {
    if (jpeg[at + 1] === quantisationTables && jpeg[at + 4] === 0) {
      return jpeg.subarray(at + 5, at + 69);
    }
    at += 2 + jpeg.readUInt16BE(at + 2);
  }
  return undefined;
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}
