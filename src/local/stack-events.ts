import type { LogFields, Logger } from '../log.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { DeliveryEvent } from './fc/queue.ts';
import type { OssEventRecord } from './oss/events.ts';

/** The result of reading the rules again. If they are refused, the earlier ones stay in force. */
export type RulesUpdate = { status: 'loaded'; ruleSet: RuleSet } | { status: 'refused'; message: string };

/** Something that happened in the local stack. */
export type StackEvent =
  | { type: 'object'; record: OssEventRecord }
  | DeliveryEvent
  | { type: 'log'; level: keyof Logger; message: string; fields: LogFields }
  | { type: 'rules'; update: RulesUpdate };

export type StackEvents = ReturnType<typeof createStackEvents>;

/** Sends events to all listeners, including everything that is logged through `log`. */
export function createStackEvents(log: Logger) {
  const listeners = new Set<(event: StackEvent) => void>();
  const emit = (event: StackEvent) => {
    for (const listener of listeners) {
      listener(event);
    }
  };
  const write =
    (level: keyof Logger) =>
    (message: string, fields: LogFields = {}): void => {
      log[level](message, fields);
      emit({ type: 'log', level, message, fields });
    };
  return {
    emit,
    /** Adds a listener; the returned function removes it. */
    subscribe: (listener: (event: StackEvent) => void): (() => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
  };
}
