import type { ObjectEvent } from '../../src/events/object-event.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';

export function rulesOf(...rules: object[]): RuleSet {
  return ruleSetOf({ rules: rules.map((rule, i) => ({ name: `r${i}`, ...rule })) });
}

export const webp = { style: 'image/resize,w_100/format,webp', target: { key: 'derived/{dir}/{name}.webp' } };
export const uploads = { match: { key: 'uploads/**/*.jpg' }, outputs: [webp] };

export function upload(key: string, rest: Partial<ObjectEvent> = {}) {
  const event = { bucket: 'photos', eventName: 'ObjectCreated:PutObject', eventTime: '2026-03-11T06:21:35Z' };
  return { kind: 'object' as const, event: { ...event, key, ...rest } };
}
