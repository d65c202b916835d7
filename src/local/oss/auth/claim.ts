import { createHmac } from 'node:crypto';
import { badRequest, forbidden, type OssError } from '../http/errors.ts';
import type { AccessKeys } from './access-keys.ts';
import { signTextV4, type V4Credential } from './v4-signature.ts';

/** The signature in a request or a form, of either version and in any place. */
export interface Claim {
  readonly accessKeyId: string;
  /** The credential of a V4 signature; absent for V1. */
  readonly credential?: V4Credential;
  readonly securityToken: string | undefined;
  readonly signature: string;
  /** Texts of which one must be signed: several if clients differ and OSS accepts each. */
  readonly stringsToSign: readonly [string, ...string[]];
}

/** Returns the signer's name in events. Throws SignatureDoesNotMatch, or what `principalOf` throws. */
export function verify(claim: Claim, principalOf: AccessKeys['principalOf']): string {
  const { accessKeyId, credential, securityToken, signature, stringsToSign } = claim;
  const { principalId, accessKeySecret } = principalOf(accessKeyId, securityToken);
  const sign = (text: string) =>
    credential === undefined
      ? createHmac('sha1', accessKeySecret).update(text, 'latin1').digest('base64')
      : signTextV4(text, credential, accessKeySecret);
  if (stringsToSign.some((text) => sign(text) === signature)) {
    return principalId;
  }
  const [stringToSign] = stringsToSign;
  const shown = securityToken ? stringToSign.replaceAll(securityToken, '***') : stringToSign;
  const extra = { OSSAccessKeyId: accessKeyId, SignatureProvided: signature, StringToSign: shown };
  const ec = credential === undefined ? '0002-00000040' : '0002-00000201';
  const problem = 'The request signature we calculated does not match the signature you provided.';
  const message = `${problem} Check your key and signing method.`;
  throw forbidden('SignatureDoesNotMatch', message, { ec, extra });
}

const maxSkewMs = 15 * 60 * 1000;

/** Throws RequestTimeTooSkewed if a request was signed more than 15 minutes before or after `nowMs`. */
export function checkSkew(signedMs: number, nowMs: number): void {
  if (Math.abs(nowMs - signedMs) > maxSkewMs) {
    const message = 'The difference between the request time and the current time is too large.';
    const extra = {
      RequestTime: new Date(signedMs).toISOString(),
      ServerTime: new Date(nowMs).toISOString(),
    };
    throw forbidden('RequestTimeTooSkewed', message, { ec: '0002-00000504', extra });
  }
}

/** Refuses a URL before its time, and after the second in which it ends (live test of ossutil). */
export function checkValidity(fromMs: number, untilMs: number, nowMs: number): void {
  if (fromMs - nowMs > maxSkewMs) {
    throw forbidden('AccessDenied', 'Request is not valid yet.', { ec: '0002-00000235' });
  }
  if (nowMs - untilMs >= 1000) {
    const extra = { Expires: new Date(untilMs).toISOString(), ServerTime: new Date(nowMs).toISOString() };
    throw forbidden('AccessDenied', 'Request has expired.', { ec: '0002-00000069', extra });
  }
}

/** Reads a date that was sent, in ms. Throws if missing or wrong (EC pages 0002-00000502 and -503). */
export function readDate(sent: string | undefined, ...parsers: ((text: string) => number)[]): number {
  const timeMs = parsers.map((parse) => parse(sent ?? '')).find((parsedMs) => !Number.isNaN(parsedMs));
  if (timeMs === undefined) {
    const ec = sent ? '0002-00000502' : '0002-00000503';
    throw forbidden('AccessDenied', 'OSS authentication requires a valid Date.', { ec });
  }
  return timeMs;
}

/** Reads the expiry of a URL in seconds; throws if it is not a number up to `most`. */
export function readExpires(expires: string | undefined, most: number): number {
  if (!/^\d{1,12}$/.test(expires ?? '') || Number(expires) > most) {
    throw forbidden('AccessDenied', `Invalid expires of the URL: ${expires}`, { ec: '0002-00000070' });
  }
  return Number(expires);
}

/** Parses `yyyyMMddTHHmmssZ` into epoch ms; NaN if it is not such a date. */
export function parseIsoDate(text: string): number {
  const extended = text.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5');
  return extended === text ? Number.NaN : Date.parse(extended);
}

/** Parses `Thu, 26 Nov 2026 14:56:22 GMT` into epoch ms; NaN if it is not such a date. */
export function parseHttpDate(text: string): number {
  return text.endsWith(' GMT') ? Date.parse(text) : Number.NaN;
}

export function invalidAuthorization(): OssError {
  return badRequest('InvalidArgument', 'Authorization header is invalid.');
}
