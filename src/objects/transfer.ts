import type { Call } from '../oss/call.ts';
import {
  type ObjectArguments,
  type ObjectResult,
  type OperationResult,
  objectResultOf,
  resultOf,
  unquote,
} from '../oss/operations.ts';

/** The object, or with `process` a processed view of it; at most 256 MiB, held in memory. */
export async function getObject(
  call: Call,
  { process, ...object }: ObjectArguments & { process?: string | undefined },
): Promise<ObjectResult & { body: Buffer }> {
  const query = process === undefined ? {} : { 'x-oss-process': process };
  const maxAnswerBytes = 256 * 1024 * 1024;
  const response = await call({ ...object, operation: 'GetObject', method: 'GET', query, maxAnswerBytes });
  return { ...objectResultOf(response), sizeBytes: response.body.length, body: response.body };
}

interface PutArguments extends ObjectArguments {
  body: Buffer | string;
  /** Such as `content-type` and `x-oss-meta-…`; lower-case names. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** Stores an object in one request. */
export async function putObject(
  call: Call,
  { body, ...args }: PutArguments,
): Promise<OperationResult & Pick<ObjectResult, 'eTag'>> {
  const response = await call({ ...args, operation: 'PutObject', method: 'PUT', body: Buffer.from(body) });
  const { etag } = response.headers;
  return { eTag: etag && unquote(etag), ...resultOf(response) };
}
