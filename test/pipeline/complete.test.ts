import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/oss/call.ts';
import { completeEvent, mustAsk } from '../../src/pipeline/complete.ts';
import { rulesOf, upload, uploads, webp } from './uploads.ts';

const call: Call = async ({ operation, bucket, key }) => ({
  statusCode: 200,
  headers: {
    'x-oss-request-id': 'R',
    'content-length': '99',
    'content-type': 'image/png',
    etag: '"NEW"',
    'last-modified': 'Wed, 11 Mar 2026 06:21:35 GMT',
  },
  body: Buffer.alloc(0),
  context: { operation, bucket, key, attempts: 1 },
});
const options = { call, deadline: 1 };

describe('the properties of an object', () => {
  it("the properties of an object are the event's own where it tells them, since HEAD may be about a newer version", async () => {
    const own = {
      sizeBytes: 7,
      eTag: 'OLD',
      modifiedAt: '2026-01-01T00:00:00Z',
      eventTime: '2026-01-01T00:00:00Z',
    };

    expect(await completeEvent({ ...upload('a').event, ...own }, options)).toMatchObject({
      ...own,
      contentType: 'image/png',
    });
  });

  it('the properties of an object are asked of OSS where a manual event tells none', async () => {
    const event = { bucket: 'photos', key: 'a', eventName: 'Manual' };

    expect(await completeEvent(event, options)).toMatchObject({
      sizeBytes: 99,
      eTag: 'NEW',
      eventTime: '2026-03-11T06:21:35.000Z',
    });
  });

  it('the properties of an object are asked of OSS for the day of a manual event, and never for that of any other', async () => {
    const ruleSet = rulesOf({ ...uploads, outputs: [{ ...webp, target: { key: '{yyyy}/{name}' } }] });
    const timeless = { ...upload('uploads/a.jpg').event, eventTime: undefined };

    expect(mustAsk({ ...timeless, eventName: 'Manual' }, ruleSet)).toBe(true);
    expect(mustAsk(timeless, ruleSet)).toBe(false);
    expect(await completeEvent(timeless, options)).toMatchObject({ eventTime: undefined });
  });
});
