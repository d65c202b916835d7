import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCrc64 } from '../../../../src/local/oss/store/crc64.ts';

/** Bit by bit from the definition of CRC-64/XZ. */
function slowCrc64(bytes: Uint8Array): string {
  const ones = 0xffff_ffff_ffff_ffffn;
  const step = (crc: bigint) => (crc >> 1n) ^ (crc & 1n ? 0xc96c_5795_d787_0f42n : 0n);
  const crc = bytes.reduce(
    (state, byte) => Array.from({ length: 8 }).reduce<bigint>(step, state ^ BigInt(byte)),
    ones,
  );
  return (crc ^ ones).toString();
}

function crc64(...chunks: Uint8Array[]): string {
  const crc = createCrc64();
  for (const chunk of chunks) {
    crc.update(chunk);
  }
  return crc.digest();
}

describe('CRC-64', () => {
  it('CRC-64 has the check value of CRC-64/XZ', () => {
    expect(crc64(Buffer.from('123456789'))).toBe(0x995d_c9bb_df19_39fan.toString());
    expect(crc64()).toBe('0');
  });

  it('CRC-64 is that of the definition, however the bytes are cut', () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });

    fc.assert(
      fc.property(chunks, (parts) => {
        expect(crc64(...parts)).toBe(slowCrc64(Buffer.concat(parts)));
      }),
    );
  });
});
