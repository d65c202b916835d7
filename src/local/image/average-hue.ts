import { openPicture, render } from './picture.ts';
import type { Source } from './source.ts';

/**
 * The answer of `image/average-hue` (OSS help: "Query the average tone"). OSS leaves out pixels near the mean, by a
 * threshold it does not tell; here it is the mean of all, transparency counted as white.
 */
export async function describeAverageHue(source: Source): Promise<string> {
  const picture = openPicture(source, { orient: false, animated: false });
  // A mean survives shrinking, and a million pixels are added up without keeping others waiting.
  const small = picture.open().resize(1000, 1000, { fit: 'inside', withoutEnlargement: true });
  const opaque = small.flatten({ background: '#ffffff' }).toColourspace('srgb');
  const { data } = await render(picture, opaque.raw());
  const sums = [0, 0, 0];
  for (let at = 0; at < data.length; at += 3) {
    for (let channel = 0; channel < 3; channel++) {
      sums[channel] = (sums[channel] ?? 0) + (data[at + channel] ?? 0);
    }
  }
  const hex = sums.map((sum) => Math.round((3 * sum) / data.length).toString(16));
  return `{"RGB": "0x${hex.map((digits) => digits.padStart(2, '0')).join('')}"}`;
}
