import { describe, expect, it } from 'vitest';
import { findMismatch } from '../../src/rules/match.ts';
import { ruleSetOf } from './rule-sets.ts';

describe('a content type', () => {
  const output = { style: 'image/info', target: { key: 'x/{name}' } };
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
    ['video/mp4', undefined],
    ['image/jpg', undefined],
    ['image/pjpeg', undefined],
    ['image/jpeg2000', 'content-type'],
    ['text/plain; a=image/jpeg', 'content-type'],
    [undefined, 'content-type-unknown'],
  ])('%s is compared without its parameters: %s', (contentType, mismatch) => {
    expect(match && findMismatch(match, { ...event, contentType })).toBe(mismatch);
  });

  it('image/jpg in a rule is what OSS and browsers call image/jpeg', () => {
    const [other] = ruleSetOf({
      rules: [{ ...rule, match: { key: 'u/**', contentType: 'image/jpg' } }],
    }).rules;

    expect(other && findMismatch(other.match, { ...event, contentType: 'image/jpeg' })).toBeUndefined();
  });
});
