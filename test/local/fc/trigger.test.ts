import { describe, expect, it } from 'vitest';
import { matchesTrigger } from '../../../src/local/fc/trigger.ts';

const record = (key: string, eventName = 'ObjectCreated:PutObject', bucket = 'photos') => ({
  eventName,
  oss: { bucket: { name: bucket }, object: { key } },
});
const everything = { events: ['oss:ObjectCreated:*'], prefix: '', suffix: '' };

describe('a trigger', () => {
  it.each([
    ['takes the event it names', ['oss:ObjectCreated:PutObject'], 'ObjectCreated:PutObject', true],
    [
      'takes one of several',
      ['oss:ObjectCreated:PostObject', 'oss:ObjectCreated:PutObject'],
      'ObjectCreated:PutObject',
      true,
    ],
    ['leaves others of the family', ['oss:ObjectCreated:PutObject'], 'ObjectCreated:CopyObject', false],
    [
      'leaves an event whose name only begins alike',
      ['oss:ObjectCreated:Put'],
      'ObjectCreated:PutObject',
      false,
    ],
    [
      'takes a family by its star, upload parts included',
      ['oss:ObjectCreated:*'],
      'ObjectCreated:UploadPart',
      true,
    ],
    ['leaves another family', ['oss:ObjectCreated:*'], 'ObjectRemoved:DeleteObject', false],
    ['takes nothing when it names nothing', [], 'ObjectCreated:PutObject', false],
  ])('%s', (_, events, eventName, expected) => {
    expect(matchesTrigger(record('a.jpg', eventName), { ...everything, events })).toBe(expected);
  });

  it.each([
    ['uploads/a.jpg', true],
    ['uploads/100%+a {b}|c,"d" 图片🎉.jpg', true],
    ['Uploads/a.jpg', false],
    ['a/uploads/a.jpg', false],
    ['uploads/a.JPG', false],
  ])('compares prefix and suffix literally: %s', (key, expected) => {
    const trigger = { ...everything, prefix: 'uploads/', suffix: '.jpg' };

    expect(matchesTrigger(record(key), trigger)).toBe(expected);
  });

  it('has no wildcards in prefix and suffix', () => {
    expect(matchesTrigger(record('uploads/a.jpg'), { ...everything, prefix: 'up*/' })).toBe(false);
  });

  it('takes its own buckets only, or every bucket when it names none', () => {
    const inOther = record('a.jpg', undefined, 'other');

    expect(matchesTrigger(inOther, { ...everything, buckets: ['photos'] })).toBe(false);
    expect(matchesTrigger(inOther, { ...everything, buckets: ['photos', 'other'] })).toBe(true);
    expect(matchesTrigger(inOther, everything)).toBe(true);
  });
});
