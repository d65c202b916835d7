import { expect, it } from 'vitest';
import type { ProcessImage } from '../../../src/local/image/contract.ts';
import { renderPicture } from '../../../src/local/page/server/pictures.ts';
import { startOss } from '../oss/running-oss.ts';

const processImage: ProcessImage = async ({ style }) => ({
  body: Buffer.from(style),
  contentType: 'image/png',
});

it('the page renders a named style of the bucket, and only what somebody named so', async () => {
  const { call, store } = await startOss();
  await call({ method: 'PUT', bucket: 'photos', key: 'a.jpg', body: 'x' });
  const style = { method: 'PUT', bucket: 'photos', query: { style: '', styleName: 'small' } };
  await call({ ...style, body: '<Style><Content>image/resize,w_9</Content></Style>' });
  const render = (text: string) =>
    renderPicture({ store, processImage }, { bucket: 'photos', key: 'a.jpg' }, text);

  expect((await render('style/small')).body.toString()).toBe('image/resize,w_9');
  for (const name of ['large', 'constructor']) {
    await expect(render(`style/${name}`)).rejects.toMatchObject({ code: 'NoSuchStyle', statusCode: 404 });
  }
});
