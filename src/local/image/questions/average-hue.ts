import sharp from 'sharp';
import { openPicture, type Question, renderPipeline } from '../picture.ts';

/**
 * Returns the mean of all pixels, with transparency as white. OSS ignores pixels near the mean, by a
 * threshold that it does not document (OSS help: "Query the average tone").
 */
export const averageHue: Question = async (source) => {
  const picture = openPicture(source, { isTurned: false, isAnimated: false });
  // Shrinking preserves a mean, and a million pixels are summed without blocking other work.
  const small = picture.open().resize(1000, 1000, { fit: 'inside', withoutEnlargement: true });
  const { data, info } = await renderPipeline(picture, small.flatten({ background: '#ffffff' }).raw());
  const { channels } = await sharp(data, { raw: info }).stats();
  const hex = channels.map(({ mean }) => Math.round(mean).toString(16).padStart(2, '0'));
  return { body: Buffer.from(`{"RGB": "0x${hex.join('')}"}`), contentType: 'application/json' };
};
