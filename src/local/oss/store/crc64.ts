/*
 * CRC-64/XZ, which OSS names crc64ecma (documented: OSS help "CRC-64": ECMA-182 polynomial, reflected, all
 * bits inverted before and after). JavaScript has no fast 64-bit integers: a value has a high and a low half.
 */
const polynomial = { high: 0xc96c5795, low: 0xd7870f42 };

/** How each byte changes the remainder. */
const table = Array.from({ length: 256 }, (_, byte) => {
  let [high, low] = [0, byte];
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = low & 1;
    [low, high] = [(low >>> 1) | (high << 31), high >>> 1];
    if (isOdd) {
      [high, low] = [high ^ polynomial.high, low ^ polynomial.low];
    }
  }
  return { high, low };
});
const highs = Uint32Array.from(table, ({ high }) => high);
const lows = Uint32Array.from(table, ({ low }) => low);

/** A running CRC-64 over a stream of bytes. */
export function createCrc64() {
  let [high, low] = [0xffffffff, 0xffffffff];
  return {
    update: (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; at++) {
        const index = (low ^ (bytes[at] ?? 0)) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (lows[index] ?? 0);
        high = (high >>> 8) ^ (highs[index] ?? 0);
      }
    },
    /** Returns an unsigned decimal, the form of `x-oss-hash-crc64ecma`. */
    digest: (): string => ((BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0)).toString(),
  };
}
