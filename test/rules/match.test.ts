import { describe, expect, it } from 'vitest';
import { findMismatch } from '../../src/rules/match.ts';
import { ruleSetOf } from './rule-sets.ts';

const output = { style: 'image/info', target: { key: 'x/{name}' } };

describe('a size', () => {
  it.each([
    [{ min: 10, max: 20 }, 9, 'too-small'],
    [{ min: 10, max: 20 }, 10, undefined],
    [{ min: 10, max: 20 }, 20, undefined],
    [{ min: 10, max: 20 }, 21, 'too-large'],
    [{ min: 10 }, undefined, 'size-unknown'],
    [{ max: 20 }, undefined, 'size-unknown'],
    [undefined, undefined, undefined],
  ])('both ends of the size that a rule wants belong to it: of %j, %j is %j', (size, sizeBytes, mismatch) => {
    const rule = { name: 'r', match: { key: 'u/**', size }, outputs: [output] };
    const [compiled] = ruleSetOf({ rules: [rule] }).rules;
    const event = { bucket: 'b', key: 'u/a', eventName: 'Manual', sizeBytes };

    expect(compiled && findMismatch(compiled.match, event)).toBe(mismatch);
  });
});

describe('a content type', () => {
  const rule = {
    name: 'r',
    match: { key: 'u/**', contentType: ['image/jpeg', 'video/*'] },
    outputs: [output],
  };
  const [match] = ruleSetOf({ rules: [rule] }).rules.map((compiled) => compiled.match);
  const event = { bucket: 'b', key: 'u/a', eventName: 'Manual' };

  it.each([
    ['image/jpeg', undefined],
    ['image/jpeg; charset=utf-8', undefined],
    ['IMAGE/JPEG;q=1', undefined],
    ['image/jpeg ; charset=utf-8', undefined],
    ['video/mp4', undefined],
    ['vendor/mp4', 'content-type'],
    ['image/jpg', undefined],
    ['image/pjpeg', undefined],
    ['image/jpeg2000', 'content-type'],
    ['text/plain; a=image/jpeg', 'content-type'],
    [undefined, 'content-type-unknown'],
  ])('the content type %s is compared without its parameters: %s', (contentType, mismatch) => {
    expect(match && findMismatch(match, { ...event, contentType })).toBe(mismatch);
  });

  it('image/jpg in a rule is what OSS and browsers call image/jpeg', () => {
    const [other] = ruleSetOf({
      rules: [{ ...rule, match: { key: 'u/**', contentType: 'image/jpg' } }],
    }).rules;

    expect(other && findMismatch(other.match, { ...event, contentType: 'image/jpeg' })).toBeUndefined();
  });
});
