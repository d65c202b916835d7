import { decodeProcess } from '../../../check/explain.ts';
import { parseEvent } from '../../../events/parse.ts';
import { plan } from '../../../pipeline/plan.ts';
import type { OssObject } from '../../../process.ts';
import type { Rule } from '../../../rules/rule-set.ts';
import type { EventPlan } from './history.ts';

/** Plans each object of an event by the rules. An event that cannot be read has no plan. */
export function planEvent(event: unknown, rules: readonly Rule[]): EventPlan[] {
  return recordsOf(event).flatMap((record) => {
    if (record.kind !== 'object') {
      return [];
    }
    const { bucket, key } = record.event;
    const items = plan(record, { rules });
    const outputs = items.flatMap((item) => {
      if (item.status !== 'planned' || item.action === 'remove') {
        return [];
      }
      const { rule, target, process } = item;
      return [{ rule, target, process, decoded: decodeProcess(process) }];
    });
    const isRemoval = items.some((item) => item.status === 'planned' && item.action === 'remove');
    const reason = isRemoval ? 'removed' : items.find((item) => item.status === 'skipped')?.reason;
    return [{ object: { bucket, key }, outputs, reason: outputs.length > 0 ? undefined : reason }];
  });
}

/** The first object that an event is about. */
export function objectOf(event: unknown): OssObject | undefined {
  return recordsOf(event).flatMap((record) =>
    record.kind === 'object' ? [{ bucket: record.event.bucket, key: record.event.key }] : [],
  )[0];
}

function recordsOf(event: unknown) {
  try {
    return parseEvent(Buffer.from(JSON.stringify(event)));
  } catch {
    return []; // The function reports what is wrong with it.
  }
}
