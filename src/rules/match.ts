import type { ObjectEvent } from '../events/object-event.ts';
import { matchesKey } from './key-table.ts';
import type { Match } from './rule-set.ts';

/** The rule asks for something that the event does not tell. */
type UnknownProperty = 'size-unknown' | 'content-type-unknown';

/** The reason why a rule does not take an object. */
type Mismatch = 'bucket' | 'key' | 'too-small' | 'too-large' | 'content-type' | UnknownProperty;

/** Says why the object does not match, or undefined where it does. Pure, and linear in the key. */
export function findMismatch(match: Match, event: ObjectEvent): Mismatch | undefined {
  if (match.buckets.length > 0 && !match.buckets.includes(event.bucket)) {
    return 'bucket';
  }
  if (!matchesKey(match.keys, event.key)) {
    return 'key';
  }
  return findSizeMismatch(match, event) ?? findContentTypeMismatch(match, event);
}

function findSizeMismatch(match: Match, { sizeBytes }: ObjectEvent): Mismatch | undefined {
  const { minBytes = 0, maxBytes = Number.POSITIVE_INFINITY } = match;
  if (sizeBytes === undefined) {
    return minBytes > 0 || maxBytes < Number.POSITIVE_INFINITY ? 'size-unknown' : undefined;
  }
  if (sizeBytes < minBytes) {
    return 'too-small';
  }
  return sizeBytes > maxBytes ? 'too-large' : undefined;
}

function findContentTypeMismatch(
  { contentTypes }: Match,
  { contentType }: ObjectEvent,
): Mismatch | undefined {
  if (contentTypes.length === 0) {
    return undefined;
  }
  if (contentType === undefined) {
    return 'content-type-unknown';
  }
  // Parameters such as "; charset=utf-8" tell nothing about the kind of object.
  const actual = contentType.replace(/;.*/s, '').trim().toLowerCase();
  return contentTypes.some((wanted) => coversType(wanted, actual)) ? undefined : 'content-type';
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
