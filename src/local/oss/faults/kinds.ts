import { OssError } from '../http/errors.ts';

type FaultRefusal = readonly [code: string, statusCode: number, message: string, ec?: string];

/** Documented: OSS help "503 error" (with messages), "403 errors", "IMG error responses", the page per EC. */
const refusals = [
  ['CpuLimitExceeded', 503, 'Please reduce your request rate.', '0004-00000801'],
  ['TotalQpsLimitExceeded', 503, 'Max total qps limit is exceeded.', '0004-00000302'],
  ['ActiveRequestLimitExceeded', 503, 'Max active request limit is exceeded.', '0004-00000601'],
  ['MetaOperationQpsLimitExceeded', 503, 'Qps limit for the meta operation is exceeded.'],
  ['UploadTrafficRateLimitExceeded', 503, 'Please reduce your upload request traffic.'],
  ['DownloadTrafficRateLimitExceeded', 503, 'Please reduce your download request traffic.'],
  ['ServiceUnavailable', 503, 'Thread pool is almost full, please retry later.'],
  ['InternalError', 500, 'We encountered an internal error. Please try again.'],
  ['AccessDenied', 403, 'You have no right to access this object because of bucket acl.', '0003-00000201'],
  ['SecurityTokenExpired', 403, 'The security token you provided has expired.', '0002-00000007'],
  ['ImageTooLarge', 400, 'The source image is larger than 20 MB.', '0040-00000009'],
] as const satisfies readonly FaultRefusal[];

/** All faults: first refusals, then those of the connection, the answer, the clock, and the saved object. */
export const faultNames = [
  ...refusals.map(([code]) => code),
  ...(['DropBefore', 'DropAfter', 'HalfOpen', 'SlowAnswer', 'TruncatedAnswer', 'WrongJson'] as const),
  ...(['RequestTimeTooSkewed', 'InvalidSigningDate', 'OtherObject'] as const),
];

export type FaultName = (typeof faultNames)[number];

export function refusalOf(fault: FaultName): OssError {
  const refusal: FaultRefusal | undefined = refusals.find(([code]) => code === fault);
  const [code, statusCode, message, ec] = refusal ?? [fault, 500, `${fault} is no refusal.`];
  return new OssError(statusCode, code, message, { ec });
}

export const imageOperations: readonly string[] = ['ProcessObject', 'GetObject with x-oss-process'];

/** The operations that a fault is limited to, because OSS would not answer others like this. */
export const faultOperations: Partial<Record<FaultName, readonly string[]>> = {
  CpuLimitExceeded: imageOperations,
  ImageTooLarge: imageOperations,
  WrongJson: ['ProcessObject', 'AsyncProcessObject'],
  OtherObject: ['ProcessObject'],
};
