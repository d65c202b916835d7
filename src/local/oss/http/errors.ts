interface OssErrorDetails {
  readonly ec?: string | undefined;
  /** Further elements of the error document, e.g. `StringToSign` or `ServerTime`. */
  readonly extra?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * An answer other than success, in OSS's own terms; `reply.ts` writes it as OSS's error document.
 * Codes and ec numbers are those of OSS help, "Error response", and its page per EC; where neither names
 * an ec, none is made up.
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

/** Names `what` OSS has and this server has not, so that nothing is ignored in silence. */
export function notImplemented(what: string): OssError {
  return new OssError(501, 'NotImplemented', `The local OSS does not implement ${what}.`);
}

/** No bucket here has versions: each object is its only one, `null`. */
export function refuseVersion(versionId: string): void {
  if (versionId !== 'null') {
    throw notImplemented(`versionId=${versionId}`);
  }
}
