/**
 * URL-safe Base64 of the text's UTF-8 bytes, without padding. It does without Buffer, because browsers have none and
 * plan as the function does; half of a surrogate pair becomes U+FFFD, as in Buffer.
 */
export function toBase64Url(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
  return btoa(bytes.join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The text in a Base64 value, URL-safe or standard, padded or not; undefined where it is no Base64 or no UTF-8. */
export function decodeBase64(value: string): string | undefined {
  try {
    const binary = atob(/[^\w+/=-]/.test(value) ? '!' : value.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
