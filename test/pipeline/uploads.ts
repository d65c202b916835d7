import type { ObjectEvent } from '../../src/events/object-event.ts';
import { parseRules, type RuleSet } from '../../src/rules/rule.ts';

export function rulesOf(...rules: object[]): RuleSet {
  const parsed = parseRules({ rules: rules.map((rule, i) => ({ name: `r${i}`, ...rule })) });
  if (!parsed.ok) {
    throw new Error(parsed.issues.map(({ message }) => message).join('\n'));
  }
  return parsed.rules;
}

export const webp = { style: 'image/resize,w_100/format,webp', target: { key: 'derived/{dir}/{name}.webp' } };
export const uploads = { match: { key: 'uploads/**/*.jpg' }, outputs: [webp] };

export function upload(key: string, rest: Partial<ObjectEvent> = {}) {
  const event = { bucket: 'photos', eventName: 'ObjectCreated:PutObject', eventTime: '2026-03-11T06:21:35Z' };
  return { kind: 'object' as const, event: { ...event, key, ...rest } };
}
