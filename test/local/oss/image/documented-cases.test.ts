import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { OssError } from '../../../../src/local/oss/errors.ts';
import { processImage } from '../../../../src/local/oss/image/process-image.ts';

interface DocumentedError {
  http: number | null;
  code: string | null;
  ec: string | null;
  message: string | null;
}

interface DocumentedCase {
  id: string;
  source: { w: number | null; h: number | null; format: string; notes: string };
  style: string;
  expected: {
    w: number | null;
    h: number | null;
    format: string | null;
    notes: string;
    error?: DocumentedError;
  };
  basis: string;
}

const cases: DocumentedCase[] = JSON.parse(
  readFileSync(new URL('../../../fixtures/processing-cases.json', import.meta.url), 'utf8'),
);

/** Cases that say nothing about images: c026 records a contradicted older page, c044 is about the request. */
const elsewhere = ['c026', 'c044'];

const imageCases = cases
  .filter(({ id }) => !elsewhere.includes(id))
  // What is saved is decided before the save-as segment, which is the server's.
  .map((documented) => ({ ...documented, style: documented.style.replace(/\|sys\/.*$/, '') }));

describe('cases documented by OSS or asserted live by its SDKs', () => {
  it.each(imageCases)('$id: $style', async (documented) => {
    const outcome = await judge(documented);

    expect(outcome).toMatchObject(outcome.skipped === undefined ? expectation(documented) : {});
  });

  it('are skipped only for actions that are not implemented', async () => {
    const all = await Promise.all(imageCases.map(judge));

    const skipped = all.flatMap((outcome) => outcome.skipped ?? []);
    console.info(`${imageCases.length - skipped.length} of ${imageCases.length} documented cases run`);
    expect(countByName(skipped)).toEqual({
      'HEIC results': 1,
      'image/average-hue': 1,
      'image/blur': 2,
      'image/bright': 1,
      'image/circle': 3,
      'image/flip': 1,
      'image/indexcrop': 5,
      'image/rounded-corners': 2,
      'image/sharpen': 1,
      'watermark with image_': 6,
    });
  });
});

interface Outcome {
  skipped?: string;
  width?: number;
  height?: number;
  format?: string;
  pages?: number;
  error?: Partial<OssError>;
}

const outcomes = new Map<string, Promise<Outcome>>();

/** Each case is run once, whichever test asks for it first. */
function judge(documented: DocumentedCase): Promise<Outcome> {
  const outcome = outcomes.get(documented.id) ?? run(documented);
  outcomes.set(documented.id, outcome);
  return outcome;
}

async function run(documented: DocumentedCase): Promise<Outcome> {
  try {
    const { body, contentType } = await processImage({
      input: await createSource(documented.source),
      style: documented.style,
    });
    if (contentType === 'application/json') return { format: 'json' };
    const { width, height, format, pages } = await sharp(body).metadata();
    return { width, height, format: format === 'jpeg' ? 'jpg' : format, pages: pages ?? 1 };
  } catch (error) {
    if (!(error instanceof OssError)) throw error;
    if (error.statusCode !== 501) return { error };
    return { skipped: /implement (.*)\.$/.exec(error.message)?.[1] ?? error.message };
  }
}

function expectation({ expected }: DocumentedCase): Outcome {
  if (expected.error !== undefined) {
    const { http, code, ec, message } = expected.error;
    return {
      error: {
        statusCode: http ?? 400,
        ...(code !== null && { code }),
        ...(ec !== null && { ec }),
        ...(message !== null && { message }),
      },
    };
  }
  return {
    ...(expected.w !== null && { width: expected.w }),
    ...(expected.h !== null && { height: expected.h }),
    ...(expected.format !== null && { format: expected.format }),
    ...(expected.notes.includes('animated') && { pages: 6 }),
  };
}

function createSource({ w, h, format, notes }: DocumentedCase['source']): Promise<Buffer> {
  const [width, height] = [w ?? 400, h ?? 300];
  const background = notes.includes('alpha') ? '#ff000080' : '#3366cc';
  const channels = notes.includes('alpha') ? 4 : 3;
  if (notes.includes('animated')) return createAnimation(width, height);
  const image = sharp({ create: { width, height, channels, background } });
  if (format === 'webp') return image.webp().toBuffer();
  if (format === 'png') return image.png().toBuffer();
  const orientation = Number(/Orientation (\d)/.exec(notes)?.[1] ?? 1);
  return image.withMetadata({ orientation }).jpeg({ quality: 80 }).toBuffer();
}

async function createAnimation(width: number, height: number): Promise<Buffer> {
  const colors = ['#f00', '#0f0', '#00f', '#ff0', '#0ff', '#f0f'];
  const frames = colors.map((background) =>
    sharp({ create: { width, height, channels: 3, background } })
      .png()
      .toBuffer(),
  );
  return sharp(await Promise.all(frames), { join: { animated: true } })
    .gif()
    .toBuffer();
}

function countByName(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
