import { crc32 } from 'node:zlib';
import { embedBits, hash, type Pixels, readSlots } from './blind-pixels.ts';

/*
 * A text is stored in a frame: its length in bytes (2), the text, zeros up to a multiple of 16, and a CRC-32
 * of all that (4). Each bit is written many times, and read by majority. The reader does not know the length
 * of the frame, so it tries every length, and the checksum shows which is right. The checksum starts with the
 * step, because OSS requires the same strength for reading.
 */

const unitBytes = 16;
/** Enough for 256 characters of four bytes each. */
const maxFrameBytes = 1040;

/** Hides the text in place, changing values by up to half a step; false if the pixels cannot hold it. */
export async function embedText(pixels: Pixels, text: string, step: number): Promise<boolean> {
  const body = Buffer.from(text);
  const frame = Buffer.alloc(Math.ceil((body.length + 6) / unitBytes) * unitBytes);
  frame.writeUInt16BE(body.length, 0);
  body.copy(frame, 2);
  frame.writeUInt32BE(crc32(frame.subarray(0, -4), step), frame.length - 4);
  const bitAt = (bit: number) => ((frame[bit >> 3] ?? 0) >> (bit & 7)) & 1;
  await embedBits(pixels, (slot) => bitAt(bitOf(slot, frame.length * 8)), step);
  return (await extractText(pixels, step)) === text;
}

/** Finds the text hidden with this step; undefined if there is none, or too little is left of it. */
export async function extractText(pixels: Pixels, step: number): Promise<string | undefined> {
  const slots = await readSlots(pixels, step);
  for (let bytes = unitBytes; bytes <= maxFrameBytes && bytes * 8 <= slots.length; bytes += unitBytes) {
    const frame = readFrame(slots, bytes);
    if (crc32(frame.subarray(0, -4), step) === frame.readUInt32BE(bytes - 4)) {
      return frame.toString('utf8', 2, 2 + frame.readUInt16BE(0));
    }
  }
  return undefined;
}

/** Goes through the bits in rounds, each with another start, so that no edge hides all copies of a bit. */
function bitOf(slot: number, bitCount: number): number {
  const start = Math.floor(hash(Math.floor(slot / bitCount)) * bitCount);
  return (slot + start) % bitCount;
}

/** Sets each bit by the sum of the slots that carry it. */
function readFrame(slots: readonly number[], bytes: number): Buffer {
  const votes = new Float64Array(bytes * 8);
  for (let slot = 0; slot < slots.length; slot++) {
    const bit = bitOf(slot, votes.length);
    votes[bit] = (votes[bit] ?? 0) + (slots[slot] ?? 0);
  }
  const frame = Buffer.alloc(bytes);
  for (const [bit, vote] of votes.entries()) {
    frame[bit >> 3] = (frame[bit >> 3] ?? 0) | (vote < 0 ? 1 << (bit & 7) : 0);
  }
  return frame;
}
