import { setImmediate } from 'node:timers/promises';
import type { OutputInfo } from 'sharp';

/*
 * Bits are hidden in a few low frequencies of the 8x8 blocks that JPEG also uses (Chen and Wornell,
 * "Quantization index modulation", 2001). A coefficient is moved to the nearest multiple of a step for a 0,
 * or to half a step beside one for a 1. It is read correctly while its error is below a quarter of the step.
 * JPEG's quality 75 quantises these frequencies by at most 8, which is an error of at most 4.
 */

/** `data` has 8 bits per sample: red, green and blue, then alpha if there is any, which is not changed. */
export interface Pixels {
  readonly data: Buffer;
  readonly info: OutputInfo;
}

/** The coefficients that are used, by horizontal and vertical frequency; each is a slot for one bit. */
const horizontal = [2, 1, 0, 0, 1, 2, 3, 2];
const vertical = [0, 1, 2, 3, 2, 1, 0, 2];

/** The two-dimensional cosines of those frequencies (orthonormal DCT-II, as in ITU-T T.81, A.3.3). */
const cosines = horizontal.map((u, index) =>
  Float64Array.from({ length: 64 }, (_, at) => cosine(at % 8, u) * cosine(at >> 3, vertical[index] ?? 0)),
);

function cosine(at: number, frequency: number): number {
  return Math.sqrt(frequency === 0 ? 1 / 8 : 1 / 4) * Math.cos(((2 * at + 1) * frequency * Math.PI) / 16);
}

/** At most this many blocks are used, spread over a large picture: that is enough, and takes a second. */
const maxBlocks = 32_768;

/** Writes `bitOf(slot)`, 0 or 1, into each slot, in place. */
export async function embedBits(pixels: Pixels, bitOf: (slot: number) => number, step: number) {
  for await (const { places, luminance, firstSlot } of eachBlock(pixels)) {
    const changes = new Float64Array(64);
    for (const [index, basis] of cosines.entries()) {
      const slot = firstSlot + index;
      const coefficient = project(luminance, basis);
      const offset = (hash(slot) + bitOf(slot) / 2) * step;
      const wanted = Math.round((coefficient - offset) / step) * step + offset;
      for (const [i, value] of basis.entries()) {
        changes[i] = (changes[i] ?? 0) + (wanted - coefficient) * value;
      }
    }
    for (const [i, place] of places.entries()) {
      addLuminance(pixels.data, place, changes[i] ?? 0);
    }
  }
}

/** Reads each slot: from 1, which is certainly a 0, to -1, which is certainly a 1. */
export async function readSlots(pixels: Pixels, step: number): Promise<number[]> {
  const slots: number[] = [];
  for await (const { luminance } of eachBlock(pixels)) {
    for (const basis of cosines) {
      const phase = project(luminance, basis) / step - hash(slots.length);
      slots.push(Math.cos(2 * Math.PI * phase));
    }
  }
  return slots;
}

/** Returns a number from 0 to 1. With it as an offset, flat or drawn areas read as zeros and ones alike. */
export function hash(number: number): number {
  const mixed = Math.imul(number ^ (number >>> 15), 0x2c1b3c6d);
  return (Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39) >>> 0) / 2 ** 32;
}

function project(luminance: Float64Array, basis: Float64Array): number {
  return luminance.reduce((sum, value, at) => sum + value * (basis[at] ?? 0), 0);
}

/** Yields the used blocks, row by row, with the positions of their pixels; lets other work run in between. */
async function* eachBlock({ data, info: { width, height, channels } }: Pixels) {
  const across = width >> 3;
  const count = across * (height >> 3);
  const every = Math.max(1, Math.ceil(count / maxBlocks));
  const share = (place: number) =>
    0.299 * (data[place] ?? 0) + 0.587 * (data[place + 1] ?? 0) + 0.114 * (data[place + 2] ?? 0);
  for (let block = 0, firstSlot = 0; block < count; block += every, firstSlot += cosines.length) {
    const corner = (Math.floor(block / across) * width + (block % across)) * 8;
    const places = Array.from({ length: 64 }, (_, i) => (corner + (i >> 3) * width + (i & 7)) * channels);
    yield { places, luminance: Float64Array.from(places, share), firstSlot };
    if (firstSlot % 2048 === 0) {
      await setImmediate();
    }
  }
}

/** Adds the same to red, green and blue, which changes the luminance by as much and keeps the chrominance. */
function addLuminance(data: Buffer, place: number, change: number): void {
  for (let at = place; at < place + 3; at++) {
    data[at] = Math.min(255, Math.max(0, Math.round((data[at] ?? 0) + change)));
  }
}
