import sharp from 'sharp';
import { openPicture, type Question, renderPipeline } from '../picture.ts';

/**
 * Answers with the mean of all pixels, transparency counted as white. OSS leaves out pixels near the mean, by
 * a threshold that it does not tell (OSS help: "Query the average tone").
 */
export const averageHue: Question = async (source) => {
  const picture = openPicture(source, { isTurned: false, isAnimated: false });
  // A mean survives shrinking, and a million pixels are added up without keeping others waiting.
  const small = picture.open().resize(1000, 1000, { fit: 'inside', withoutEnlargement: true });
  const { data, info } = await renderPipeline(picture, small.flatten({ background: '#ffffff' }).raw());
  const { channels } = await sharp(data, { raw: info }).stats();
  const hex = channels.map(({ mean }) => Math.round(mean).toString(16).padStart(2, '0'));
  return { body: Buffer.from(`{"RGB": "0x${hex.join('')}"}`), contentType: 'application/json' };
};
