export interface OssErrorDetails {
  readonly statusCode: number;
  readonly code: string;
  readonly message: string;
  readonly ec?: string | undefined;
  /** Further elements of the error document, e.g. `StringToSign` or `ServerTime`. */
  readonly extra?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * An answer other than success, in OSS's own terms; the server writes it as OSS's error document.
 * Codes and ec numbers are those of OSS help, "Error response", and its page per EC; where neither names
 * an ec, none is made up.
 */
export class OssError extends Error {
  readonly statusCode: number;
  readonly code: string;
  readonly ec: string | undefined;
  readonly extra: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(details: OssErrorDetails) {
    super(details.message);
    this.name = 'OssError';
    this.statusCode = details.statusCode;
    this.code = details.code;
    this.ec = details.ec;
    this.extra = details.extra ?? {};
    this.headers = details.headers ?? {};
  }
}

export function badRequest(code: string, message: string, ec?: string): OssError {
  return new OssError({ statusCode: 400, code, message, ec });
}

export function forbidden(
  code: string,
  message: string,
  ec?: string,
  extra?: OssErrorDetails['extra'],
): OssError {
  return new OssError({ statusCode: 403, code, message, ec, extra });
}

export function notFound(
  code: string,
  message: string,
  ec?: string,
  extra?: OssErrorDetails['extra'],
): OssError {
  return new OssError({ statusCode: 404, code, message, ec, extra });
}

export function conflict(code: string, message: string, headers?: OssErrorDetails['headers']): OssError {
  return new OssError({ statusCode: 409, code, message, headers });
}

/** What a person asked for exists in OSS and not here; `what` is named so that nothing is ignored in silence. */
export function notImplemented(what: string): OssError {
  const message = `The local OSS does not implement ${what}.`;
  return new OssError({ statusCode: 501, code: 'NotImplemented', message });
}
