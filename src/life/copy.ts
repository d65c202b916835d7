import type { Call } from '../oss/call.ts';
import { encodeComponent, encodePath } from '../oss/encode.ts';
import { unexpectedAnswer } from '../oss/errors.ts';
import { type OperationResult, resultOf } from '../oss/operations.ts';
import type { OssObject } from '../process.ts';
import type { AfterSteps } from '../rules/rule-set.ts';

/**
 * Copies an object onto itself, which changes all its properties but not its bytes, in one call. Properties
 * that are not given become the bucket's default, except the content type (OSS help, "CopyObject": a copy
 * onto itself uses the metadata of the request, whatever the directive says). Throws what the call throws.
 */
export async function copyOntoItself(
  call: Call,
  object: OssObject & { deadlineMs: number },
  headers: Record<string, string>,
): Promise<OperationResult> {
  const all = { 'x-oss-copy-source': `/${object.bucket}/${encodePath(object.key)}`, ...headers };
  const response = await call({ ...object, operation: 'CopyObject', method: 'PUT', headers: all });
  if (!response.body.includes('<CopyObjectResult')) {
    throw unexpectedAnswer(response, 'instead of what was copied');
  }
  return resultOf(response);
}

export function propertyHeaders(steps: AfterSteps, contentType: string | undefined): Record<string, string> {
  const { headers, tags, storageClass, acl } = steps;
  return {
    'x-oss-metadata-directive': 'REPLACE',
    ...(contentType && { 'content-type': contentType }),
    ...headers,
    ...(tags && { 'x-oss-tagging-directive': 'Replace', 'x-oss-tagging': encodeTags(tags) }),
    ...(storageClass && { 'x-oss-storage-class': storageClass }),
    ...(acl && { 'x-oss-object-acl': acl }),
  };
}

/** Form-encoded (OSS help, "Object tagging"), with spaces as `%20`, which every decoder accepts. */
function encodeTags(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map((pair) => pair.map(encodeComponent).join('='))
    .join('&');
}
