import { isJsonObject, type JsonObject } from '../json.ts';
import type { ObjectEvent } from './object-event.ts';

/** What one delivered item turned out to be. A bad item never hides the good ones beside it. */
export type EventRecord =
  | { kind: 'object'; event: ObjectEvent }
  /** Understood, but about no object: for example EventBridge's CPU alarm. */
  | { kind: 'other'; eventName: string }
  | { kind: 'malformed'; problem: string };

/** Opens what an envelope holds; `path` names the place in messages, as in `[0].data.messageBody`. */
export type Open = (value: unknown, path: string) => EventRecord[];

/** One shape that Function Compute may deliver. */
export interface Envelope {
  name: string;
  detect(value: JsonObject): boolean;
  unwrap(value: JsonObject, path: string, open: Open): EventRecord[];
}

/** What was found, in the words of an error message; never the value itself beyond a short text. */
export function describe(value: unknown): string {
  if (value === undefined) {
    return 'nothing';
  }
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? 'an empty array' : `an array of ${value.length}`;
  }
  if (isJsonObject(value)) {
    const names = Object.keys(value)
      .slice(0, 8)
      .map((name) => name.slice(0, 40));
    return names.length === 0 ? 'an empty object' : `an object with ${names.join(', ')}`;
  }
  return JSON.stringify(value).slice(0, 60);
}
