import { setImmediate } from 'node:timers/promises';
import type { Size } from './picture.ts';

/*
 * Bits in the pixels, where nobody sees them: quantisation index modulation of a few low frequencies of the 8x8 blocks
 * that JPEG also works on (Chen and Wornell, "Quantization index modulation", 2001). A coefficient is moved to the
 * nearest multiple of a step, or half a step beside it for a 1; it is read right as long as it is off by less than a
 * quarter of the step. Quality 75 quantises these frequencies by at most 8, and so moves them by at most 4.
 */

/** 8-bit pixels, red, green and blue first; alpha, if there is any, is left alone. */
export interface Pixels extends Size {
  readonly data: Buffer;
  readonly channels: number;
}

/** Horizontal and vertical frequency of the coefficients that are used. */
const frequencies = [
  [2, 0],
  [1, 1],
  [0, 2],
  [0, 3],
  [1, 2],
  [2, 1],
  [3, 0],
  [2, 2],
] as const;

/** The two-dimensional cosines of those frequencies (orthonormal DCT-II, as in ITU-T T.81, A.3.3). */
const cosines = frequencies.map(([u, v]) =>
  Float64Array.from({ length: 64 }, (_, at) => cosine(at % 8, u) * cosine(at >> 3, v)),
);

function cosine(at: number, frequency: number): number {
  return Math.sqrt(frequency === 0 ? 1 / 8 : 1 / 4) * Math.cos(((2 * at + 1) * frequency * Math.PI) / 16);
}

/** Blocks that are used at most: the first of every so many in a large picture, which is enough and takes a second. */
const maxBlocks = 32_768;

function countBlocks({ width, height }: Size): { across: number; every: number; used: number } {
  const across = width >> 3;
  const all = across * (height >> 3);
  const every = Math.max(1, Math.ceil(all / maxBlocks));
  return { across, every, used: Math.ceil(all / every) };
}

/** How many coefficients a picture has room for; a bit is written into many of them. */
export function countSlots(size: Size): number {
  return countBlocks(size).used * frequencies.length;
}

/** Writes `bitOf(slot)`, 0 or 1, into each slot, in place. */
export async function embedBits(
  pixels: Pixels,
  bitOf: (slot: number) => number,
  step: number,
): Promise<void> {
  const change = new Float64Array(64);
  await eachBlock(pixels, (block, at, firstSlot) => {
    change.fill(0);
    cosines.forEach((basis, index) => {
      const coefficient = project(block, basis);
      const slot = firstSlot + index;
      const offset = (dither(slot) + bitOf(slot) / 2) * step;
      const wanted = Math.round((coefficient - offset) / step) * step + offset;
      for (let i = 0; i < 64; i++) {
        change[i] = (change[i] ?? 0) + (wanted - coefficient) * (basis[i] ?? 0);
      }
    });
    addToBlock(pixels, at, change);
  });
}

/** What each slot says: from 1, certainly a 0, to -1, certainly a 1. */
export async function readSlots(pixels: Pixels, step: number): Promise<Float32Array> {
  const slots = new Float32Array(countSlots(pixels));
  await eachBlock(pixels, (block, _at, firstSlot) => {
    cosines.forEach((basis, index) => {
      const slot = firstSlot + index;
      slots[slot] = Math.cos(2 * Math.PI * (project(block, basis) / step - dither(slot)));
    });
  });
  return slots;
}

/** From 0 to 1, by a hash: what is flat or was painted over then says as many zeros as ones, instead of zeros only. */
function dither(slot: number): number {
  const mixed = Math.imul(slot ^ (slot >>> 15), 0x2c1b3c6d);
  return (Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39) >>> 0) / 2 ** 32;
}

function project(block: Float64Array, basis: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < 64; i++) {
    sum += (block[i] ?? 0) * (basis[i] ?? 0);
  }
  return sum;
}

type Visit = (luminance: Float64Array, at: number, firstSlot: number) => void;

/** Visits the blocks that are used, row by row, and lets others run in between. */
async function eachBlock(pixels: Pixels, visit: Visit): Promise<void> {
  const { data, width, channels } = pixels;
  const { across, every, used } = countBlocks(pixels);
  const block = new Float64Array(64);
  for (let index = 0; index < used; index++) {
    const row = Math.floor((index * every) / across);
    const at = (row * width + ((index * every) % across)) * 8 * channels;
    for (let i = 0; i < 64; i++) {
      const from = at + ((i >> 3) * width + (i & 7)) * channels;
      block[i] = 0.299 * (data[from] ?? 0) + 0.587 * (data[from + 1] ?? 0) + 0.114 * (data[from + 2] ?? 0);
    }
    visit(block, at, index * frequencies.length);
    if (index % 256 === 0) {
      await setImmediate();
    }
  }
}

/** The same for red, green and blue: changes the luminance by that and no chrominance. */
function addToBlock({ data, width, channels }: Pixels, at: number, change: Float64Array): void {
  for (let i = 0; i < 64; i++) {
    const to = at + ((i >> 3) * width + (i & 7)) * channels;
    for (let channel = to; channel < to + 3; channel++) {
      const value = Math.round((data[channel] ?? 0) + (change[i] ?? 0));
      data[channel] = Math.min(255, Math.max(0, value));
    }
  }
}
