import type { OssErrorDetails } from '../http/errors.ts';

/** Operations that run a style on an image. */
export const imageOperations: readonly string[] = ['ProcessObject', 'GetObject with x-oss-process'];

/**
 * Refusals by their own code (documented: OSS help "503 error", which has the messages, "403 errors", "IMG error
 * responses" and the pages per EC).
 */
export const refusals = {
  CpuLimitExceeded: throttled('CpuLimitExceeded', 'Please reduce your request rate.', '0004-00000801'),
  TotalQpsLimitExceeded: throttled(
    'TotalQpsLimitExceeded',
    'Max total qps limit is exceeded.',
    '0004-00000302',
  ),
  ActiveRequestLimitExceeded: throttled(
    'ActiveRequestLimitExceeded',
    'Max active request limit is exceeded.',
    '0004-00000601',
  ),
  MetaOperationQpsLimitExceeded: throttled(
    'MetaOperationQpsLimitExceeded',
    'Qps limit for the meta operation is exceeded.',
  ),
  UploadTrafficRateLimitExceeded: throttled(
    'UploadTrafficRateLimitExceeded',
    'Please reduce your upload request traffic.',
  ),
  DownloadTrafficRateLimitExceeded: throttled(
    'DownloadTrafficRateLimitExceeded',
    'Please reduce your download request traffic.',
  ),
  ServiceUnavailable: throttled('ServiceUnavailable', 'Thread pool is almost full, please retry later.'),
  InternalError: {
    statusCode: 500,
    code: 'InternalError',
    message: 'We encountered an internal error. Please try again.',
  },
  AccessDenied: {
    statusCode: 403,
    code: 'AccessDenied',
    message: 'You have no right to access this object because of bucket acl.',
    ec: '0003-00000201',
  },
  SecurityTokenExpired: {
    statusCode: 403,
    code: 'SecurityTokenExpired',
    message: 'The security token you provided has expired.',
  },
  ImageTooLarge: {
    statusCode: 400,
    code: 'ImageTooLarge',
    message: 'The source image is larger than 20 MB.',
    ec: '0040-00000009',
  },
} satisfies Record<string, OssErrorDetails>;

/** What goes wrong otherwise: with the connection, the answer, the clock, or what is saved. */
const others = [
  'DropBefore',
  'DropAfter',
  'HalfOpen',
  'SlowAnswer',
  'TruncatedAnswer',
  'WrongJson',
  'RequestTimeTooSkewed',
  'InvalidSigningDate',
  'OtherObject',
] as const;

export type RefusalName = keyof typeof refusals;
export type FaultName = RefusalName | (typeof others)[number];

export function isRefusal(fault: FaultName): fault is RefusalName {
  return fault in refusals;
}

export const faultNames: readonly FaultName[] = [
  ...(Object.keys(refusals) as FaultName[]), // Object.keys forgets that these are the names
  ...others,
];

/** The operations a fault can befall, where OSS would not answer so to others. */
export const faultOperations: Partial<Record<FaultName, readonly string[]>> = {
  CpuLimitExceeded: imageOperations,
  ImageTooLarge: imageOperations,
  WrongJson: ['ProcessObject', 'AsyncProcessObject'],
  OtherObject: ['ProcessObject'],
};

function throttled(code: string, message: string, ec?: string): OssErrorDetails {
  return { statusCode: 503, code, message, ec };
}
