/* Copies of a source that is replaced while they are under way. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type RunningOss, startOss } from '../running-oss.ts';
import { initiate, object as upload } from './multipart-upload.ts';
import { object, put } from './signed-object.ts';

const copyOnto = (oss: RunningOss, key: string, headers: Record<string, string> = {}) =>
  oss.call({
    bucket: 'photos',
    key,
    method: 'PUT',
    headers: { 'x-oss-copy-source': '/photos/a.txt', ...headers },
  });
const get = (oss: RunningOss, key = object.key) => oss.call({ bucket: 'photos', key, method: 'GET' });

/** Replaces the source without a pause, by a long and a short body in turn, until the test ends. */
async function replaceWithoutPause(oss: RunningOss) {
  let isOver = false;
  const bodies = [
    put({ body: 'A'.repeat(3000), headers: { 'content-type': 'text/long' } }),
    put({ body: 'B' }),
  ];
  await oss.call(bodies[0] ?? put());
  const replacing = (async () => {
    for (let round = 0; !isOver; round += 1) {
      await oss.call(bodies[round % 2] ?? put());
    }
  })();
  onTestFinished(async () => {
    isOver = true;
    await replacing;
  });
}

describe('a copy whose source is replaced meanwhile', () => {
  it('a copy of a range has bytes of one object alone, though its source is replaced meanwhile', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss);
    await replaceWithoutPause(oss);

    for (let round = 0; round < 150; round += 1) {
      const { text } = await oss.call({
        ...upload,
        method: 'PUT',
        query: { partNumber: '1', uploadId },
        headers: { 'x-oss-copy-source': '/photos/a.txt', 'x-oss-copy-source-range': 'bytes=0-999' },
      });
      const eTag = /<ETag>"(.*?)"/.exec(text)?.[1] ?? '';
      const md5s = ['A'.repeat(1000), 'B'].map((body) =>
        createHash('md5').update(body).digest('hex').toUpperCase(),
      );
      expect(md5s).toContain(eTag);
    }
  });

  it('a copy onto itself has the ETag of the bytes that it keeps, though they are replaced meanwhile', async () => {
    const oss = await startOss();
    await replaceWithoutPause(oss);

    for (let round = 0; round < 150; round += 1) {
      await copyOnto(oss, object.key);
      const { headers, body } = await get(oss);
      expect(headers.etag).toBe(`"${createHash('md5').update(body).digest('hex').toUpperCase()}"`);
    }
  });

  it('a copy onto itself leaves the bytes of an upload that ended before it', async () => {
    const oss = await startOss();
    await oss.call(put());
    const { open } = oss.store;
    vi.spyOn(oss.store, 'open').mockImplementationOnce(async (...place) => {
      const opened = await open.apply(oss.store, place);
      async function* slow() {
        yield* opened.stream();
        await oss.call(put({ body: 'later' }));
      }
      return { ...opened, stream: () => Readable.from(slow()) };
    });

    const { statusCode } = await copyOnto(oss, object.key, { 'x-oss-meta-a': '1' });

    const { headers, text } = await get(oss);
    expect([statusCode, text, headers['x-oss-meta-a']]).toEqual([200, 'later', '1']);
  });

  it('a copy has the Content-Type that belongs to its bytes, though its source is replaced meanwhile', async () => {
    const oss = await startOss();
    await replaceWithoutPause(oss);

    for (let round = 0; round < 150; round += 1) {
      await copyOnto(oss, 'copy');
      const { headers, text } = await get(oss, 'copy');
      expect([headers['content-type'], text[0]]).toEqual(
        text.length > 1 ? ['text/long', 'A'] : ['application/octet-stream', 'B'],
      );
    }
  });
});
