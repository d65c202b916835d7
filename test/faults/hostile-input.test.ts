import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { createCapture } from './capture.ts';

const hosts = [
  'evil.com',
  'evil.com/',
  'photos.evil.com',
  'a@evil.com',
  'photos:80',
  'photos#',
  'photos?',
  'ab',
];
const buckets = [
  ...hosts,
  '..',
  'PHOTOS',
  '-photos',
  'photos-',
  'photos_1',
  'ph otos',
  'ph%2fotos',
  '照片',
  'x\r\nhost: e',
];
const anyBucket = fc.oneof(
  fc.constant('photos'),
  fc.constantFrom(...buckets),
  fc.string(),
  fc.webUrl(),
  fc.domain(),
);
const anyKey = fc.oneof(
  fc.constantFrom(
    ...hostileKeys,
    '//evil.com/a',
    '\\\\evil.com\\a',
    'a\r\nHost: evil.com',
    'a|sys/saveas,o_eA,b_ZXZpbA',
  ),
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.webUrl(),
);

describe('what an event names', () => {
  it("what an event names never chooses another host, path or target bucket than OSS's own for it", async () => {
    const { sent, invoke } = createCapture();
    let requests = 0;
    await fc.assert(
      fc.asyncProperty(anyBucket, anyKey, fc.string(), async (bucket, key, elsewhere) => {
        sent.length = 0;
        const named = { name: bucket, arn: elsewhere, virtualBucket: elsewhere };
        const extras = { region: elsewhere, endpoint: elsewhere, host: elsewhere };
        const object = { key, eTag: elsewhere, size: 1, endpoint: elsewhere };
        await invoke({
          events: [
            { eventName: 'ObjectCreated:PutObject', ...extras, oss: { bucket: named, object, ...extras } },
          ],
        });

        requests += sent.length;
        for (const { origin, path, body } of sent) {
          expect(bucket).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
          expect(origin).toBe(`https://${bucket}.oss-cn-hangzhou-internal.aliyuncs.com`);
          expect(path).toMatch(/^\/([\w.~/-]|%[\dA-F]{2})+\?x-oss-process$/);
          expect(decodeURIComponent(path.slice(1, -'?x-oss-process'.length))).toBe(key);
          expect(targetBucketOf(body)).toBe(body.includes('watermark') ? bucket : 'other-bucket');
        }
      }),
      { numRuns: 500, seed: 20_261_122 },
    );
    expect(requests).toBeGreaterThan(300);
  });

  it.each(buckets)(
    'what an event names is refused where %j is its bucket, and nothing is sent',
    async (bucket) => {
      const { sent, invoke } = createCapture();

      const ended = await invoke({ bucket, key: 'a.jpg' });

      expect(sent.map(({ origin }) => origin)).toEqual([]);
      const name = `bucket ${JSON.stringify(bucket)}: expected 3 to 63 of a-z, 0-9 and "-"`;
      const shown = bucket.replaceAll('\r\n', '%0D%0A');
      expect(String(ended)).toContain(`permanent InvalidOutput oss://${shown}/a.jpg -> `);
      expect(String(ended)).toContain(name);
    },
  );

  it.each(['evil.com/', 'x.evil.com#', 'oss-cn-hangzhou', 'cn hangzhou', '..'])(
    'what an event names does not matter where %j is the region: nothing is sent',
    async (region) => {
      const { sent, invoke } = createCapture(region);

      const ended = await invoke({ bucket: 'photos', key: 'a.jpg' });

      expect(sent).toEqual([]);
      expect(String(ended)).toContain('expected a plain region id');
    },
  );

  it('what an event names cannot add a save-as of its own to a style it names', async () => {
    const { sent, invoke } = createCapture();
    const style = 'image/resize,w_1|sys/saveas,o_eA,b_ZXZpbA';

    const ended = await invoke({ bucket: 'photos', key: 'a', style, target: { key: 'b' } });

    expect(sent).toEqual([]);
    expect(String(ended)).toContain('holds its own sys/saveas');
  });
});

/** The bucket of the one save-as in a body, which is form-encoded or raw. */
function targetBucketOf(body: string): string {
  const process = decodeURIComponent(body.slice('x-oss-process='.length));
  expect(process.split('sys/saveas')).toHaveLength(2);
  return Buffer.from(/\|sys\/saveas,o_[\w-]+,b_([\w-]+)$/.exec(process)?.[1] ?? '', 'base64url').toString();
}
