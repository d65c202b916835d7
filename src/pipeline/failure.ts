import { isOssError } from '../oss/errors.ts';
import type { Failed } from './result.ts';

/** A failure that we, and not OSS, find: named as the report names it. */
export class OutputError extends Error {
  override name = 'OutputError';
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

type Failure = Pick<Failed, 'kind' | 'code' | 'message' | 'statusCode' | 'requestId' | 'ec' | 'attempts'>;

/** What a result says of an error: enough to act on and to ask support with, and nothing that was signed. */
export function describeError(error: unknown): Failure {
  if (error instanceof OutputError) {
    return error.failure;
  }
  if (!isOssError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'permanent', code: 'Unexpected', message };
  }
  // Out of time is our own word, not OSS's: another invocation has time again.
  const outOfTime = error.code === 'DeadlineExceeded';
  return {
    kind: error.kind === 'permanent' && !outOfTime ? 'permanent' : 'transient',
    code: outOfTime ? 'Deadline' : error.code,
    message: error.message,
    ...('statusCode' in error && { statusCode: error.statusCode }),
    ...(error.requestId !== undefined && { requestId: error.requestId }),
    ...('ec' in error && error.ec !== undefined && { ec: error.ec }),
    attempts: error.attempts,
  };
}
