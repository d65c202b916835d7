import { refusals } from '../../../style/catalog.ts';
import { stepOf } from '../actions/blindwatermark.ts';
import { extractText } from '../blind-text.ts';
import { openPicture, type Question, readPixels } from '../picture.ts';
import { refuse } from '../refuse.ts';

export const deblindwatermark: Question = async (source, { texts: { s } }) => {
  const picture = openPicture(source, { isTurned: true, isAnimated: false });
  const text = await extractText(await readPixels(picture), stepOf(s));
  if (text === undefined) {
    throw refuse(refusals.blindNotFound, s);
  }
  return { body: Buffer.from(text), contentType: 'text/plain' };
};
