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

it('the page renders what a symbolic link leads to, and nothing that OSS would have to restore first', async () => {
  const { call, store } = await startOss();
  await call({ method: 'PUT', bucket: 'photos', key: 'a.jpg', body: 'x' });
  const link = { 'x-oss-symlink-target': 'a.jpg' };
  await call({ method: 'PUT', bucket: 'photos', key: 'link.jpg', query: { symlink: '' }, headers: link });
  const archived = { 'x-oss-storage-class': 'Archive' };
  await call({ method: 'PUT', bucket: 'photos', key: 'old.jpg', body: 'x', headers: archived });
  const readsSource: ProcessImage = async ({ readSource }) => ({
    body: await readSource(),
    contentType: 'image/png',
  });
  const render = (key: string) =>
    renderPicture({ store, processImage: readsSource }, { bucket: 'photos', key }, 'image/info');

  expect((await render('link.jpg')).body.toString()).toBe('x');
  await expect(render('old.jpg')).rejects.toMatchObject({ code: 'InvalidObjectState' });
});
