import type { Call } from '../oss/call.ts';
import { encodeComponent, encodePath } from '../oss/encode.ts';
import type { ObjectResult } from '../oss/operations.ts';
import { formatObject } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import type { AfterSteps } from '../rules/rule-set.ts';

/**
 * Copies an object onto itself, which changes everything about it but its bytes in one call. What is not asked for is
 * then the bucket's default, except for the content type (OSS help, "CopyObject": of an object that is copied onto
 * itself, the metadata of the request are used, whatever the directive says). Throws what the call throws.
 */
export async function copyOntoItself(
  call: Call,
  object: OssObject & { deadline: number },
  headers: Record<string, string>,
): Promise<Pick<ObjectResult, 'requestId' | 'attempts'>> {
  const source = { 'x-oss-copy-source': `/${object.bucket}/${encodePath(object.key)}` };
  const response = await call({
    ...object,
    operation: 'CopyObject',
    method: 'PUT',
    headers: { ...source, ...headers },
  });
  const requestId = response.headers['x-oss-request-id'];
  if (requestId === undefined) {
    throw new Error(`CopyObject ${formatObject(object)}: the answer is not one of OSS's own`);
  }
  return { requestId, attempts: response.context.attempts };
}

/** The headers of a copy that gives an object its properties. */
export function propertyHeaders(steps: AfterSteps, contentType: string | undefined): Record<string, string> {
  const { headers, tags, storageClass, acl } = steps;
  const all: Record<string, string | undefined> = {
    'x-oss-metadata-directive': 'REPLACE',
    'content-type': contentType,
    ...headers,
    'x-oss-tagging-directive': tags && 'Replace',
    'x-oss-tagging': tags && encodeTags(tags),
    'x-oss-storage-class': storageClass,
    'x-oss-object-acl': acl,
  };
  const isGiven = (entry: [string, string | undefined]): entry is [string, string] => entry[1] !== undefined;
  return Object.fromEntries(Object.entries(all).filter(isGiven));
}

/** Form-encoded, a space as `%20`, which is one to every decoder (OSS help, "Object tagging": keys and values are URL-encoded). */
function encodeTags(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map((pair) => pair.map(encodeComponent).join('='))
    .join('&');
}
