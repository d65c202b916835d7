import { crc32 } from 'node:zlib';
import type { StyleAction } from '../../style/parse.ts';
import { base64Text, defineAction, integer, oneOf, readValues } from './action.ts';
import { countSlots, embedBits, type Pixels, readSlots } from './blind-pixels.ts';
import { badRequest } from './failures.ts';
import { ofPixels, openPicture, type Picture, render } from './picture.ts';
import type { Source } from './source.ts';

/*
 * `image/blindwatermark` and its reading back (OSS help: "Add blind watermarks"). How OSS hides the text is not
 * public: texts hidden here are read here, those of OSS are not.
 */

export type Strength = 'low' | 'medium' | 'high';

/** Steps of the coefficients (see blind-pixels): a quarter of each is more than the 4 that quality 75 moves them by. */
const steps: Readonly<Record<Strength, number>> = { low: 20, medium: 28, high: 38 };

const strength = oneOf(['low', 'medium', 'high']);

/**
 * The text travels in a frame: its length in bytes (2), the text, zeros up to a multiple of 16, a CRC-32 of all that
 * (4). Every sixteenth slot says instead how long the frame is, in 16 bytes, followed by the same bits inverted.
 */
const frameUnitBytes = 16;
const frameExtraBytes = 6;
const headerBits = 16;
const headerEvery = 16;
const maxCharacters = 256;

/** Hides the text in the pixels, in place. Throws OSS's error when they cannot hold it. */
export async function embedBlindWatermark(pixels: Pixels, text: string, s: Strength): Promise<void> {
  const frame = toFrame(text, s);
  const units = frame.length / frameUnitBytes;
  const header = Buffer.of(units, ~units & 0xff);
  const bitOf = (slot: number) =>
    slot % headerEvery === 0 ? bitAt(header, headerBit(slot)) : bitAt(frame, frameBit(slot, frame));
  if (isBlackOrWhite(pixels)) {
    throw badRequest('BadRequest', 'A black or white picture holds no watermark.');
  }
  if (countSlots(pixels) > frame.length * 8) {
    await embedBits(pixels, bitOf, steps[s]);
  }
  if ((await readBlindWatermark(pixels, s)) === text) {
    return;
  }
  const size = `${pixels.width}x${pixels.height}`;
  throw badRequest(
    'BadRequest',
    `The picture of ${size} px is too small, or too glaring, for the watermark.`,
  );
}

/** The text hidden with this strength; undefined when there is none, or too little is left of it. */
export async function readBlindWatermark(pixels: Pixels, s: Strength): Promise<string | undefined> {
  const slots = await readSlots(pixels, steps[s]);
  const header = Buffer.alloc(headerBits / 8);
  count(slots, header, (slot) => (slot % headerEvery === 0 ? headerBit(slot) : undefined));
  const [units = 0, inverted = 0] = header;
  if (units === 0 || (units ^ inverted) !== 0xff) {
    return undefined;
  }
  const frame = Buffer.alloc(units * frameUnitBytes);
  count(slots, frame, (slot) => (slot % headerEvery === 0 ? undefined : frameBit(slot, frame)));
  if (checksum(frame, s) !== frame.readUInt32BE(frame.length - 4)) {
    return undefined;
  }
  return frame.toString('utf8', 2, 2 + frame.readUInt16BE(0));
}

/** Documented: OSS takes no pictures that are nothing but black or white. */
function isBlackOrWhite({ data, channels }: Pixels): boolean {
  const first = data[0];
  if (first !== 0 && first !== 255) {
    return false;
  }
  return data.every((value, at) => value === first || (channels === 4 && at % 4 === 3));
}

function toFrame(text: string, s: Strength): Buffer {
  const body = Buffer.from(text);
  const bytes = Math.ceil((body.length + frameExtraBytes) / frameUnitBytes) * frameUnitBytes;
  const frame = Buffer.alloc(bytes);
  frame.writeUInt16BE(body.length, 0);
  body.copy(frame, 2);
  frame.writeUInt32BE(checksum(frame, s), bytes - 4);
  return frame;
}

/** Goes by the strength, too, since OSS wants the same one for reading. */
function checksum(frame: Buffer, s: Strength): number {
  return crc32(frame.subarray(0, -4), steps[s]);
}

function bitAt(bytes: Buffer, bit: number): number {
  return ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1;
}

function headerBit(slot: number): number {
  return rotate(slot / headerEvery, headerBits);
}

function frameBit(slot: number, frame: Buffer): number {
  return rotate(slot - Math.floor(slot / headerEvery) - 1, frame.length * 8);
}

/**
 * Goes round through the bits, each round from another one on, so that no bit keeps to one column of the picture, where
 * one bright edge would destroy all its copies.
 */
function rotate(index: number, bitCount: number): number {
  const round = Math.floor(index / bitCount);
  return (index + round * Math.floor(bitCount * 0.618)) % bitCount;
}

/** Sets each bit by the sum of what the slots say that carry it. */
function count(slots: Float32Array, bytes: Buffer, bitOf: (slot: number) => number | undefined): void {
  const votes = new Float64Array(bytes.length * 8);
  for (let slot = 0; slot < slots.length; slot++) {
    const bit = bitOf(slot);
    if (bit !== undefined) {
      votes[bit] = (votes[bit] ?? 0) + (slots[slot] ?? 0);
    }
  }
  votes.forEach((vote, bit) => {
    if (vote < 0) {
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  });
}

async function readPixels(picture: Picture) {
  const pipeline = picture.hasAlpha ? picture.open() : picture.open().removeAlpha();
  return render(picture, pipeline.toColourspace('srgb').raw());
}

/** The result is written with quality q and not below it, whatever the source's. */
export const blindwatermark = defineAction({
  parameters: { content: base64Text(), s: strength, q: integer(70, 100) },
  check: ({ content = '' }) => {
    if (content === '') {
      throw badRequest('MissingArgument', 'The action blindwatermark has no content.');
    }
    if ([...content].length > maxCharacters) {
      throw badRequest('InvalidArgument', `The content is longer than ${maxCharacters} characters.`);
    }
  },
  apply: async (picture, { content = '', s = 'low', q = 90 }) => {
    const { format } = picture.source;
    if (format === 'gif' || format === 'avif') {
      throw badRequest(
        'BadRequest',
        `A blind watermark is for JPG, PNG, BMP, WebP and TIFF, not for ${format}.`,
      );
    }
    const { data, info } = await readPixels(picture);
    await embedBlindWatermark({ ...info, data }, content, s);
    const output = { ...picture.output, quality: { percent: q, kind: 'exact' as const } };
    return { ...ofPixels(picture, { data, info }), output };
  },
});

/** The answer of `image/deblindwatermark,s_…,t_text`: the text itself. */
export async function describeBlindWatermark(source: Source, action: StyleAction): Promise<string> {
  const { s = 'low' } = readValues(action, { parameters: { s: strength, t: oneOf(['text']) } });
  const { data, info } = await readPixels(openPicture(source, { orient: true, animated: false }));
  const text = await readBlindWatermark({ ...info, data }, s);
  if (text === undefined) {
    throw badRequest('BadRequest', `No blind watermark of strength ${s} was found.`);
  }
  return text;
}
