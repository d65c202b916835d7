import type { ObjectEvent } from '../events/object-event.ts';
import { matchesKey } from './key-table.ts';
import type { Match } from './rule-set.ts';

/** The reason why a rule does not take an object; for what is `…-unknown`, OSS has to be asked. */
export type Mismatch = NonNullable<ReturnType<typeof findMismatch>>;

/** Says why the object does not match, or undefined where it does. Pure, and linear in the key. */
export function findMismatch(match: Match, event: ObjectEvent) {
  return findNameMismatch(match, event) ?? findPropertyMismatch(match, event);
}

/** Says why the name does not match: all that is known of an object that is gone. */
export function findNameMismatch(match: Match, { bucket, key }: Pick<ObjectEvent, 'bucket' | 'key'>) {
  if (match.buckets.length > 0 && !match.buckets.includes(bucket)) {
    return 'bucket';
  }
  return matchesKey(match.keys, key) ? undefined : 'key';
}

/** Says why the object does not match, whatever its name is; a new condition of a rule belongs here. */
export function findPropertyMismatch(match: Match, event: ObjectEvent) {
  return findSizeMismatch(match, event) ?? findContentTypeMismatch(match, event);
}

function findSizeMismatch({ minBytes = 0, maxBytes = Infinity }: Match, { sizeBytes }: ObjectEvent) {
  if (sizeBytes === undefined) {
    return minBytes > 0 || maxBytes < Infinity ? 'size-unknown' : undefined;
  }
  if (sizeBytes < minBytes) {
    return 'too-small';
  }
  return sizeBytes > maxBytes ? 'too-large' : undefined;
}

function findContentTypeMismatch(match: Match, { contentType }: ObjectEvent) {
  if (match.contentTypes.length === 0) {
    return undefined;
  }
  if (contentType === undefined) {
    return 'content-type-unknown';
  }
  // Parameters such as "; charset=utf-8" tell nothing about the kind of object.
  const actual = contentType.replace(/;.*/s, '').trim().toLowerCase();
  return match.contentTypes.some((wanted) => coversType(wanted, actual)) ? undefined : 'content-type';
}

/** Whether a type that a rule wants, `image/*` or `image/png`, stands for another; both are in lower case. */
export function coversType(wanted: string, type: string): boolean {
  return wanted.endsWith('/*')
    ? type.startsWith(wanted.slice(0, -1))
    : commonName(type) === commonName(wanted);
}

/** Programs that upload write either for a JPEG, and nobody means only one of them. */
function commonName(contentType: string): string {
  return ['image/jpg', 'image/pjpeg'].includes(contentType) ? 'image/jpeg' : contentType;
}
