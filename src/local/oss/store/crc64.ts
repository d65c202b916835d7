/*
 * CRC-64/XZ, which OSS names crc64ecma (documented: OSS help "CRC-64": ECMA-182 polynomial, reflected, all bits inverted
 * before and after). JavaScript has no fast 64-bit integers: a value is a high and a low half, and eight tables take eight
 * bytes at a time ("slicing by 8").
 */
const polynomial = { high: 0xc96c5795, low: 0xd7870f42 };

export interface Crc64 {
  update(bytes: Uint8Array): void;
  /** As `x-oss-hash-crc64ecma` writes it: an unsigned decimal. */
  digest(): string;
}

/** A running CRC-64 over bytes as they pass. */
export function createCrc64(): Crc64 {
  tables ??= buildTables();
  const { highs, lows } = tables;
  let [high, low] = [0xffffffff, 0xffffffff];

  function update(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (const end = bytes.length - 7; at < end; at += 8) {
      const [a, b] = [low ^ view.getUint32(at, true), high ^ view.getUint32(at + 4, true)];
      [low, high] = [combine(lows, a, b), combine(highs, a, b)];
    }
    for (; at < bytes.length; at++) {
      const index = (low ^ view.getUint8(at)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ lookUp(lows, index);
      high = (high >>> 8) ^ lookUp(highs, index);
    }
  }

  return {
    update,
    digest: () => ((BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0)).toString(),
  };
}

/** Table k, from 256 * k on: what a byte with k more bytes after it does to the remainder. */
let tables: { highs: Uint32Array; lows: Uint32Array } | undefined;

function buildTables() {
  const [highs, lows] = [new Uint32Array(8 * 256), new Uint32Array(8 * 256)];
  for (let index = 0; index < 8 * 256; index++) {
    let [high, low] = index < 256 ? [0, index] : [lookUp(highs, index - 256), lookUp(lows, index - 256)];
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (isOdd) {
        [high, low] = [high ^ polynomial.high, low ^ polynomial.low];
      }
    }
    highs[index] = high;
    lows[index] = low;
  }
  return { highs, lows };
}

/** The eight bytes in `a` (first four) and `b`, each through the table of its place. */
function combine(table: Uint32Array, a: number, b: number): number {
  return (
    lookUp(table, 0x700 + (a & 0xff)) ^
    lookUp(table, 0x600 + ((a >>> 8) & 0xff)) ^
    lookUp(table, 0x500 + ((a >>> 16) & 0xff)) ^
    lookUp(table, 0x400 + (a >>> 24)) ^
    lookUp(table, 0x300 + (b & 0xff)) ^
    lookUp(table, 0x200 + ((b >>> 8) & 0xff)) ^
    lookUp(table, 0x100 + ((b >>> 16) & 0xff)) ^
    lookUp(table, b >>> 24)
  );
}

function lookUp(table: Uint32Array, index: number): number {
  return table[index] ?? 0;
}
