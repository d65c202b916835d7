import { describe, expect, it } from 'vitest';
import { nativeRecord, parse } from './samples.ts';

describe('the time of an event', () => {
  const timeOf = (eventTime: unknown, envelope: object = {}) => {
    const [record] = parse({
      source: 'acs.oss',
      type: 'x',
      data: { ...nativeRecord('a'), eventTime },
      ...envelope,
    });
    return record?.kind === 'object' ? record.event.eventTime : record?.kind;
  };

  it.each([
    ['2026-03-11T06:21:35.000Z', '2026-03-11T06:21:35.000Z'],
    ['2026-03-11T06:21:35+08:00', '2026-03-11T06:21:35+08:00'],
    ['2020-08-17T16:04:46.149Asia/Shanghai', '2020-08-17T16:04:46.149+08:00'],
    ['2026-11-26T08:00:00+08:00[Asia/Shanghai]', '2026-11-26T08:00:00+08:00'],
    ['2026-11-26T08:00+08:00[Asia/Shanghai]', '2026-11-26T08:00+08:00'],
    ['2026-11-26T00:00:00Z[Etc/GMT+0]', '2026-11-26T00:00:00Z'],
    ['2026-11-26T08:00:00[Asia/Shanghai]', '2026-11-26T08:00:00+08:00'],
    ['2026-11-26T08:00:00-05:00[America/New_York]', '2026-11-26T08:00:00-05:00'],
    ['2026-11-26T08:00:00+08:00[Etc/GMT-8]', '2026-11-26T08:00:00+08:00'],
    ['2026-11-26T24:00:00Z', '2026-11-27T00:00:00.000Z'],
    ['2026-11-26T24:00:00+08:00', '2026-11-26T16:00:00.000Z'],
    [1_773_210_095, '2026-03-11T06:21:35.000Z'],
    [1_773_210_095_000, '2026-03-11T06:21:35.000Z'],
  ])('the time %j of an event is read as %s', (eventTime, time) => {
    expect(timeOf(eventTime)).toBe(time);
  });

  it.each([
    '2026-03-11T06:21:35',
    '2026-03-11',
    'Wed Mar 11 2026',
    '2026-03-11T06:21:35Europe/Berlin',
    '2026-03-11T06:21:35[Europe/Berlin]',
    '2026-02-30T00:00:00Z',
    '2026-11-26T24:00:01Z',
    -1,
    1e300,
    true,
    '',
  ])('the time of an event %j is unknown, and not that of any clock', (eventTime) => {
    expect(timeOf(eventTime)).toBeUndefined();
  });

  it("the time of an event is the record's own before its CloudEvent's", () => {
    expect(timeOf('2026-03-11T06:21:35Z', { time: '2025-01-01T00:00:00Z' })).toBe('2026-03-11T06:21:35Z');
  });

  it("the time of an event is its CloudEvent's where the record has none", () => {
    expect(timeOf(undefined, { time: '2026-03-11T06:21:35Z' })).toBe('2026-03-11T06:21:35Z');
  });
});
