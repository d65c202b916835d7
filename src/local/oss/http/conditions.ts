import { parseHttpDate } from '../auth/claim.ts';
import type { ObjectMeta } from '../store/object.ts';
import { OssError } from './errors.ts';
import { httpDate, quotedETag } from './object-headers.ts';
import type { Headers } from './request.ts';

/**
 * Checks conditional headers, for a copy those with `x-oss-copy-source-` (documented: OSS help "GetObject",
 * "CopyObject"). Throws 412 or 304. Dates count in whole seconds; one not in GMT is ignored, as in HTTP.
 */
export function checkConditions(headers: Headers, meta: ObjectMeta, prefix = ''): void {
  const modifiedMs = Math.floor(meta.lastModifiedMs / 1000) * 1000;
  const timeMs = (name: string) => parseHttpDate(headers.get(prefix + name) ?? '');
  /** Whether the header names this version; undefined if there is no such header. */
  const isNamed = (name: string) =>
    headers
      .get(prefix + name)
      ?.split(',')
      .map((tag) => tag.trim().replace(/^(?:W\/)?"(.*)"$/, '$1'))
      .some((tag) => tag === '*' || tag === meta.eTag);
  if (isNamed('if-match') === false) {
    throw preconditionFailed('If-Match');
  }
  if (modifiedMs > timeMs('if-unmodified-since')) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (isNamed('if-none-match') ?? modifiedMs <= timeMs('if-modified-since')) {
    const known = { etag: quotedETag(meta), 'last-modified': httpDate(meta.lastModifiedMs) };
    throw new OssError(304, 'NotModified', 'Not Modified', { headers: known });
  }
}

function preconditionFailed(condition: string): OssError {
  const message = 'At least one of the pre-conditions you specified did not hold.';
  return new OssError(412, 'PreconditionFailed', message, { extra: { Condition: condition } });
}

/**
 * Reads one range of bytes, `bytes=0-99` (documented: OSS help "GetObject", "Range download"). Undefined
 * means the whole object: without a range, or if it is invalid or reaches beyond the end. If `isStrict`
 * (`x-oss-range-behavior: standard`), the part inside is returned, and 416 thrown for one outside; the last
 * zero bytes always get 416 (live test of aliyun-oss-java-sdk).
 */
export function readRange(range: string | undefined, sizeBytes: number, isStrict: boolean) {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === '' && last === '') {
    return undefined;
  }
  const start = first === '' ? sizeBytes - Number(last) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Number(last);
  if (start >= 0 && start <= end && end < sizeBytes) {
    return { start, end };
  }
  if (isStrict && start <= end && start < sizeBytes) {
    return { start: Math.max(0, start), end: Math.min(end, sizeBytes - 1) };
  }
  if (isStrict || (first === '' && Number(last) === 0)) {
    const message = 'The requested range cannot be satisfied.';
    const headers = { 'content-range': `bytes */${sizeBytes}` };
    throw new OssError(416, 'InvalidRange', message, { headers });
  }
  return undefined;
}

/** The header that tells which part of an object is sent, and the object's length. */
export function contentRange({ start, end }: { start: number; end: number }, sizeBytes: number) {
  return { 'content-range': `bytes ${start}-${end}/${sizeBytes}` };
}
