import type { ObjectMeta } from '../store/object-file.ts';
import { OssError } from './errors.ts';
import { httpDate } from './object-headers.ts';

type Headers = ReadonlyMap<string, string>;

/**
 * Conditional headers, in a copy behind `x-oss-copy-source-` (documented: OSS help "GetObject", "CopyObject"): 412
 * PreconditionFailed or 304. Dates are compared in whole seconds, and one that is none is ignored, as HTTP has it.
 */
export function checkConditions(headers: Headers, meta: ObjectMeta, prefix = ''): void {
  const { eTag } = meta;
  const modifiedMs = Math.floor(meta.lastModifiedMs / 1000) * 1000;
  const names = (name: string) =>
    headers
      .get(prefix + name)
      ?.split(',')
      .map((tag) => tag.trim().replace(/^(?:W\/)?"(.*)"$/, '$1'));
  const isNamed = (tags: string[] | undefined) => tags?.some((tag) => tag === '*' || tag === eTag);
  const time = (name: string) => Date.parse(headers.get(prefix + name) ?? '');
  if (isNamed(names('if-match')) === false) {
    throw preconditionFailed('If-Match');
  }
  if (modifiedMs > time('if-unmodified-since')) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (isNamed(names('if-none-match')) ?? modifiedMs <= time('if-modified-since')) {
    throw notModified(meta);
  }
}

/**
 * One range of bytes (documented: OSS help "GetObject"). Undefined, i.e. the whole object, for none and for one that is
 * invalid; with `x-oss-range-behavior: standard` one that lies outside is 416.
 */
export function readRange(headers: Headers, sizeBytes: number): { start: number; end: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(headers.get('range') ?? '') ?? [];
  if (first === '' && last === '') {
    return undefined;
  }
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (start <= end && start < sizeBytes) {
    return { start, end };
  }
  if (headers.get('x-oss-range-behavior') !== 'standard') {
    return undefined;
  }
  const message = 'The requested range cannot be satisfied.';
  throw new OssError({
    statusCode: 416,
    code: 'InvalidRange',
    message,
    headers: { 'content-range': `bytes */${sizeBytes}` },
  });
}

function preconditionFailed(condition: string): OssError {
  const message = 'At least one of the pre-conditions you specified did not hold.';
  return new OssError({
    statusCode: 412,
    code: 'PreconditionFailed',
    message,
    extra: { Condition: condition },
  });
}

function notModified({ eTag, lastModifiedMs }: ObjectMeta): OssError {
  const headers = { etag: `"${eTag}"`, 'last-modified': httpDate(lastModifiedMs) };
  return new OssError({ statusCode: 304, code: 'NotModified', message: 'Not Modified', headers });
}
