import { expect, it } from 'vitest';
import type { ImageProcessor } from '../../../src/local/image/contract.ts';
import { firstObjects, newestPictures } from '../../../src/local/page/server/objects.ts';
import { renderPicture } from '../../../src/local/page/server/pictures.ts';
import { startOss } from '../oss/running-oss.ts';

const processImage: ImageProcessor = async ({ style }) => ({
  body: Buffer.from(style),
  contentType: 'image/png',
});

it('the page renders a named style of the bucket, and only what somebody named so', async () => {
  const { call, store } = await startOss();
  await call({ method: 'PUT', bucket: 'photos', key: 'a.jpg', body: 'x' });
  const style = { method: 'PUT', bucket: 'photos', query: { style: '', styleName: 'small' } };
  await call({ ...style, body: '<Style><Content>image/resize,w_9</Content></Style>' });
  const render = (text: string) =>
    renderPicture({ store, processImage }, { bucket: 'photos', key: 'a.jpg' }, null, text);

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
  const readsSource: ImageProcessor = async ({ readSource }) => ({
    body: await readSource(),
    contentType: 'image/png',
  });
  const render = (key: string) =>
    renderPicture({ store, processImage: readsSource }, { bucket: 'photos', key }, null, 'image/info');

  expect((await render('link.jpg')).body.toString()).toBe('x');
  await expect(render('old.jpg')).rejects.toMatchObject({ code: 'InvalidObjectState' });
});

it('the page lets a browser keep a picture only under an address that always leads to the same one', async () => {
  const { call, store } = await startOss();
  await call({ method: 'PUT', bucket: 'photos', key: 'a.jpg', body: 'x' });
  const link = { 'x-oss-symlink-target': 'a.jpg' };
  await call({ method: 'PUT', bucket: 'photos', key: 'link.jpg', query: { symlink: '' }, headers: link });
  const style = { method: 'PUT', bucket: 'photos', query: { style: '', styleName: 'small' } };
  await call({ ...style, body: '<Style><Content>image/resize,w_9</Content></Style>' });
  const cachingOf = async (key: string, text: string, version = store.meta('photos', key).eTag) => {
    const { headers } = await renderPicture(
      { store, processImage },
      { bucket: 'photos', key },
      version,
      text,
    );
    return headers?.['cache-control'];
  };

  expect(await cachingOf('a.jpg', 'image/resize,w_9')).toBe('private, max-age=3600');
  expect(await cachingOf('a.jpg', 'style/small')).toBe('no-store');
  expect(await cachingOf('a.jpg', 'image/watermark,image_bG9nby5wbmc')).toBe('no-store');
  expect(await cachingOf('link.jpg', 'image/resize,w_9')).toBe('no-store');
  expect(await cachingOf('a.jpg', 'image/resize,w_9', 'an earlier one')).toBe('no-store');
});

it('the page offers the newest pictures of a folder, however many objects stand before them', async () => {
  const { call, store } = await startOss();
  const put = (key: string, contentType: string) =>
    call({ method: 'PUT', bucket: 'photos', key, body: 'x', headers: { 'content-type': contentType } });
  for (let i = 10; i < 40; i += 1) {
    await put(`up/${i}.jpg`, 'image/jpeg');
  }
  await put('up/drawing.svg', 'image/svg+xml');
  await put('up/notes.txt', 'text/plain');
  await put('elsewhere/a.jpg', 'image/jpeg');
  const pictures = newestPictures(store, { bucket: 'photos', prefix: 'up/' });

  const times = pictures.map(({ lastModifiedMs }) => lastModifiedMs);
  expect(pictures).toHaveLength(24);
  expect(times).toEqual([...times].sort((one, other) => other - one));
  expect(pictures.every(({ key }) => /^up\/\d+\.jpg$/.test(key))).toBe(true);
});

it('the page lists a thousand objects, and as many more as are asked for', async () => {
  const { call, store } = await startOss();
  for (let i = 1000; i <= 2000; i += 1) {
    await call({ method: 'PUT', bucket: 'photos', key: `up/${i}`, body: 'x' });
  }

  const [first, both] = [1, 2].map((pages) =>
    firstObjects(store, { bucket: 'photos', prefix: 'up/' }, pages),
  );

  expect([first?.objects.length, first?.isTruncated]).toEqual([1000, true]);
  expect([both?.objects.length, both?.isTruncated]).toEqual([1001, false]);
});
