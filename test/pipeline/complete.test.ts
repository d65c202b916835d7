import { describe, expect, it } from 'vitest';
import type { ObjectEvent } from '../../src/events/object-event.ts';
import type { Call } from '../../src/oss/call.ts';
import { completeEvent, mustAsk } from '../../src/pipeline/complete.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';
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
const options = { call, deadlineMs: 1 };

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
    const typed = { ...upload('a').event, contentType: 'image/jpeg' };
    expect(await completeEvent(typed, options)).toMatchObject({ sizeBytes: 99, contentType: 'image/jpeg' });
  });

  it('the properties of an object are asked of OSS within the time that is left', async () => {
    const deadlines: unknown[] = [];
    const noting: Call = (request) => {
      deadlines.push(request.deadlineMs);
      return call(request);
    };

    await completeEvent(upload('a').event, { call: noting, deadlineMs: 7 });

    expect(deadlines).toEqual([7]);
  });

  it('the properties of an object are asked of OSS where a manual event tells none', async () => {
    const event = { bucket: 'photos', key: 'a', eventName: 'Manual' };

    expect(await completeEvent(event, options)).toMatchObject({
      sizeBytes: 99,
      eTag: 'NEW',
      modifiedAt: '2026-03-11T06:21:35.000Z',
      eventTime: '2026-03-11T06:21:35.000Z',
    });
  });

  it('the size of an object is not known where the answer has no length, as a proxy may write it', async () => {
    const bare: Call = async (request) => ({
      ...(await call(request)),
      headers: { 'x-oss-request-id': 'R' },
    });
    const event = { bucket: 'photos', key: 'a', eventName: 'Manual' };

    const sizeOf = async (told: ObjectEvent) =>
      (await completeEvent(told, { call: bare, deadlineMs: 1 })).sizeBytes;

    expect([await sizeOf(event), await sizeOf({ ...event, sizeBytes: 7 })]).toEqual([undefined, 7]);
  });

  it('the properties of an object are asked of OSS for the day of a manual event, and never for that of any other', async () => {
    const ruleSet = rulesOf({ ...uploads, outputs: [{ ...webp, target: { key: '{yyyy}/{name}' } }] });
    const timeless = { ...upload('uploads/a.jpg').event, eventTime: undefined };

    expect(mustAsk({ ...timeless, eventName: 'Manual' }, ruleSet)).toBe(true);
    expect(mustAsk({ ...upload('uploads/a.jpg').event, eventName: 'Manual' }, ruleSet)).toBe(false);
    expect(mustAsk(timeless, ruleSet)).toBe(false);
    expect(await completeEvent(timeless, options)).toMatchObject({ eventTime: undefined });
  });
});

it('OSS is not asked for the size where the least that a rule takes is nothing', () => {
  const ruleSet = rulesOf({ ...uploads, match: { ...uploads.match, size: { min: 0 } } });

  expect(mustAsk(upload('uploads/a.jpg', { eventName: 'Manual' }).event, ruleSet)).toBe(false);
});

describe('what OSS is asked about an object before anything is planned', () => {
  const other = { ...webp, target: { key: 'other/{name}.webp' } };
  const output = (changes: object) => rulesOf({ ...uploads, outputs: [{ ...webp, ...changes }, other] });
  const told = {
    sizeBytes: 7,
    contentType: 'image/jpeg',
    eTag: 'E',
    modifiedAt: '2026-03-11T06:21:35Z',
  };

  it.each<[string, keyof typeof told, RuleSet]>([
    ['a limit of bytes', 'sizeBytes', rulesOf({ ...uploads, match: { ...uploads.match, size: { max: 9 } } })],
    ['a least size', 'sizeBytes', rulesOf({ ...uploads, match: { ...uploads.match, size: { min: 5 } } })],
    ['skipLarger', 'sizeBytes', output({ skipLarger: true })],
    [
      'a content type',
      'contentType',
      rulesOf({ ...uploads, match: { ...uploads.match, contentType: 'image/*' } }),
    ],
    ['refresh: stale', 'modifiedAt', output({ refresh: 'stale' })],
    ['checkSource', 'eTag', output({ checkSource: true })],
    ['{etag}', 'eTag', output({ target: { key: 'derived/{name}-{etag}.webp' } })],
  ])('OSS is asked about an object for %s, where the event does not tell it', (_, property, ruleSet) => {
    const { event } = upload('uploads/a.jpg', told);

    expect(mustAsk(event, ruleSet)).toBe(false);
    expect(mustAsk({ ...event, [property]: undefined }, ruleSet)).toBe(true);
    expect(mustAsk({ ...event, key: 'other/a.jpg', [property]: undefined }, ruleSet)).toBe(false);
    const removed = 'ObjectRemoved:DeleteObject';
    expect(mustAsk({ ...event, eventName: removed, [property]: undefined }, ruleSet)).toBe(false);
  });

  it('OSS is asked about an object for one rule of several, and for no property that none asks for', () => {
    const { event } = upload('uploads/a.jpg');
    const stale = { ...uploads, outputs: [{ ...webp, refresh: 'stale' }] };

    expect(mustAsk(event, rulesOf(uploads))).toBe(false);
    expect(mustAsk(event, rulesOf(uploads, stale))).toBe(true);
  });
});
