import sharp, { type Sharp } from 'sharp';
import type { Size } from './image/refuse.ts';

/** A picture to try things on; `name` is good as a key. */
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
 * The pictures of the demo, or only those named, the same bytes at each call of one sharp version: a portrait stored
 * sideways with EXIF orientation 6, a logo with alpha, a WebP banner, an animated GIF, a JPEG of 24 megapixels, and a
 * text that calls itself a JPEG.
 */
export async function samplePictures(...names: string[]) {
  const asked = samples.filter(({ name }) => names.length === 0 || names.includes(name));
  return Promise.all(asked.map(async ({ draw, ...picture }) => ({ ...picture, body: await draw() })));
}

/** A woman before a wall: 1200 x 1600 when shown, 1600 x 1200 and lying on her side as stored. */
async function drawPortrait(): Promise<Buffer> {
  const upright = await photograph(portrait, { width: 1200, height: 1600 });
  return upright.rotate(270).withMetadata({ orientation: 6 }).jpeg({ quality: 88 }).toBuffer();
}

const portrait = `
  <linearGradient id="wall" x2="0.4" y2="1"><stop stop-color="#d3dbd8"/><stop offset="1" stop-color="#6d8299"/></linearGradient>
  <radialGradient id="skin" cx="0.38" cy="0.35"><stop stop-color="#ffdcc2"/><stop offset="1" stop-color="#cb9070"/></radialGradient>
  <rect width="1200" height="1600" fill="url(#wall)"/>
  <path d="M300 1240 C200 280 400 260 600 260 C800 260 1000 280 900 1240 Z" fill="#3b2417"/>
  <path d="M130 1600 C170 1250 420 1170 600 1170 C780 1170 1030 1250 1070 1600 Z" fill="#1b4a47"/>
  <path d="M510 960 H690 V1170 Q600 1270 510 1170 Z" fill="#b97b5c"/>
  <ellipse cx="600" cy="740" rx="245" ry="325" fill="url(#skin)"/>
  <path d="M340 720 C330 300 870 300 860 720 C820 560 700 520 560 500 C480 560 380 600 340 720 Z" fill="#4a2e1d"/>
  <g fill="#fff"><ellipse cx="505" cy="715" rx="46" ry="25"/><ellipse cx="695" cy="715" rx="46" ry="25"/></g>
  <g fill="#2d4a3e"><circle cx="508" cy="714" r="22"/><circle cx="692" cy="714" r="22"/></g>
  <g fill="none" stroke-linecap="round" stroke-width="13" stroke="#3b2417">
    <path d="M455 660 Q505 630 555 660 M645 660 Q695 630 745 660"/>
    <path d="M605 740 Q578 825 602 840" stroke="#b97b5c"/><path d="M515 925 Q600 985 685 925" stroke="#a3453f"/>
  </g>`;

function drawLogo(): Promise<Buffer> {
  const petal = (degrees: number) =>
    `<ellipse cx="300" cy="165" rx="75" ry="140" fill="hsl(${degrees}, 85%, 55%)" fill-opacity="0.6" transform="rotate(${degrees} 300 300)"/>`;
  const petals = [0, 60, 120, 180, 240, 300].map(petal).join('');
  const drawing = `${petals}<circle cx="300" cy="300" r="60" fill="#fff"/>`;
  return svg({ width: 600, height: 600 }, drawing).png().toBuffer();
}

async function drawBanner(): Promise<Buffer> {
  const banner = await photograph(landscape, { width: 1600, height: 600 });
  return banner.webp({ quality: 82 }).toBuffer();
}

/** Drawn small and enlarged: 24 megapixels of SVG would take seconds. */
async function drawPoster(): Promise<Buffer> {
  const poster = await photograph(landscape, { width: 6000, height: 4000 }, { width: 1500, height: 1000 });
  return poster.jpeg({ quality: 85 }).toBuffer();
}

/** Twelve dots that fade behind each other, in as many frames. */
async function drawSpinner(): Promise<Buffer> {
  const steps = Array.from({ length: 12 }, (_, index) => index);
  const dot = (index: number, frame: number) =>
    `<circle cx="120" cy="40" r="16" fill="#e8590c" fill-opacity="${(1 + ((index - frame + 12) % 12)) / 12}" transform="rotate(${index * 30} 120 120)"/>`;
  const draw = (frame: number) =>
    `<rect width="240" height="240" fill="#fff8f0"/>${steps.map((index) => dot(index, frame)).join('')}`;
  const frames = steps.map((frame) => svg({ width: 240, height: 240 }, draw(frame)).png().toBuffer());
  const film = sharp(await Promise.all(frames), { join: { animated: true } });
  return film.gif({ delay: steps.map(() => 80), loop: 0 }).toBuffer();
}

/** A sunset over four ranges of hills; a picture of another shape shows its middle. */
const landscape = `<svg viewBox="0 0 300 200" preserveAspectRatio="xMidYMid slice">
  <linearGradient id="sky" x2="0" y2="1"><stop stop-color="#1f2a5c"/><stop offset="0.45" stop-color="#e0685a"/><stop offset="0.7" stop-color="#ffd27a"/></linearGradient>
  <radialGradient id="sun"><stop stop-color="#fffbe6"/><stop offset="0.3" stop-color="#ffe9a8"/><stop offset="1" stop-color="#ffd27a" stop-opacity="0"/></radialGradient>
  <rect width="300" height="200" fill="url(#sky)"/>
  <circle cx="204" cy="92" r="40" fill="url(#sun)"/>
  <path d="M0 104 Q30 84 60 106 T120 100 T180 112 T240 98 T300 108 V200 H0 Z" fill="#605190"/>
  <path d="M0 132 Q40 112 80 128 T150 122 T230 134 T300 120 V200 H0 Z" fill="#53396d"/>
  <path d="M0 148 Q50 164 100 148 T200 152 T300 146 V200 H0 Z" fill="#3e234d"/>
  <path d="M0 178 Q75 158 150 176 T300 172 V200 H0 Z" fill="#241129"/>
  </svg>`;

function svg({ width, height }: Size, content: string): Sharp {
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`;
  return sharp(Buffer.from(text));
}

/** A drawing at a size, with the grain of a sensor: without it a JPEG would be unlike any photograph. */
async function photograph(content: string, size: Size, drawnSize = size): Promise<Sharp> {
  const { data, info } = await svg(drawnSize, content)
    .flatten()
    .resize(size)
    .composite([{ input: grain(512), raw: { width: 512, height: 512, channels: 4 }, tile: true }])
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return sharp(data, { raw: info });
}

/** Square of grey noise of little opacity, from a linear congruential generator: the same at each call. */
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

/** Width and height as a person sees the picture, turned as its EXIF orientation says; undefined when it is no picture. */
export async function measurePicture(body: Buffer): Promise<Size | undefined> {
  try {
    return (await sharp(body).metadata()).autoOrient;
  } catch {
    return undefined;
  }
}
