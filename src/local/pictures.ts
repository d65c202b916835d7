import { readFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import type { Size } from './image/refuse.ts';

/** A picture for trying things; `name` can be used as a key. */
export type SamplePicture = Awaited<ReturnType<typeof samplePictures>>[number];

const jpeg = 'image/jpeg';
const samples = [
  { name: 'portrait.jpg', contentType: jpeg, draw: drawPortrait },
  { name: 'logo.png', contentType: 'image/png', draw: drawLogo },
  { name: 'banner.webp', contentType: 'image/webp', draw: drawBanner },
  { name: 'spinner.gif', contentType: 'image/gif', draw: drawSpinner },
  { name: 'poster.jpg', contentType: jpeg, draw: drawPoster },
  { name: 'broken.jpg', contentType: jpeg, draw: async () => Buffer.from('This is a text, not a JPEG.\n') },
];

/**
 * The pictures of the demo, or only those named. With one version of sharp the bytes are always the same: a
 * portrait stored sideways with EXIF orientation 6, a logo with alpha, a WebP banner, an animated GIF, a JPEG
 * of 24 megapixels, and a text that claims to be a JPEG.
 */
export async function samplePictures(...names: string[]) {
  const asked = samples.filter(({ name }) => names.length === 0 || names.includes(name));
  return Promise.all(asked.map(async ({ draw, ...picture }) => ({ ...picture, body: await draw() })));
}

/** A woman in front of a wall: 1200 x 1600 as displayed, but stored as 1600 x 1200 on her side. */
async function drawPortrait(): Promise<Buffer> {
  const upright = await photograph('portrait', { width: 1200, height: 1600 });
  return upright.rotate(270).withMetadata({ orientation: 6 }).jpeg({ quality: 88 }).toBuffer();
}

function drawLogo(): Promise<Buffer> {
  const petal = (degrees: number) => {
    const look = `fill="hsl(${degrees}, 85%, 55%)" fill-opacity="0.6"`;
    return `<ellipse cx="300" cy="165" rx="75" ry="140" ${look} transform="rotate(${degrees} 300 300)"/>`;
  };
  const petals = [0, 60, 120, 180, 240, 300].map(petal).join('');
  const drawing = `${petals}<circle cx="300" cy="300" r="60" fill="#fff"/>`;
  return svg({ width: 600, height: 600 }, drawing).png().toBuffer();
}

async function drawBanner(): Promise<Buffer> {
  const banner = await photograph('landscape', { width: 1600, height: 600 });
  return banner.webp({ quality: 82 }).toBuffer();
}

/** Drawn small and enlarged, because 24 megapixels of SVG would take seconds. */
async function drawPoster(): Promise<Buffer> {
  const poster = await photograph('landscape', { width: 6000, height: 4000 }, { width: 1500, height: 1000 });
  return poster.jpeg({ quality: 85 }).toBuffer();
}

/** Twelve dots that fade one after another, in as many frames. */
async function drawSpinner(): Promise<Buffer> {
  const steps = Array.from({ length: 12 }, (_, index) => index);
  const dot = (index: number, frame: number) => {
    const look = `fill="#e8590c" fill-opacity="${(1 + ((index - frame + 12) % 12)) / 12}"`;
    return `<circle cx="120" cy="40" r="16" ${look} transform="rotate(${index * 30} 120 120)"/>`;
  };
  const draw = (frame: number) =>
    `<rect width="240" height="240" fill="#fff8f0"/>${steps.map((index) => dot(index, frame)).join('')}`;
  const frames = steps.map((frame) => svg({ width: 240, height: 240 }, draw(frame)).png().toBuffer());
  const film = sharp(await Promise.all(frames), { join: { animated: true } });
  return film.gif({ delay: steps.map(() => 80), loop: 0 }).toBuffer();
}

function svg({ width, height }: Size, content: string): Sharp {
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`;
  return sharp(Buffer.from(text));
}

/** A drawing at a size, with the grain of a sensor, without which a JPEG would not resemble a photograph. */
async function photograph(name: 'portrait' | 'landscape', size: Size, drawnSize = size): Promise<Sharp> {
  const content = await readFile(new URL(`pictures/${name}.svg`, import.meta.url), 'utf8');
  const { data, info } = await svg(drawnSize, content)
    .flatten()
    .resize(size)
    .composite([{ input: grain(512), raw: { width: 512, height: 512, channels: 4 }, tile: true }])
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return sharp(data, { raw: info });
}

/** A square of faint grey noise from a linear congruential generator, the same at each call. */
function grain(sidePx: number): Buffer {
  const noise = Buffer.alloc(sidePx * sidePx * 4);
  let state = 20_260_801;
  for (let at = 0; at < noise.length; at += 4) {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    noise.fill(state > 2_147_483_648 ? 255 : 0, at, at + 3);
    noise[at + 3] = (state >>> 16) % 14;
  }
  return noise;
}

/** Width and height as displayed, after EXIF rotation; undefined if it is no picture. */
export async function measurePicture(body: Buffer): Promise<Size | undefined> {
  try {
    return (await sharp(body).metadata()).autoOrient;
  } catch {
    return undefined;
  }
}
