/** The text in a Base64 value, URL-safe or standard, padded or not; undefined where it is no such text. */
export function decodeBase64(value: string): string | undefined {
  try {
    const binary = atob(/[^\w+/=-]/.test(value) ? '!' : value.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
