interface OssErrorDetails {
  readonly ec?: string | undefined;
  /** Further elements of the error document, such as `StringToSign` or `ServerTime`. */
  readonly extra?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * An answer other than success, in OSS's own terms; `reply.ts` writes it as OSS's error document. Codes and
 * ec numbers are those of OSS help, "Error response", and its page per EC. If neither gives an ec, there is
 * none.
 */
export class OssError extends Error {
  override readonly name = 'OssError';
  readonly statusCode: number;
  readonly code: string;
  readonly details: OssErrorDetails;

  constructor(statusCode: number, code: string, message: string, details: OssErrorDetails = {}) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
    this.details = details;
  }
}

const withStatus =
  (statusCode: number) =>
  (code: string, message: string, details?: OssErrorDetails): OssError =>
    new OssError(statusCode, code, message, details);

export const badRequest = withStatus(400);
export const forbidden = withStatus(403);
export const notFound = withStatus(404);
export const conflict = withStatus(409);

/** Names a feature of OSS that this server lacks, so that nothing is silently ignored. */
export function notImplemented(what: string): OssError {
  return new OssError(501, 'NotImplemented', `The local OSS does not implement ${what}.`);
}

/** Buckets here have no versions: each object is its only version, `null`. */
export function refuseVersion(versionId: string): void {
  if (versionId !== 'null') {
    throw notImplemented(`versionId=${versionId}`);
  }
}
