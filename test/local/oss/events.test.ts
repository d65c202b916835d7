import { describe, expect, it, vi } from 'vitest';
import { startOss } from './running-oss.ts';

const object = { bucket: 'photos', key: 'a.jpg' };

describe('an event', () => {
  it('an event is the record that OSS documents, of the object before and after', async () => {
    const oss = await startOss({ now: () => Date.UTC(2026, 2, 11, 6, 21, 35) });
    const timeMs = Date.UTC(2026, 2, 11, 6, 21, 35);
    const headers = { 'content-type': 'image/jpeg', 'x-oss-meta-author': 'someone' };
    await oss.call({ ...object, method: 'PUT', body: '12345', timeMs });

    const { headers: answered } = await oss.call({ ...object, method: 'PUT', body: '12', headers, timeMs });

    expect(oss.events[1]).toEqual({
      eventName: 'ObjectCreated:PutObject',
      eventSource: 'acs:oss',
      eventTime: '2026-03-11T06:21:35.000Z',
      eventVersion: '1.0',
      oss: {
        bucket: {
          arn: 'acs:oss:cn-hangzhou:1000000000000000:photos',
          name: 'photos',
          ownerIdentity: '1000000000000000',
          virtualBucket: '',
        },
        object: {
          deltaSize: -3,
          eTag: 'C20AD4D76FE97759AA27A0C99BFF6710',
          key: 'a.jpg',
          objectMeta: { mimeType: 'image/jpeg', userMeta: { 'x-oss-meta-author': 'someone' } },
          size: 2,
        },
        ossSchemaVersion: '1.0',
        ruleId: expect.stringMatching(/^[0-9a-f]{40}$/),
      },
      region: 'cn-hangzhou',
      requestParameters: { sourceIPAddress: '127.0.0.1' },
      responseElements: { requestId: answered['x-oss-request-id'] },
      userIdentity: { principalId: '1000000000000000' },
    });
  });

  it('an event that nobody could take does not fail the request, and is told in the log', async () => {
    const error = vi.fn();
    const oss = await startOss({
      log: { debug: () => {}, info: () => {}, warn: () => {}, error },
      onObjectEvent: () => {
        throw new Error('queue is full');
      },
    });

    expect((await oss.call({ ...object, method: 'PUT', body: 'x' })).statusCode).toBe(200);
    expect(error).toHaveBeenCalledExactlyOnceWith('event not taken', {
      eventName: 'ObjectCreated:PutObject',
      ...object,
      reason: 'Error: queue is full',
    });
  });
});
