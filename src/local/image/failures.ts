import { OssError } from '../oss/http/errors.ts';

/*
 * Codes, messages and EC numbers: OSS help "IMG error codes", "Image processing FAQ" and the 0040-… support pages.
 * Those pages give the EC but often neither code nor message; where we had to choose, the factory says "assumed".
 */

/** A parameter's value outside what its action takes. */
export function invalidValue(value: string, parameter: string, ec?: string): OssError {
  return badRequest('InvalidArgument', `The value: ${value} of parameter: ${parameter} is invalid.`, ec);
}

export function badRequest(code: string, message: string, ec?: string): OssError {
  return new OssError({ statusCode: 400, code, message, ...(ec !== undefined && { ec }) });
}

/** Code documented for sizes in general; which limit carries it is assumed. */
export function tooLarge(message: string, ec: string): OssError {
  return badRequest('ImageTooLarge', message, ec);
}

/** OSS can, the local OSS cannot: never a result that only looks like OSS's. */
export function notImplemented(what: string): OssError {
  return new OssError({
    statusCode: 501,
    code: 'NotImplemented',
    message: `The local OSS does not implement ${what}.`,
  });
}

/** The bytes call themselves an image but cannot be decoded. The WebP wording is OSS's; for the others assumed. */
export function damagedSource(format: string, reason: string): OssError {
  const why = reason.split('\n')[0] ?? '';
  if (format === 'webp') {
    return badRequest('BadWebPImage', `The webp image file may be damaged. (${why})`);
  }
  const ec = format === 'avif' ? '0040-00000021' : undefined;
  return badRequest('BadRequest', `The image file may be damaged. (${why})`, ec);
}
