/**
 * URL-safe Base64 of the text's UTF-8 bytes, without padding. It does without Buffer, because browsers have
 * none and plan as the function does; half of a surrogate pair becomes U+FFFD, as in Buffer.
 */
export function toBase64Url(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
  return btoa(bytes.join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
